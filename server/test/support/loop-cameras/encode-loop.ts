/*
 * A short moving picture, encoded once by ffmpeg and cut into the RTP payloads a camera would send: one group of
 * pictures that can be played again and again.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { splitPayload } from '../../../src/ingest/h264-payload.ts';

export type LoopShape = {
  readonly size: `${number}x${number}`;
  readonly fps: number;
  readonly gopFrames: number;
  readonly kbps: number;
};

export type Loop = {
  /** RTP payloads of each picture, in order; the first picture is a key picture with its SPS and PPS. */
  readonly pictures: readonly (readonly Uint8Array[])[];
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
};

const PAYLOAD_BYTES_MAX = 1_388;
const BYTES_MAX = 64 * 1024 * 1024;
const [NAL_SLICE, NAL_IDR, NAL_SPS, NAL_PPS] = [1, 5, 7, 8];
const START_CODE = Buffer.from([0, 0, 1]);

function cutNals(stream: Buffer): readonly Buffer[] {
  const nals: Buffer[] = [];
  let begin = stream.indexOf(START_CODE);
  while (begin >= 0) {
    const next = stream.indexOf(START_CODE, begin + 3);
    const end = next < 0 ? stream.length : next;
    // A start code may have a zero more in front, which belongs to no NAL unit.
    const tail = stream[end - 1] === 0 ? end - 1 : end;
    nals.push(stream.subarray(begin + 3, tail));
    begin = next;
  }
  return nals;
}

/** Encodes exactly one group of pictures. Rejects with what ffmpeg said. */
export async function encodeLoop({ size, fps, gopFrames, kbps }: LoopShape): Promise<Loop> {
  const picture = `-f lavfi -i testsrc2=size=${size}:rate=${fps} -frames:v ${gopFrames} -pix_fmt yuv420p`;
  const rate = `-b:v ${kbps}k -maxrate ${kbps}k -bufsize ${kbps}k`;
  const codec = `-c:v libx264 -preset superfast -profile:v baseline -tune zerolatency -threads 1 -g ${gopFrames}`;
  const args = `-v error ${picture} ${codec} ${rate} -x264-params scenecut=0:slices=1 -f h264 -`.split(' ');
  const { stdout } = await promisify(execFile)('ffmpeg', args, { encoding: 'buffer', maxBuffer: BYTES_MAX });
  const pictures: Uint8Array[][] = [];
  let held: Uint8Array[] = [];
  const nals = cutNals(stdout);
  for (const nal of nals) {
    held.push(...splitPayload(nal, PAYLOAD_BYTES_MAX));
    // One slice a picture: it is the last of its NAL units.
    if ([NAL_SLICE, NAL_IDR].includes((nal[0] ?? 0) & 31)) {
      pictures.push(held);
      held = [];
    }
  }
  const find = (type: number) => nals.find((nal) => ((nal[0] ?? 0) & 31) === type);
  const [sps, pps] = [find(NAL_SPS), find(NAL_PPS)];
  if (!sps || !pps || pictures.length !== gopFrames) throw new Error(`ffmpeg made ${pictures.length} pictures`);
  return { pictures, sps, pps };
}
