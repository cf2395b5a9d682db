/*
 * The entry of the virtual cameras' process: one RTSP server with all of them, apart from the viewers so that neither
 * starves the other unseen.
 */
import { readFile } from 'node:fs/promises';
import { HarnessHealth } from '../run/harness-health.ts';
import { seededChance } from '../run/schedule.ts';
import { type CameraPlan, cameraPath, type FromCameras, type ToCameras } from './camera-wire.ts';
import { cutLoop } from './encoded-loop.ts';
import { RtspServer } from './rtsp-server.ts';
import { VirtualCamera } from './virtual-camera.ts';

const cameras: VirtualCamera[] = [];
let server: RtspServer | null = null;
const health = new HarnessHealth();
const tell = (message: FromCameras): void => {
  process.send?.(message);
};

async function open({ file, codec, cameras: count, behaviour, seed, ...where }: CameraPlan): Promise<void> {
  const loop = cutLoop(await readFile(file), codec);
  const chance = seededChance(seed);
  for (let at = 0; at < count; at += 1) cameras.push(new VirtualCamera(loop, behaviour, chance));
  const byPath = new Map(cameras.map((camera, at) => [cameraPath(at), camera]));
  server = await RtspServer.open({ ...where, cameras: byPath });
  tell({ say: 'listening', port: server.port });
}

process.on('message', (message: ToCameras) => {
  if (message.say === 'plan') open(message.plan).catch((fault: Error) => tell({ say: 'failed', why: fault.message }));
  else if (message.say === 'reboot') server?.reboot(cameraPath(message.camera), message.bootMs);
  else if (message.say === 'sent-at') {
    tell({ say: 'sent-at', ask: message.ask, atMs: cameras[message.camera]?.sentAtMs ?? [] });
  } else {
    const packetsLost = cameras.reduce((sum, camera) => sum + camera.packetsLost, 0);
    tell({ say: 'health', ask: message.ask, health: health.read(), packetsLost });
  }
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
tell({ say: 'ready' });
