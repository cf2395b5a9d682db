// Cameras that do not send H.264, through real ffmpeg and the real source: what arrives, and that nothing stays behind.
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { CameraSource, SourceState } from '../../src/app/ports/camera-source.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { systemClock } from './support/clocks.ts';
import { reassemble } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { surroundings } from './support/surroundings.ts';

const SMALL = { size: '320x184', fps: 15, gop: 15, bitrateKbps: 600 } as const;

/** The ffmpeg processes this process has started. */
function listTranscoders(): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const isOurs = status.includes(`PPid:\t${process.pid}\n`) && status.startsWith('Name:\tffmpeg\n');
      return isOurs && !/^State:\s+Z/m.test(status) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function nalTypes(sink: RecordingSink): readonly number[] {
  const whole = sink.packets.slice(0, sink.packets.findLastIndex((packet) => packet.marker) + 1);
  return reassemble(whole.map((packet) => packet.payload)).map((unit) => (unit[0] ?? 0) & 31);
}

async function untilKeyPictures(sink: RecordingSink, count: number): Promise<void> {
  while (nalTypes(sink).filter((type) => type === 5).length < count) await sink.untilPackets(sink.packets.length + 1);
}

function untilState(source: CameraSource, name: SourceState['name']): Promise<SourceState> {
  return new Promise((resolve) => {
    if (source.state.name === name) resolve(source.state);
    source.onState((state) => {
      if (state.name === name) resolve(state);
    });
  });
}

t.test('makes H.264 of every other codec, and only while it is pulled', async (t) => {
  const rows = [
    { codec: 'h265', transport: 'udp' },
    { codec: 'mjpeg', transport: 'any' },
  ] as const;
  for (const { codec, transport } of rows) {
    const camera = await startCamera({ ...SMALL, codec, transport });
    t.teardown(() => camera.stop());
    const factory = new RtspSourceFactory(surroundings(systemClock));
    const probed = await factory.probe({ cameraId, url: camera.url });
    t.match(probed, { ok: true, tracks: [{ playable: 'transcoded' }] }, `${codec}: enrolment says so`);
    const sink = new RecordingSink();
    const source = factory.open({ cameraId, url: camera.url });
    t.same(listTranscoders(), [], `${codec}: nothing runs before`);
    const startedAtMs = performance.now();
    source.start(sink);
    await untilKeyPictures(sink, 2);
    t.same(nalTypes(sink).slice(0, 2), [7, 8], `${codec}: begins with the parameter sets`);
    t.match(source.describe(), { codec: 'H264', widthPx: 320, heightPx: 184 }, `${codec}: the right size`);
    t.equal(listTranscoders().length, 1);
    t.equal(factory.transcodersActive, 1);
    const residentBytes = source.stats().transcoding?.residentBytes ?? 0;
    t.ok(residentBytes > 1_000_000 && residentBytes < 1_000_000_000, `${codec}: ${residentBytes} bytes of memory`);
    while (source.stats().bitsPerSecond === null) await sink.untilPackets(sink.packets.length + 1);
    const { bytesIn, bitsPerSecond, framesPerSecond } = source.stats();
    const leastBitsPerSecond = (bytesIn * 8_000) / (performance.now() - startedAtMs) / 2;
    t.ok((bitsPerSecond ?? 0) > leastBitsPerSecond, `${codec}: what the camera sends, not what is made of it`);
    t.ok((framesPerSecond ?? 0) > 0);
    t.match(source.stats(), { packetsLost: 0, transport: transport === 'udp' ? 'udp' : 'tcp' });
    await source.stop();
    t.equal(source.stats().transcoding, null);
    t.same(listTranscoders(), [], `${codec}: nothing runs after`);
    t.equal(factory.transcodersActive, 0);
    await camera.stop();
  }
});

t.test('a transcoder that dies is started again, on the same feed', async (t) => {
  const camera = await startCamera({ ...SMALL, codec: 'h265' });
  t.teardown(() => camera.stop());
  const factory = new RtspSourceFactory(surroundings(systemClock));
  const source = factory.open({ cameraId, url: camera.url });
  t.teardown(() => source.stop());
  const sink = new RecordingSink();
  source.start(sink);
  await untilKeyPictures(sink, 1);
  const [pid] = listTranscoders();
  if (pid === undefined) throw new Error('no ffmpeg runs');
  const waiting = untilState(source, 'waiting');
  process.kill(pid, 'SIGKILL');
  t.match(await waiting, { reason: 'transcoder-failed' });
  const before = sink.packets.length;
  await sink.untilPackets(before + 30);
  t.equal(listTranscoders().length, 1, 'a new one, and only one');
  t.not(listTranscoders()[0], pid);
});

t.test('beyond the cap a camera waits, and says why', async (t) => {
  const camera = await startCamera({ ...SMALL, codec: 'mjpeg' });
  t.teardown(() => camera.stop());
  const factory = new RtspSourceFactory(surroundings(systemClock), 1);
  const first = factory.open({ cameraId, url: camera.url });
  const second = factory.open({ cameraId, url: camera.url });
  t.teardown(() => Promise.all([first.stop(), second.stop()]));
  first.start(new RecordingSink());
  await untilState(first, 'playing');
  second.start(new RecordingSink());
  t.match(await untilState(second, 'waiting'), { reason: 'transcoders-busy' });
  t.equal(listTranscoders().length, 1);
  await first.stop();
  await untilState(second, 'playing');
  t.pass('its turn came');
});

t.test('a stop in the middle of a start leaves nothing', async (t) => {
  const camera = await startCamera({ ...SMALL, codec: 'h265' });
  t.teardown(() => camera.stop());
  const factory = new RtspSourceFactory(surroundings(systemClock));
  const source = factory.open({ cameraId, url: camera.url });
  source.start(new RecordingSink());
  while (factory.transcodersActive === 0) await new Promise((resolve) => setImmediate(resolve));
  await source.stop();
  t.same(listTranscoders(), []);
  t.equal(factory.transcodersActive, 0);
});
