/*
 * Sound through the real source: from a scripted camera, to see what is asked and what is not, and from a real RTSP
 * server with real ffmpeg behind it.
 */
import t, { type Test } from 'tap';
import type { CameraOptions } from '../../demo-cameras/start-cameras.ts';
import type { AudioCodec, OpenAudioSink } from '../../src/app/ports/feed-sink.ts';
import { sequenceDelta, timestampDelta } from '../../src/ingest/rtp-packet.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { systemClock } from './support/clocks.ts';
import { idr, SampleCamera } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { interleave, type Script, ScriptedCamera, SDP } from './support/scripted-camera.ts';
import { surroundings } from './support/surroundings.ts';

t.setTimeout(60_000);

const SOUND = 'm=audio 0 RTP/AVP 0\r\na=control:trackID=9\r\n';
const SMALL = { size: '320x180', fps: 15, gop: 15, bitrateKbps: 500 } as const;

class SoundSinks {
  readonly asked: AudioCodec[] = [];
  readonly sink = new RecordingSink();
  readonly open: OpenAudioSink = async (codec) => {
    this.asked.push(codec);
    return this.sink;
  };
}

async function stage(t: Test, script: Script = {}) {
  const camera = await ScriptedCamera.start({
    DESCRIBE: ({ answer }) => answer('200 OK', { 'Content-Type': 'application/sdp' }, `${SDP}${SOUND}`),
    ...script,
  });
  const source = new RtspSourceFactory(surroundings(systemClock)).open({ cameraId, url: camera.url() });
  t.teardown(async () => {
    await source.stop();
    await camera.stop();
  });
  const setUps = () => camera.asked.filter(({ method }) => method === 'SETUP').map(({ uri }) => uri.split('/').at(-1));
  return { camera, source, picture: new RecordingSink(), sounds: new SoundSinks(), setUps };
}

t.test('sound that nobody may hear is not even set up at the camera', async (t) => {
  const { camera, source, picture, setUps } = await stage(t);
  source.start(picture);
  await camera.until('PLAY');
  t.same(setUps(), ['trackID=1']);
  t.equal(source.describe()?.audio, 'PCMU', 'that there is some is known');
});

t.test('both tracks over one connection, each into its own sink, and none after the stop', async (t) => {
  const { camera, source, picture, sounds, setUps } = await stage(t);
  source.start(picture, sounds.open);
  await camera.until('PLAY');
  t.same(setUps(), ['trackID=1', 'trackID=9']);
  const [, second] = camera.asked.filter(({ method }) => method === 'SETUP');
  t.match(second?.headers.get('transport'), 'interleaved=2-3');
  t.equal(second?.headers.get('session'), '4711', 'within the session of the first');
  t.same(sounds.asked, ['PCMU']);
  t.equal(camera.connections, 1);
  const sound = new SampleCamera({ payloadType: 0, ssrc: 0xbeef, sequence: 65_534, timestamp: 4_294_967_200 });
  const say = (): void => {
    camera.write(interleave(2, sound.packet(new Uint8Array(160).fill(7), false)));
    sound.track.timestamp = (sound.track.timestamp + 160) >>> 0;
  };
  const [key] = new SampleCamera().picture([idr()]);
  if (key) camera.write(interleave(0, key));
  for (let count = 0; count < 4; count += 1) say();
  await sounds.sink.untilPackets(4);
  await picture.untilPackets(2);
  const { packets } = sounds.sink;
  t.same(new Set(packets.map(({ ssrc, payloadType }) => `${ssrc}/${payloadType}`)).size, 1, 'under our own name');
  for (const [at, packet] of packets.slice(1).entries()) {
    const before = packets[at];
    t.equal(before && sequenceDelta(before.sequence, packet.sequence), 1);
    t.equal(before && timestampDelta(before.timestamp, packet.timestamp), 160, 'across the wrap');
  }
  t.equal(picture.packets.filter(({ payload }) => payload.length === 160).length, 0, 'no sound in the picture');
  const stopped = source.stop();
  say();
  await stopped;
  t.equal(packets.length, 4);
});

t.test('a camera that refuses the second track, or breaks off over it, still shows its picture', async (t) => {
  const isSecond = (uri: string): boolean => uri.endsWith('trackID=9');
  const refuses = await stage(t, {
    SETUP: ({ asked, answer, honestly }) => (isSecond(asked.uri) ? answer('500 No') : honestly()),
  });
  refuses.source.start(refuses.picture, refuses.sounds.open);
  await refuses.camera.until('PLAY');
  t.equal(refuses.camera.connections, 1, 'refused: played without');

  const breaks = await stage(t, {
    SETUP: ({ asked, socket, honestly }) => (isSecond(asked.uri) ? socket.destroy() : honestly()),
  });
  breaks.source.start(breaks.picture, breaks.sounds.open);
  await breaks.camera.until('PLAY');
  t.same(breaks.setUps(), ['trackID=1', 'trackID=9', 'trackID=1'], 'broken off: tried without');
  t.equal(breaks.source.stats().restarts, 1);
});

t.test('without a way in for it the sound is left at the camera', async (t) => {
  const { camera, source, picture, setUps } = await stage(t);
  source.start(picture, async () => null);
  await camera.until('PLAY');
  t.same(setUps(), ['trackID=1']);
});

async function playReal(t: Test, options: CameraOptions, transcodersMax?: number) {
  const camera = await startCamera({ ...SMALL, ...options });
  const factory = new RtspSourceFactory(surroundings(systemClock), transcodersMax);
  const source = factory.open({ cameraId, url: camera.url });
  t.teardown(async () => {
    await source.stop();
    await camera.stop();
  });
  return { camera, factory, source, picture: new RecordingSink(), sounds: new SoundSinks() };
}

t.test('a real camera: G.711 as it is, and a reboot is no new sound', async (t) => {
  const { camera, factory, source, picture, sounds } = await playReal(t, { audio: 'pcmu' });
  source.start(picture, sounds.open);
  await sounds.sink.untilPackets(50);
  t.same([sounds.asked, source.describe()?.audio, factory.transcodersActive], [['PCMU'], 'PCMU', 0]);
  await camera.stop();
  const before = sounds.sink.packets.length;
  const rebooted = await startCamera({ ...SMALL, audio: 'pcmu', port: camera.port });
  t.teardown(() => rebooted.stop());
  await sounds.sink.untilPackets(before + 50);
  const { packets } = sounds.sink;
  const steps = packets
    .slice(1)
    .map((packet, at) => [
      sequenceDelta(packets[at]?.sequence ?? 0, packet.sequence),
      timestampDelta(packets[at]?.timestamp ?? 0, packet.timestamp) > 0,
    ]);
  t.ok(
    steps.every(([step, later]) => step === 1 && later),
    'one sequence and one time over the break',
  );
});

t.test('a real camera: AAC becomes Opus, once and only while it is pulled', async (t) => {
  const { factory, source, picture, sounds } = await playReal(t, { audio: 'aac' });
  source.start(picture, sounds.open);
  await sounds.sink.untilPackets(100);
  t.same([sounds.asked, source.describe()?.audio], [['OPUS'], 'MPEG4-GENERIC']);
  t.equal(factory.transcodersActive, 1, 'it counts');
  const { packets } = sounds.sink;
  const steps = packets.slice(1).map((packet, at) => timestampDelta(packets[at]?.timestamp ?? 0, packet.timestamp));
  t.ok(steps.filter((step) => step === 960).length > 90, '20 ms each');
  await source.stop();
  t.equal(factory.transcodersActive, 0);
});

t.test('no transcoder free: the picture alone, until one is', async (t) => {
  const { factory, source, picture, sounds } = await playReal(t, { audio: 'aac' }, 1);
  const other = await playReal(t, { codec: 'h265' });
  const hog = factory.open({ cameraId, url: other.camera.url });
  t.teardown(() => hog.stop());
  hog.start(new RecordingSink());
  while (factory.transcodersActive === 0) await new Promise((resolve) => setImmediate(resolve));
  source.start(picture, sounds.open);
  await picture.untilPackets(60);
  t.equal(sounds.sink.packets.length, 0);
  t.match(source.stats(), { restarts: 0 });
  await hog.stop();
  await sounds.sink.untilPackets(10);
  t.pass('the sound came by itself');
});
