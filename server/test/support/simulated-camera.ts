// One simulated RTSP camera for a test: real RTSP, real H.264, real time. Thin over demo-cameras/start-cameras.ts,
// which tests use directly when they need several cameras in one process.
import {
  type CameraAuth,
  type CameraEvent,
  type CameraOptions,
  startCameras,
} from '../../demo-cameras/start-cameras.ts';

/** A running camera; `events` grows as it is pulled, released and asked for key frames. */
export type SimulatedCamera = {
  /** Without credentials. */
  readonly url: string;
  /** With the credentials it asks for; the same as `url` when it asks for none. */
  readonly urlWithCredentials: string;
  readonly port: number;
  readonly pid: number;
  readonly events: readonly CameraEvent[];
  /** Ends it as a power cut would; safe to call again. */
  stop(): Promise<void>;
};

/** Starts one camera on a free port (or `port`); with `auth`, it asks for those credentials. */
export async function startCamera(
  options: CameraOptions & { readonly port?: number; readonly auth?: CameraAuth } = {},
): Promise<SimulatedCamera> {
  const { port = 0, auth, ...camera } = options;
  const cameras =
    auth === undefined
      ? await startCameras([camera], { port })
      : await startCameras([{ ...camera, locked: true }], { port, auth });
  return {
    url: cameras.url(),
    urlWithCredentials: cameras.urlWithCredentials(),
    port: cameras.port,
    pid: cameras.pid,
    events: cameras.events,
    stop: () => cameras.stop(),
  };
}
