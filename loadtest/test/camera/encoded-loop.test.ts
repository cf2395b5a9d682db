/*
 * Pictures encoded by the real ffmpeg, cut and packed, and read back by the server's own depacketising rules: nothing is lost
 * on the way, and the frame number is in the picture.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseSdp } from '../../../server/src/ingest/sdp-description.ts';
import {
  buildEncodeArguments,
  CLOCK_BITS,
  CLOCK_CELLS,
  cellSize,
  loopFrames,
  type PictureOptions,
  providePictures,
} from '../../src/camera/clock-picture.ts';
import { cutLoop, describeLoop } from '../../src/camera/encoded-loop.ts';

const small: PictureOptions = { codec: 'h264', width: 320, height: 180, fps: 15, gopFrames: 15, bitrateKbps: 400 };

t.test('the loop is whole groups within what the number can count', async (t) => {
  t.equal(loopFrames(small), 180);
  t.equal(loopFrames({ ...small, fps: 60, gopFrames: 240 }), 720);
  t.equal(loopFrames({ ...small, fps: 1, gopFrames: 20 }), 20, 'at least one group');
  t.match(buildEncodeArguments(small, 'out').join(' '), /-g 15 .*-frames|-frames:v 180/);
});

t.test('encoded once, cut into pictures and packets', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-pictures-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = await providePictures(small, directory);
  t.equal(await providePictures(small, directory), path, 'the second time it is there');
  const stream = await readFile(path);
  const loop = cutLoop(stream, 'h264');
  t.equal(loop.frames.length, 180);
  t.same(
    loop.frames.flatMap(({ isKey }, at) => (isKey ? at : [])),
    Array.from({ length: 12 }, (_, at) => at * 15),
  );
  const packets = loop.frames.flatMap(({ payloads }) => payloads);
  t.ok(packets.every(({ length }) => length <= 1_200));
  t.ok(
    loop.frames[0]?.payloads.some((payload) => (payload[0] ?? 0) % 32 === 28),
    'the first is cut into fragments',
  );
  const track = parseSdp(describeLoop(loop, 96, 'track1'));
  t.match(JSON.stringify(track), /H264|h264/);

  await writeFile(join(directory, 'again.h264'), reassemble(packets));
  for (const number of [0, 1, 77, 179]) t.equal(readNumber(join(directory, 'again.h264'), number), number);
});

t.test('H.265 is cut by its own rules', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-pictures-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const loop = cutLoop(await readFile(await providePictures({ ...small, codec: 'h265' }, directory)), 'h265');
  t.equal(loop.frames.length, 180);
  t.equal(loop.frames.filter(({ isKey }) => isKey).length, 12);
  const kinds = loop.frames.flatMap(({ payloads }) => payloads.map((payload) => ((payload[0] ?? 0) >> 1) & 63));
  t.ok(kinds.includes(49), 'the first is cut into fragments');
  t.same(
    [32, 33, 34].filter((kind) => !kinds.includes(kind)),
    [],
    'VPS, SPS and PPS are in the stream',
  );
  t.match(JSON.stringify(parseSdp(describeLoop(loop, 96, 'track1'))), /H265|h265/);
});

t.test('a stream without pictures or parameter sets is refused', async (t) => {
  t.throws(() => cutLoop(Buffer.from([0, 0, 1, 0x67, 1]), 'h264'), /no picture/);
  t.throws(() => cutLoop(Buffer.from([0, 0, 1, 0x65, 1]), 'h264'), /lacks parameter sets/);
});

/** Annex B again from single units and FU-A fragments. */
function reassemble(payloads: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (const payload of payloads) {
    const [first = 0, second = 0] = payload;
    if ((first & 31) !== 28) parts.push(Buffer.from([0, 0, 0, 1]), payload);
    else {
      if (second & 0x80) parts.push(Buffer.from([0, 0, 0, 1, (first & 0xe0) | (second & 31)]));
      parts.push(payload.subarray(2));
    }
  }
  return Buffer.concat(parts);
}

/** Decodes one picture and reads the number off its cells. */
function readNumber(file: string, picture: number): number {
  const { width } = small;
  const args = [
    '-v',
    'error',
    '-i',
    file,
    '-vf',
    `select=eq(n\\,${picture})`,
    '-frames:v',
    '1',
    '-pix_fmt',
    'gray',
    '-f',
    'rawvideo',
    '-',
  ];
  const pixels = execFileSync('ffmpeg', args);
  const side = cellSize(width);
  const cells = Array.from(
    { length: CLOCK_CELLS },
    (_, cell) => (pixels[(side >> 1) * width + cell * side + (side >> 1)] ?? 0) > 128,
  );
  if (!cells[CLOCK_BITS] || cells[CLOCK_BITS + 1]) throw new Error('there is no clock in the picture');
  return cells.slice(0, CLOCK_BITS).reduce((sum, isSet, bit) => sum + (isSet ? 2 ** bit : 0), 0);
}
