// The source against VLC's RTSP server, which nobody here wrote: it refuses RTP inside the RTSP connection, and what it
// sends has B pictures. Real packets over real UDP.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { sequenceDelta, timestampDelta } from '../../src/ingest/rtp-packet.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { systemClock } from './support/clocks.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { StateLog } from './support/state-log.ts';
import { surroundings } from './support/surroundings.ts';

const NOBODY = 65_534;
const READY_TRIES = 200;
const run = promisify(execFile);

const H264 = ['libx264', '-profile:v', 'main', '-preset', 'veryfast', '-bf', '2', '-b_strategy', '0'];
const MPEG4 = ['mpeg4', '-b:v', '600k'];

/** A film of twenty seconds and a key picture every two. */
async function makeFilm(t: Test, codec: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-vlc-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const film = join(directory, 'film.mp4');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=15', '-t', '20', '-pix_fmt', 'yuv420p'];
  await run('ffmpeg', ['-loglevel', 'error', ...picture, '-c:v', ...codec, '-g', '30', '-threads', '1', film]);
  // VLC does not run as root, and reads it as somebody else then.
  await Promise.all([chmod(directory, 0o755), chmod(film, 0o644)]);
  return film;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Has VLC serve a film, over and over; resolves with its URL and what it offers, when it does. */
async function serve(t: Test, film: string, factory: RtspSourceFactory) {
  const url = `rtsp://127.0.0.1:${await freePort()}/film`;
  const own = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const args = ['-I', 'dummy', '--no-audio', '--loop', film, '--sout', `#rtp{sdp=${url}}`, '--sout-keep'];
  const vlc = spawn('vlc', args, { ...own, stdio: 'ignore', env: { ...process.env, HOME: '/nonexistent' } });
  t.teardown(() => vlc.kill('SIGKILL'));
  const address = { cameraId, url };
  let probed = await factory.probe(address);
  for (let tries = 0; !probed.ok && tries < READY_TRIES && vlc.exitCode === null; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    probed = await factory.probe(address);
  }
  return { address, probed };
}

t.test('plays H.264 with B pictures, over UDP, which is all that VLC does', async (t) => {
  const factory = new RtspSourceFactory(surroundings(systemClock));
  const { address, probed } = await serve(t, await makeFilm(t, H264), factory);
  t.match(probed, { ok: true, facts: { codec: 'H264', widthPx: 320, heightPx: 180 } });
  const tcp = factory.open({ ...address, rtspTransport: 'tcp' });
  const log = new StateLog(tcp);
  tcp.start(new RecordingSink());
  t.match(await log.until('refused'), { reason: 'no-tcp' }, 'VLC will not send inside the connection');
  await tcp.stop();

  const source = factory.open(address);
  const sink = new RecordingSink();
  source.start(sink);
  while (source.stats().gopLengthMs === null) await sink.untilPackets(sink.packets.length + 1);
  t.match(source.stats(), { transport: 'udp', restarts: 0, packetsLost: 0 });
  const pairs = sink.packets.slice(1).map((packet, at) => [sink.packets[at] ?? packet, packet] as const);
  t.ok(pairs.every(([last, next]) => sequenceDelta(last.sequence, next.sequence) === 1));
  const back = pairs.filter(([last, next]) => timestampDelta(last.timestamp, next.timestamp) < 0);
  t.ok(back.length > 0, 'B pictures keep their own time');
  t.equal(source.stats().hasBPictures, true, 'and are told of, since browsers cannot show them');
  await source.stop();
  t.same(source.state, { name: 'idle' });
});

t.test('makes H.264 of MPEG-4', async (t) => {
  const factory = new RtspSourceFactory(surroundings(systemClock));
  const { address, probed } = await serve(t, await makeFilm(t, MPEG4), factory);
  t.match(probed, { ok: true, tracks: [{ codec: 'MP4V-ES', playable: 'transcoded' }] });
  const source = factory.open(address);
  const sink = new RecordingSink();
  source.start(sink);
  while (source.stats().gopLengthMs === null) await sink.untilPackets(sink.packets.length + 1);
  t.match(source.describe(), { codec: 'H264', widthPx: 320, heightPx: 180 }, 'in its own size');
  t.match(source.stats(), { transport: 'udp', restarts: 0, packetsLost: 0, hasBPictures: false });
  await source.stop();
  t.equal(factory.transcodersActive, 0);
});
