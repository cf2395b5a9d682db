/*
 * The virtual cameras as the server's own ingest meets them: probed, pulled, locked by Digest, lossy, rebooting, several at
 * once; and what they answer to requests that make no sense.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { CameraSource, SourceState } from '../../../server/src/app/ports/camera-source.ts';
import { RtspSourceFactory } from '../../../server/src/ingest/source-factory.ts';
import { systemClock } from '../../../server/test/ingest/support/clocks.ts';
import { RecordingSink } from '../../../server/test/ingest/support/recording-sink.ts';
import { surroundings } from '../../../server/test/ingest/support/surroundings.ts';
import { cameraId } from '../../../server/test/support/facts.ts';
import { pictureDirectory, providePictures } from '../../src/camera/clock-picture.ts';
import type { Credentials } from '../../src/camera/digest-check.ts';
import { cutLoop, type EncodedLoop } from '../../src/camera/encoded-loop.ts';
import { RtspServer } from '../../src/camera/rtsp-server.ts';
import { type CameraBehaviour, VirtualCamera } from '../../src/camera/virtual-camera.ts';
import { seededChance } from '../../src/run/schedule.ts';

const pictures = { codec: 'h264', width: 320, height: 180, fps: 15, gopFrames: 15, bitrateKbps: 400 } as const;
const factory = new RtspSourceFactory(surroundings(systemClock));
const usual: CameraBehaviour = { fps: 15, loss: 0, start: 'key-picture' };
let loop: EncodedLoop;

t.before(async () => {
  loop = cutLoop(await readFile(await providePictures(pictures, pictureDirectory(process.env))), 'h264');
});

type Setup = { readonly server: RtspServer; readonly camera: VirtualCamera; readonly url: string };

async function open(
  t: Test,
  behaviour: Partial<CameraBehaviour> = {},
  credentials: Credentials | null = null,
): Promise<Setup> {
  const camera = new VirtualCamera(loop, { ...usual, ...behaviour }, seededChance(1));
  const server = await RtspServer.open({
    cameras: new Map([['cam-1', camera]]),
    host: '127.0.0.1',
    port: 0,
    credentials,
  });
  t.teardown(() => server.close());
  return { server, camera, url: `rtsp://127.0.0.1:${server.port}/cam-1` };
}

function pull(t: Test, url: string): { readonly source: CameraSource; readonly sink: RecordingSink } {
  const source = factory.open({ cameraId, url });
  const sink = new RecordingSink();
  source.start(sink);
  t.teardown(() => source.stop());
  return { source, sink };
}

const untilState = (source: CameraSource, name: SourceState['name']): Promise<void> =>
  new Promise((resolve) => source.onState((state) => state.name === name && resolve()));

t.test('is probed and pulled, from a key picture on and without holes', async (t) => {
  const { url, camera } = await open(t);
  t.match(await factory.probe({ cameraId, url }), { ok: true, facts: { codec: 'H264', widthPx: 320, heightPx: 180 } });
  const { source, sink } = pull(t, url);
  await sink.untilPackets(20);
  t.equal((sink.packets[0]?.payload[0] ?? 0) & 31, 24, 'the sets come first');
  t.equal(source.stats().packetsLost, 0);
  t.equal(camera.pulls, 1);
  t.ok((camera.sentAtMs.at(0) ?? 0) > 0, 'it remembers when each picture left');
  await source.stop();
  while (camera.pulls > 0) await new Promise((resolve) => setImmediate(resolve));
});

t.test('several pulls have streams of their own', async (t) => {
  const { url, camera } = await open(t);
  const pulls = [pull(t, url), pull(t, url)];
  await Promise.all(pulls.map(({ sink }) => sink.untilPackets(20)));
  t.equal(camera.pulls, 2);
});

t.test('asks for its password by Digest', async (t) => {
  const { server, url } = await open(t, {}, { user: 'officer', password: 'p@ss:word' });
  t.match(await factory.probe({ cameraId, url }), { ok: false });
  const known = url.replace('rtsp://', `rtsp://officer:${encodeURIComponent('p@ss:word')}@`);
  t.match(await factory.probe({ cameraId, url: known }), { ok: true });
  const wrong = `rtsp://officer:guess@127.0.0.1:${server.port}/cam-1`;
  t.match(await factory.probe({ cameraId, url: wrong }), { ok: false });
  const { sink } = pull(t, known);
  await sink.untilPackets(5);
});

t.test('loses what it is told to lose, the same each time', async (t) => {
  const { url, camera } = await open(t, { loss: 0.05 });
  const { source, sink } = pull(t, url);
  while (camera.packetsLost < 3) await sink.untilPackets(sink.packets.length + 1);
  await sink.untilPackets(sink.packets.length + 20);
  t.ok(source.stats().packetsLost > 0, 'the ingest notices');
});

t.test('a reboot cuts the pull, and the source comes back when it is up', async (t) => {
  const { server, camera, url } = await open(t);
  const { source, sink } = pull(t, url);
  await sink.untilPackets(10);
  const waiting = untilState(source, 'waiting');
  server.reboot('cam-1', 300);
  await waiting;
  t.equal(camera.pulls, 0);
  t.ok(camera.isDown(performance.now()));
  await untilState(source, 'playing');
  await sink.untilPackets(sink.packets.length + 10);
});

t.test('answers requests that make no sense as a camera would', async (t) => {
  const { server, url } = await open(t);
  const ask = async (text: string): Promise<string> => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(text);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return String(answer).split('\r\n')[0] ?? '';
  };
  const lines = (method: string, target: string, ...headers: string[]): string =>
    [`${method} ${target} RTSP/1.0`, 'CSeq: 1', ...headers, '', ''].join('\r\n');
  t.match(await ask(lines('DESCRIBE', url.replace('cam-1', 'cam-9'))), /404/);
  t.match(await ask(lines('SETUP', url, 'Transport: RTP/AVP;unicast;client_port=1-2')), /461/);
  t.match(await ask(lines('PLAY', url)), /455/);
  t.match(await ask(lines('RECORD', url)), /405/);
  t.match(await ask(lines('OPTIONS', '*')), /200/);
  const socket = connect(server.port, '127.0.0.1');
  socket.write('x'.repeat(20_000));
  await once(socket, 'close');
  t.pass('endless headers end the connection');
});
