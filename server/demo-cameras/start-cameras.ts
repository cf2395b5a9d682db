// Starts simulated RTSP cameras (cameras.py, GStreamer's RTSP server) as a child process and waits until they can
// be watched. The child ends with its input, so it cannot outlive its parent. Used by the demo and the tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

// The system's own Python: GStreamer's bindings are installed for that one, whatever else PATH may find first.
const python = '/usr/bin/python3';
const program = fileURLToPath(new URL('./cameras.py', import.meta.url));
const readyMaxMs = 20_000;
// Events are for tests that count them; a camera that is asked for key frames for hours must not fill the memory.
const eventsMax = 10_000;

/** One simulated camera; what is absent is cameras.py's default (1280x720, 15 fps, 4 s between key frames, H.264). */
export type CameraOptions = {
  readonly path?: `/${string}`;
  /** Title drawn into the picture. */
  readonly name?: string;
  readonly scene?: 'day' | 'dusk' | 'night' | 'fog';
  readonly codec?: 'h264' | 'h265' | 'mjpeg';
  readonly profile?: 'constrained-baseline' | 'main' | 'high';
  readonly audio?: 'none' | 'pcmu' | 'aac';
  /** A white picture and, with `audio`, a tick in place of the tone at each full second: to see lip sync. */
  readonly clapper?: true;
  readonly size?: `${number}x${number}`;
  readonly fps?: number;
  /** Frames from one key frame to the next. */
  readonly gop?: number;
  readonly bitrateKbps?: number;
  /** Largest RTP packet in bytes. */
  readonly mtu?: number;
  /** Where SPS and PPS are: with each key frame, or in the SDP only. */
  readonly parameterSets?: 'in-band' | 'sdp-only';
  /** Play the common camera that sends no key frame on request. */
  readonly ignorePli?: true;
  /** `udp`: refuse RTP inside the RTSP connection. */
  readonly transport?: 'any' | 'udp';
  /** Ask for the credentials of `auth`. */
  readonly locked?: true;
};

export type CameraAuth = {
  readonly user: string;
  readonly password: string;
  readonly method: 'digest' | 'basic';
};

/** What a camera tells: somebody began to pull it, nobody pulls it any more, a key frame was asked for. */
export type CameraEvent = {
  readonly event: 'pulled' | 'released' | 'key-frame-request';
  readonly path: string;
  readonly ignored?: boolean;
};

type ReadyLine = {
  readonly ready: true;
  readonly port: number;
  readonly cameras: readonly { readonly path: string; readonly port: number }[];
};

/** Running cameras; `stop` ends them and is safe to call again. */
export class SimulatedCameras {
  readonly #child;
  readonly #ready: ReadyLine;
  readonly #auth: CameraAuth | undefined;
  readonly events: CameraEvent[];

  constructor(child: ReturnType<typeof spawnCameras>, ready: ReadyLine, auth?: CameraAuth, events: CameraEvent[] = []) {
    this.#child = child;
    this.#ready = ready;
    this.#auth = auth;
    this.events = events;
  }

  /** The port of the first camera. */
  get port(): number {
    return this.#ready.port;
  }

  /** The process, for tests that freeze or kill a camera. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Gives a camera's URL without credentials; the first camera's when no path is named. Throws on an unknown path. */
  url(path = this.#ready.cameras[0]?.path): string {
    return `rtsp://127.0.0.1:${this.#portOf(path)}${path}`;
  }

  /** Gives a camera's URL with the credentials it asks for. */
  urlWithCredentials(path = this.#ready.cameras[0]?.path): string {
    if (this.#auth === undefined) return this.url(path);
    const user = encodeURIComponent(this.#auth.user);
    const password = encodeURIComponent(this.#auth.password);
    return `rtsp://${user}:${password}@127.0.0.1:${this.#portOf(path)}${path}`;
  }

  /** Ends the process and resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    // A frozen camera must end too, so no polite signal first.
    this.#child.kill('SIGKILL');
    await gone;
  }

  #portOf(path: string | undefined): number {
    const camera = this.#ready.cameras.find((each) => each.path === path);
    if (camera === undefined) throw new Error(`no simulated camera at ${path}`);
    return camera.port;
  }
}

/** Starts cameras on `port` (0 takes any free one); rejects with what the program said when they do not come up. */
export async function startCameras(
  cameras: readonly CameraOptions[],
  options: { readonly port?: number; readonly auth?: CameraAuth } = {},
): Promise<SimulatedCameras> {
  const child = spawnCameras(toArguments(cameras, options));
  const events: CameraEvent[] = [];
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const { promise, resolve, reject } = Promise.withResolvers<ReadyLine>();
  const timer = setTimeout(() => reject(new Error('the simulated cameras did not start in time')), readyMaxMs);
  child.on('error', reject);
  child.on('exit', (code) => reject(new Error(`the simulated cameras ended (${code}): ${complaint}`)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as ReadyLine | CameraEvent;
    if ('ready' in message) resolve(message);
    else if (events.length < eventsMax) events.push(message);
  });
  try {
    return new SimulatedCameras(child, await promise, options.auth, events);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function spawnCameras(args: readonly string[]) {
  return spawn(python, [program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

function toArguments(
  cameras: readonly CameraOptions[],
  options: { readonly port?: number; readonly auth?: CameraAuth },
): string[] {
  const args = ['--port', String(options.port ?? 0)];
  const { auth } = options;
  if (auth !== undefined) args.push('--auth', `${auth.user}:${auth.password}`, '--auth-method', auth.method);
  return [...args, ...cameras.flatMap((camera) => ['--camera', JSON.stringify(toKeys(camera))])];
}

function toKeys({ parameterSets, bitrateKbps, ignorePli, ...same }: CameraOptions): object {
  return {
    ...same,
    ...(bitrateKbps === undefined ? {} : { bitrate_kbps: bitrateKbps }),
    ...(ignorePli === undefined ? {} : { ignore_pli: ignorePli }),
    ...(parameterSets === 'sdp-only' ? { config_interval: 0 } : {}),
  };
}
