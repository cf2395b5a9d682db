/*
 * Runs ffmpeg, and is the one place that does: fluent-ffmpeg builds the command line and starts it. Its questions about
 * the formats and encoders there are stay unasked: they cost half a second and misread newer ffmpeg. Used by the
 * transcoder.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import ffmpeg from 'fluent-ffmpeg';
import { maskCredentials } from './mask-credentials.ts';
import { type FfmpegVersion, parseFfmpegVersion } from './transcode-arguments.ts';

export type TranscodePlan = {
  /** Read by ffmpeg from its input. */
  readonly sdp: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly target: string;
};

export type TranscodeRun = {
  /** Resolves when ffmpeg is gone, with its last words, masked; never rejects. */
  readonly ended: Promise<string>;
  /** Null before it has started. */
  readonly pid: number | null;
  /** Idempotent. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
};

/** What the types of fluent-ffmpeg leave out: the questions to skip, and the arguments to put a program before. */
type Inside = {
  _checkCapabilities: (done: (failure: null) => void) => void;
  availableEncoders: (done: (failure: null, encoders: object) => void) => void;
  _getArguments: () => string[];
  ffmpegProc?: { readonly pid?: number };
};

const STDERR_LINES_MAX = 20;
const LAST_WORDS_CHARS_MAX = 500;
const VERSION_WITHIN_MS = 5_000;
const runFile = promisify(execFile);
let asked: Promise<FfmpegVersion | null> | null = null;

/** Whether there is an ffmpeg to run. */
export function hasFfmpeg(): boolean {
  return findProgram('ffmpeg') !== null;
}

/** Asks the installed ffmpeg once for its version; null when it names none. Never rejects. */
export function readFfmpegVersion(): Promise<FfmpegVersion | null> {
  asked ??= runFile('ffmpeg', ['-version'], { timeout: VERSION_WITHIN_MS }).then(
    ({ stdout }) => parseFfmpegVersion(stdout),
    () => null,
  );
  return asked;
}

/** Starts ffmpeg. Where the system has setpriv, the kernel kills it with this process, however that ends. */
export function runTranscode(plan: TranscodePlan): TranscodeRun {
  const over = Promise.withResolvers<string>();
  const command = ffmpeg({ source: Readable.from([plan.sdp], { objectMode: false }), stdoutLines: STDERR_LINES_MAX });
  const inside = command as unknown as Inside;
  const guard = findProgram('setpriv');
  const build = inside._getArguments.bind(command);
  const own: Omit<Inside, 'ffmpegProc'> = {
    _checkCapabilities: (done) => done(null),
    availableEncoders: (done) => done(null, {}),
    _getArguments: () => (guard === null ? build() : ['--pdeathsig', 'KILL', 'ffmpeg', ...build()]),
  };
  Object.assign(command, own);
  let wanted: 'SIGTERM' | 'SIGKILL' | null = null;
  command
    .setFfmpegPath(guard ?? findProgram('ffmpeg') ?? 'ffmpeg')
    .inputOptions([...plan.input])
    .outputOptions([...plan.output])
    .output(plan.target)
    .on('start', () => {
      if (wanted !== null) queueMicrotask(() => command.kill(wanted ?? 'SIGKILL'));
    })
    .on('error', (failure: Error, _stdout: unknown, stderr: unknown) => over.resolve(lastWords(failure, stderr)))
    .on('end', () => over.resolve('ffmpeg came to an end'))
    .run();
  const kill = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    wanted = signal;
    command.kill(signal);
  };
  return {
    ended: over.promise,
    // setpriv becomes ffmpeg: it is one process.
    get pid() {
      return inside.ffmpegProc?.pid ?? null;
    },
    kill,
  };
}

function lastWords(failure: Error, stderr: unknown): string {
  const words = typeof stderr === 'string' && stderr.trim() !== '' ? stderr.trim() : failure.message;
  return maskCredentials(words).slice(-LAST_WORDS_CHARS_MAX);
}

function findProgram(name: string): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory || '.', name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return null;
}
