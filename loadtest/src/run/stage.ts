/*
 * Everything a run needs around its viewers: pictures, the cameras' process, the server and the scene. What is opened here
 * is closed here, in the opposite order.
 */
import type { CameraPlan, FromCameras, ToCameras } from '../camera/camera-wire.ts';
import { cameraPath } from '../camera/camera-wire.ts';
import { type PictureOptions, pictureDirectory, providePictures } from '../camera/clock-picture.ts';
import { Child } from './child.ts';
import type { RunOptions } from './options.ts';
import { findScene, type Scene, setUpScene } from './scene.ts';
import { startSelfServer } from './self-server.ts';
import { meterDeployment, meterProcesses, type ServerMeter } from './server-usage.ts';

export type Stage = {
  readonly scene: Scene;
  readonly meter: ServerMeter;
  /** Null where the cameras are not ours. */
  readonly cameras: Child<ToCameras, FromCameras> | null;
  /** Takes everything down; never rejects, and answers what could not be taken away. */
  readonly close: () => Promise<readonly string[]>;
};

const cameraModule = new URL('../camera/camera-process.ts', import.meta.url);

export function pictureOptions(options: RunOptions): PictureOptions {
  const fps = options.fps;
  return {
    codec: options.codec,
    ...options.size,
    fps,
    gopFrames: Math.max(1, Math.round((options.gop * fps) / 1_000)),
    bitrateKbps: options.bitrate,
  };
}

/** Opens all of it, or leaves nothing behind. */
export async function openStage(options: RunOptions, say: (line: string) => void): Promise<Stage> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<readonly string[]> => {
    const left: string[] = [];
    for (const one of closing.reverse()) await one().catch((fault: Error) => left.push(fault.message));
    return left;
  };
  try {
    const { url } = options;
    if (url !== null && options['agency-key'] !== null) {
      const { incident } = options;
      const scene = await findScene(url, options['agency-key'], incident ?? '', options.cameras);
      return { scene, meter: meterDeployment(url), cameras: null, close };
    }
    const { cameras, rtspUrls } = await openCameras(options, say);
    closing.push(() => cameras.end());
    say(url === null ? 'starting a server' : `setting up cameras at ${url}`);
    const self = url === null ? await startSelfServer(options.workers) : null;
    if (self) closing.push(self.stop);
    const scene = await setUpScene({
      serverUrl: self?.url ?? url ?? '',
      operatorKey: self?.operatorKey ?? options['operator-key'] ?? '',
      rtspUrls,
      deployment: self ? 'own' : 'foreign',
    });
    closing.push(scene.clear);
    return { scene, meter: self ? meterProcesses(self.pid) : meterDeployment(scene.serverUrl), cameras, close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

type OpenCameras = { readonly cameras: Child<ToCameras, FromCameras>; readonly rtspUrls: readonly string[] };

async function openCameras(options: RunOptions, say: (line: string) => void): Promise<OpenCameras> {
  say('preparing the cameras’ pictures (encoded once, then kept)');
  const picture = pictureOptions(options);
  const file = await providePictures(picture, pictureDirectory(process.env));
  const login = options['camera-login'] ?? null;
  const [user = '', ...password] = login?.split(':') ?? [];
  const plan: CameraPlan = {
    file,
    codec: picture.codec,
    cameras: options.cameras,
    host: options['camera-host'],
    port: 0,
    credentials: login === null ? null : { user, password: password.join(':') },
    behaviour: {
      fps: picture.fps,
      loss: options['camera-loss'],
      start: options['camera-start'],
    },
    seed: options.seed,
  };
  const cameras = await Child.start<ToCameras, FromCameras>('cameras', cameraModule);
  const listening = Promise.race([
    cameras.until('listening'),
    cameras.until('failed').then(({ why }) => Promise.reject(new Error(`the cameras did not start: ${why}`))),
  ]);
  cameras.send({ say: 'plan', plan });
  try {
    const { port } = await listening;
    const access = login === null ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password.join(':'))}@`;
    const urls = Array.from(
      { length: plan.cameras },
      (_, at) => `rtsp://${access}${plan.host}:${port}/${cameraPath(at)}`,
    );
    return { cameras, rtspUrls: urls };
  } catch (fault) {
    await cameras.end();
    throw fault;
  }
}
