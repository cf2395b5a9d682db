// Where a decoder of H.265 can begin: payload by payload, and with a real camera that somebody else is pulling already.
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { startsH265Entry } from '../../src/ingest/h265-payload.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { systemClock } from './support/clocks.ts';
import { reassemble } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { surroundings } from './support/surroundings.ts';

const nal = (type: number): number[] => [type << 1, 1, 0xaf];
const aggregate = (...types: number[]): number[] => [48 << 1, 1, ...types.flatMap((type) => [0, 3, ...nal(type)])];
const fragment = (type: number, edges: number): number[] => [49 << 1, 1, edges | type, 0xaf];

const rows: readonly (readonly [name: string, payload: readonly number[], entry: boolean])[] = [
  ['an IDR picture', nal(19), true],
  ['a CRA picture', nal(21), true],
  ['a VPS', nal(32), true],
  ['an SPS', nal(33), true],
  ['a picture that refers to others', nal(1), false],
  ['a message beside the picture', nal(39), false],
  ['sets and a message in one', aggregate(39, 32, 33, 34), true],
  ['ordinary pictures in one', aggregate(1, 1), false],
  ['the first fragment of an IDR picture', fragment(19, 0x80), true],
  ['a further one: its beginning is lost', fragment(19, 0), false],
  ['the first fragment of another', fragment(1, 0x80), false],
  ['nothing', [], false],
  ['a header alone', [19 << 1, 1], false],
  ['an aggregate that is cut off', [48 << 1, 1, 0, 3], false],
  ['an aggregate of empty units', [48 << 1, 1, 0, 0, 0, 0, 0], false],
];

t.test('a decoder begins at a key picture or its sets', async (t) => {
  for (const [name, payload, entry] of rows) t.equal(startsH265Entry(Uint8Array.from(payload)), entry, name);
});

const WIDTH = 320;
const CLOCK_ROW = 8;

/** The row of the first picture that is nothing but black and white: the camera's clock. */
function readClockRow({ packets }: RecordingSink): Uint8Array {
  const whole = packets.slice(0, packets.findLastIndex(({ marker }) => marker) + 1);
  const nals = reassemble(whole.map(({ payload }) => payload));
  const stream = Buffer.concat(nals.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
  const args = '-v error -f h264 -i - -frames:v 1 -f rawvideo -pix_fmt gray -'.split(' ');
  const picture = execFileSync('ffmpeg', args, { input: stream });
  return picture.subarray(CLOCK_ROW * WIDTH, (CLOCK_ROW + 1) * WIDTH);
}

t.test('pulled in the middle of a group, the first picture is whole and not grey', async (t) => {
  const camera = await startCamera({ size: `${WIDTH}x184`, gop: 45, codec: 'h265' });
  t.teardown(() => camera.stop());
  const factory = new RtspSourceFactory(surroundings(systemClock));
  const [first, second] = [1, 2].map(() => factory.open({ cameraId, url: camera.url }));
  if (!first || !second) throw new Error('no sources');
  t.teardown(() => Promise.all([first.stop(), second.stop()]));
  const sink = new RecordingSink();
  first.start(sink);
  // Its own first picture; the second source comes well within the group.
  await sink.untilPackets(20);
  const late = new RecordingSink();
  second.start(late);
  while (late.packets.filter(({ marker }) => marker).length < 2) await late.untilPackets(late.packets.length + 1);
  for (const one of [sink, late]) {
    const grey = readClockRow(one).filter((luma) => luma > 60 && luma < 190).length;
    t.ok(grey < WIDTH / 4, `${grey} of ${WIDTH} are neither black nor white`);
  }
});
