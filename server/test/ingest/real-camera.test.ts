// The source against a real RTSP server with real H.264: GStreamer's, open and locked, with every habit it can have.
import t from 'tap';
import type { CameraSource } from '../../src/app/ports/camera-source.ts';
import { limits } from '../../src/ingest/limits.ts';
import { sequenceDelta, timestampDelta } from '../../src/ingest/rtp-packet.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { type SimulatedCamera, startCamera } from '../support/simulated-camera.ts';
import { systemClock } from './support/clocks.ts';
import { reassemble } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { surroundings } from './support/surroundings.ts';

const factory = new RtspSourceFactory(surroundings(systemClock));
const SMALL = { size: '320x180', fps: 15, bitrateKbps: 600 } as const;

/** The NAL unit types of the packets, with the fragments put together; the last, unfinished picture is left out. */
function nalTypes(sink: RecordingSink): readonly number[] {
  const whole = sink.packets.slice(0, sink.packets.findLastIndex((packet) => packet.marker) + 1);
  return reassemble(whole.map((packet) => packet.payload)).map((unit) => (unit[0] ?? 0) & 31);
}

/** One feed: our SSRC and payload type, no holes, time that goes on, and nothing too long. */
function wrongIn(sink: RecordingSink): string | null {
  for (const [index, packet] of sink.packets.entries()) {
    if (packet.ssrc !== sink.ssrc || packet.payloadType !== sink.payloadType) return 'identity';
    if (packet.payload.length > limits.payloadBytesMax) return 'length';
    const last = sink.packets[index - 1];
    if (last && sequenceDelta(last.sequence, packet.sequence) !== 1) return 'sequence';
    if (last && timestampDelta(last.timestamp, packet.timestamp) < 0) return 'time';
  }
  return null;
}

function untilPlaying(source: CameraSource): Promise<void> {
  return new Promise((resolve, reject) => {
    source.onState((state) => {
      if (state.name === 'playing') resolve();
      if (state.name === 'refused') reject(new Error(state.text));
    });
  });
}

async function untilReleased(camera: SimulatedCamera): Promise<void> {
  while (!camera.events.some((event) => event.event === 'released'))
    await new Promise((resolve) => setImmediate(resolve));
}

t.test('plays every kind of H.264 camera', async (t) => {
  const password = 'p@ss:wo/rd%';
  const cases: [name: string, options: Parameters<typeof startCamera>[0]][] = [
    ['open', { ...SMALL }],
    ['locked by Digest', { ...SMALL, auth: { user: 'officer', password, method: 'digest' } }],
    ['locked by Basic', { ...SMALL, auth: { user: 'officer', password, method: 'basic' } }],
    ['SPS and PPS in the description only', { ...SMALL, parameterSets: 'sdp-only' }],
    ['packets of 16 kB', { ...SMALL, mtu: 16_000, bitrateKbps: 3_000 }],
    ['High profile', { ...SMALL, profile: 'high' }],
    ['with audio', { ...SMALL, audio: 'pcmu' }],
    ['over UDP alone', { ...SMALL, transport: 'udp', bitrateKbps: 3_000 }],
  ];
  for (const [name, options] of cases) {
    const camera = await startCamera({ ...options, gop: 15 });
    t.teardown(() => camera.stop());
    const probed = await factory.probe({ cameraId, url: camera.urlWithCredentials });
    t.match(probed, { ok: true, facts: { codec: 'H264', widthPx: 320, heightPx: 180 } }, name);
    // GStreamer answers 503 while it puts away what the probe had it prepare; the source would come back by itself.
    await untilReleased(camera);
    const sink = new RecordingSink();
    const source = factory.open({ cameraId, url: camera.urlWithCredentials });
    source.start(sink);
    while (nalTypes(sink).filter((type) => type === 5).length < 3) await sink.untilPackets(sink.packets.length + 1);
    t.same(nalTypes(sink).slice(0, 3), [7, 8, 5], `${name}: begins with a key picture and its sets`);
    t.equal(wrongIn(sink), null, name);
    t.match(source.stats(), {
      restarts: 0,
      packetsLost: 0,
      gopLengthMs: Number,
      transport: options?.transport ?? 'tcp',
    });
    await source.stop();
    await camera.stop();
  }
});

t.test('says what a locked camera wants, and never more than that', async (t) => {
  const camera = await startCamera({ ...SMALL, auth: { user: 'officer', password: 'right', method: 'digest' } });
  t.teardown(() => camera.stop());
  t.match(await factory.probe({ cameraId, url: camera.url }), { ok: false, reason: 'credentials-needed' });
  const wrong = camera.urlWithCredentials.replace('right', 'wrong');
  t.match(await factory.probe({ cameraId, url: wrong }), { ok: false, reason: 'credentials-wrong' });
  const lost = camera.urlWithCredentials.replace(/\/live$/, '/nowhere');
  t.match(await factory.probe({ cameraId, url: lost }), { ok: false, reason: 'not-found' });
  t.notOk(
    camera.events.some((event) => event.event === 'pulled'),
    'nothing was played',
  );
});

t.test('replays for a new viewer what a camera with long groups will not send again', async (t) => {
  const camera = await startCamera({ ...SMALL, gop: 600, ignorePli: true });
  t.teardown(() => camera.stop());
  const sink = new RecordingSink();
  const source = factory.open({ cameraId, url: camera.url });
  t.teardown(() => source.stop());
  source.start(sink);
  await sink.untilPackets(30);
  const [first] = sink.packets;
  const before = sink.packets.length;
  sink.requestKeyFrame();
  const again = sink.packets.slice(before);
  t.same(again[0], first, 'begins at once with the key picture as it was');
  t.equal(source.stats().replays, 1);
});

t.test('a camera that reboots is one short pause on the same feed', async (t) => {
  const camera = await startCamera({ ...SMALL, gop: 15 });
  const sink = new RecordingSink();
  const source = factory.open({ cameraId, url: camera.url });
  t.teardown(() => source.stop());
  source.start(sink);
  await sink.untilPackets(40);
  await camera.stop();
  const before = sink.packets.length;
  const again = untilPlaying(source);
  const rebooted = await startCamera({ ...SMALL, gop: 15, port: camera.port });
  t.teardown(() => rebooted.stop());
  await again;
  await sink.untilPackets(before + 40);
  t.equal(wrongIn(sink), null);
  t.ok(source.stats().restarts >= 1);
  await source.stop();
  await untilReleased(rebooted);
  t.pass('TEARDOWN let the camera go');
});
