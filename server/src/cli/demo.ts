/*
 * `sallyport demo`: the main job on real input, on this machine alone. Starts simulated RTSP cameras and the server,
 * sets everything up through the same HTTP routes others use, and prints links that work by a click.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCameras } from '../../demo-cameras/start-cameras.ts';
import { startServer } from '../compose.ts';
import type { Command } from './command.ts';
import { type DemoScene, demoCameras, setUpDemo } from './demo-scene.ts';
import { freePorts } from './free-ports.ts';
import { readConfig } from './read-config.ts';
import { untilStopped } from './until-stopped.ts';

const PREFERRED_PORTS = { http: 8080, rtc: 44_000 };
const CAMERA_AUTH = { user: 'demo', password: 'demo-pass', method: 'digest' } as const;

function printScene(url: string, scene: DemoScene): void {
  const lines = [
    '',
    `  Sallyport demo at ${url}`,
    '',
    '  Watch (an officer of jackson.pd; a robbery with four cameras within 120 m: all of them, or click one)',
    `    ${scene.links.watchWall}`,
    `    ${scene.links.watch}`,
    '  Stop (the owner of the corner shop: pause, withdraw, who is watching)',
    `    ${scene.links.stop}`,
    '  Close the incident (dispatch)',
    `    ${scene.links.incident}`,
    '  Read the ledger (verified in your browser)',
    `    ${scene.links.ledger}`,
    '',
    '  Verify the ledger from a shell:',
    `    npx sallyport ledger verify ${url}`,
    '',
    '  Ctrl-C ends the server, the cameras, and removes all of it.',
    '',
  ];
  console.log(lines.join('\n'));
}

async function run(): Promise<number> {
  const stopped = untilStopped();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'sallyport-demo-'));
  console.error('Starting simulated cameras ...');
  const cameras = await startCameras(demoCameras, { auth: CAMERA_AUTH });
  try {
    const ports = await freePorts(PREFERRED_PORTS);
    const env = {
      SALLYPORT_DATA_DIR: dataDirectory,
      SALLYPORT_PORT: String(ports.http),
      SALLYPORT_RTC_PORT: String(ports.rtc),
      SALLYPORT_CAMERA_NETWORKS: '127.0.0.1/32',
      SALLYPORT_LOG_LEVEL: process.env['SALLYPORT_LOG_LEVEL'] ?? 'warn',
    };
    const server = await startServer(readConfig(env));
    try {
      const operatorKey = await server.createKey({ role: 'operator', agency: null, label: 'demo' });
      printScene(server.url, await setUpDemo(server.url, operatorKey, cameras));
      const why = await Promise.race([stopped, server.failed]);
      return why === 'failed' ? 1 : 0;
    } finally {
      await server.stop();
    }
  } finally {
    await cameras.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

export const demo: Command = {
  usage: 'demo',
  about: 'Shows the whole of it with simulated cameras; prints links to click. Needs nothing, leaves nothing.',
  run,
};
