/*
 * The pictures of the virtual cameras: a moving test picture with its frame number burnt in as twelve black and white
 * cells, encoded once by ffmpeg and kept in the user's cache. The arguments are built by pure functions.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const runFile = promisify(execFile);
const ENCODE_WITHIN_MS = 180_000;
/** Cells for bits of the frame number, then one that is always white and one that is always black. */
export const CLOCK_BITS = 10;
export const CLOCK_CELLS = CLOCK_BITS + 2;
/** Frame numbers begin anew after so many. */
const LOOP_FRAMES_MAX = 2 ** CLOCK_BITS;
const LOOP_S = 12;

export type PictureOptions = {
  readonly codec: 'h264' | 'h265';
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly gopFrames: number;
  readonly bitrateKbps: number;
};

/** The side of a cell in pixels: sixteen would fit into the width. */
export const cellSize = (width: number): number => Math.floor(width / 16);

/** Frames of the loop: whole groups, about twelve seconds, within what the frame number can count. */
export function loopFrames({ fps, gopFrames }: PictureOptions): number {
  const groups = Math.max(1, Math.min(Math.round((LOOP_S * fps) / gopFrames), Math.floor(LOOP_FRAMES_MAX / gopFrames)));
  return groups * gopFrames;
}

function clockFilter(width: number): string {
  const side = cellSize(width);
  const box = (cell: number, colour: string, enable = ''): string =>
    `drawbox=x=${cell * side}:y=0:w=${side}:h=${side}:color=${colour}:t=fill${enable}`;
  const bits = Array.from({ length: CLOCK_BITS }, (_, bit) =>
    box(bit, 'white', `:enable='gte(mod(n\\,${2 ** (bit + 1)})\\,${2 ** bit})'`),
  );
  const ground = `drawbox=x=0:y=0:w=${CLOCK_CELLS * side}:h=${side}:color=black:t=fill`;
  return [ground, ...bits, box(CLOCK_BITS, 'white')].join(',');
}

/** Builds ffmpeg's arguments: one slice a picture, no pictures that refer forwards, a steady rate. */
export function buildEncodeArguments(options: PictureOptions, target: string): readonly string[] {
  const { codec, width, height, fps, gopFrames, bitrateKbps } = options;
  const rate = `${bitrateKbps}k`;
  const source = `testsrc2=size=${width}x${height}:rate=${fps}`;
  const common = ['-b:v', rate, '-maxrate', rate, '-bufsize', rate, '-g', String(gopFrames), '-pix_fmt', 'yuv420p'];
  const encoder =
    codec === 'h264'
      ? ['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'baseline', '-bf', '0', '-sc_threshold', '0']
      : ['-c:v', 'libx265', '-preset', 'veryfast'];
  const keys = `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0`;
  const extra =
    codec === 'h264'
      ? ['-keyint_min', String(gopFrames), '-x264-params', 'slices=1:sliced-threads=0']
      : ['-x265-params', `${keys}:bframes=0:log-level=error`];
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', source],
    ...['-frames:v', String(loopFrames(options)), '-vf', `noise=alls=10:allf=t,${clockFilter(width)}`],
    ...encoder,
    ...common,
    ...extra,
    ...['-f', codec === 'h264' ? 'h264' : 'hevc', target],
  ];
}

/** Where encoded pictures are kept, outside the clone. */
export function pictureDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sallyport', 'loadtest');
}

/** The file with these pictures, encoded now unless it is there; rejects with ffmpeg's words. */
export async function providePictures(options: PictureOptions, directory: string): Promise<string> {
  const recipe = createHash('sha256').update(buildEncodeArguments(options, '').join('\n')).digest('hex').slice(0, 16);
  const path = join(directory, `clock-${options.width}x${options.height}-${recipe}.${options.codec}`);
  if (existsSync(path)) return path;
  await mkdir(directory, { recursive: true });
  // Several may encode at once; each renames a whole file into place.
  const partial = `${path}.${process.pid}.partial`;
  try {
    await runFile('ffmpeg', [...buildEncodeArguments(options, partial)], { timeout: ENCODE_WITHIN_MS });
    await rename(partial, path);
  } catch (cause) {
    const words = (cause as { stderr?: string }).stderr?.trim() || (cause as Error).message;
    throw new Error(`ffmpeg could not encode the cameras' pictures: ${words}`, { cause });
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}
