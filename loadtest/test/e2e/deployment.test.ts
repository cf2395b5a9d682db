/*
 * Runs against a deployment that is there already, with its own charter: what is set up is taken away again, and cameras
 * that are there are watched without changing anything.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { AGENCY, openTown } from '../../../server/test/support/town.ts';
import { pictureDirectory, providePictures } from '../../src/camera/clock-picture.ts';
import { cutLoop } from '../../src/camera/encoded-loop.ts';
import { RtspServer } from '../../src/camera/rtsp-server.ts';
import { VirtualCamera } from '../../src/camera/virtual-camera.ts';
import type { RunResult } from '../../src/run/conclusion.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const pictures = { codec: 'h264', width: 320, height: 180, fps: 15, gopFrames: 15, bitrateKbps: 400 } as const;
const camera = ['--size', '320x180', '--bitrate', '400k', '--gop', '1s', '--camera-login', 'officer:secret'];

async function run(...args: string[]): Promise<{ readonly said: string; readonly result: RunResult }> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-loadtest-'));
  const json = join(directory, 'run.json');
  const child = spawn(process.execPath, [main, ...args, '--json', json], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  await once(child, 'close');
  try {
    return { said, result: JSON.parse(await readFile(json, 'utf8')) };
  } catch {
    throw new Error(said);
  } finally {
    await rm(directory, { recursive: true });
  }
}

t.test('with an operator key it brings its cameras and takes them away', async (t) => {
  const town = await openTown();
  t.teardown(() => town.close());
  const key = await town.server.createKey({ role: 'operator', agency: null, label: 'load' });
  const target = ['--url', town.server.url, '--operator-key', key];
  const { said, result } = await run(...target, ...camera, '--cameras', '1', '--viewers', '3', '--duration', '3s');
  t.equal(result.ledger.mismatches, 0, said);
  t.equal(result.figures['join_count'], 3, said);
  t.same(result.leftBehind, []);
  t.ok((result.figures['server_cores'] ?? 0) > 0, 'read off its metrics');
  t.equal(result.figures['memory_mb_per_viewer'], null, 'which do not tell the workers’ memory');
  const charter = await town.folk.operator.must('GET', '/v1/charter');
  t.equal(charter['title'], 'Pilot', 'the charter is the one there was');
  const cameras = await town.folk.operator.must('GET', '/v1/cameras');
  const states = (cameras['items'] as unknown as readonly { readonly state: string }[]).map(({ state }) => state);
  t.same(states, ['withdrawn']);
});

t.test('with an agency key it watches what is there', async (t) => {
  const loop = cutLoop(await readFile(await providePictures(pictures, pictureDirectory(process.env))), 'h264');
  const ours = new VirtualCamera(loop, { fps: 15, loss: 0, start: 'key-picture' }, () => 1);
  const where = { host: '127.0.0.1', port: 0, credentials: null };
  const cameras = await RtspServer.open({ ...where, cameras: new Map([['door', ours]]) });
  t.teardown(() => cameras.close());
  const town = await openTown();
  t.teardown(() => town.close());
  const { folk, server } = town;
  const cameraId = await folk.enrol(`rtsp://127.0.0.1:${cameras.port}/door`);
  await folk.consent(cameraId);
  const incident = await folk.report({ agencies: [AGENCY] });
  const target = ['--url', server.url, '--agency-key', folk.agencyKey, '--incident', incident];
  const { said, result } = await run(...target, '--cameras', '1', '--viewers', '3', '--duration', '3s');
  t.equal(result.figures['first_frame_count'], 3, said);
  t.equal(result.ledger.mismatches, 0, said);
  const refused = await run(...target.slice(0, -1), 'inc_unknown', '--cameras', '1', '--viewers', '1').catch(String);
  t.match(refused, /\/v1\/incidents\/inc_unknown\/cameras answered 4\d\d/);
});
