/* When a camera itself is asked for a key frame, and when it is left alone: real sockets on a clock that is told to move. */
import t, { type Test } from 'tap';
import type { KeyFrameDoor } from '../../../src/app/ports/camera-source.ts';
import { limits } from '../../../src/ingest/limits.ts';
import { KeyFrameAsker } from '../../../src/ingest/onvif/key-frame-asker.ts';
import { RtspSourceFactory } from '../../../src/ingest/source-factory.ts';
import { cameraId } from '../../support/facts.ts';
import { ManualClock } from '../support/clocks.ts';
import { idr, SampleCamera, slice } from '../support/h264-samples.ts';
import { OnvifCamera, type OnvifOptions } from '../support/onvif-camera.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { interleave, ScriptedCamera } from '../support/scripted-camera.ts';
import { surroundings } from '../support/surroundings.ts';

const QUESTION = 'SetSynchronizationPoint';
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function play(t: Test, options: OnvifOptions = {}, door: Partial<KeyFrameDoor> | null = {}) {
  const camera = await ScriptedCamera.start();
  const device = await OnvifCamera.start({ user: { username: 'u', password: 'p@' }, ...options });
  const clock = new ManualClock();
  const serviceUrl = `http://${device.address}/onvif/media_ver10`;
  const source = new RtspSourceFactory(surroundings(clock)).open({
    cameraId,
    url: camera.url('/live', 'u:p%40@'),
    ...(door && { keyFrames: { serviceUrl, media: 'ver10', profile: 'main', ...door } }),
  });
  t.teardown(async () => {
    await source.stop();
    await Promise.all([camera.stop(), device.stop()]);
  });
  const sink = new RecordingSink();
  const sample = new SampleCamera();
  const show = (kind: 'key' | 'other'): void => {
    for (const packet of sample.picture([kind === 'key' ? idr() : slice()])) camera.write(interleave(0, packet));
  };
  const untilAsked = async (times: number): Promise<void> => {
    while (source.stats().keyFramesAsked < times) await turn();
  };
  source.start(sink);
  await camera.until('PLAY');
  const count = (): number => device.questions.filter((one) => one === QUESTION).length;
  return { camera, device, clock, source, sink, show, untilAsked, count };
}

async function makeAsker(t: Test, options: OnvifOptions = {}) {
  const device = await OnvifCamera.start({ user: { username: 'u', password: 'p@' }, ...options });
  t.teardown(() => device.stop());
  const clock = new ManualClock();
  const stop = new AbortController();
  const keyFrames = {
    serviceUrl: `http://${device.address}/onvif/media_ver10`,
    media: 'ver10',
    profile: 'main',
  } as const;
  const address = { cameraId, url: 'rtsp://u:p%40@127.0.0.1/live', keyFrames };
  const asker = KeyFrameAsker.of(address, surroundings(clock), stop.signal);
  if (!asker) throw new Error('no asker');
  return { asker, clock, device, stop };
}

t.test('a camera that begins in the middle of a group is asked at once, with nobody waiting for it', async (t) => {
  const { device, show, untilAsked, sink } = await play(t, { clockOffsetMs: -86_400_000 });
  show('other');
  const asked = await device.until(QUESTION);
  t.match(asked.body, /ProfileToken>main</);
  t.equal(device.refusals, 0, "by the camera's clock");
  await untilAsked(1);
  show('key');
  await sink.untilPackets(2);
});

t.test('for a newcomer it is asked when the group is old, at a pace, and never for a young one', async (t) => {
  const { clock, show, sink, source, untilAsked, count } = await play(t);
  show('key');
  await sink.untilPackets(2);
  sink.requestKeyFrame();
  t.equal(source.stats().replays, 1, 'the replay does for a young group');
  clock.advance(limits.replayFreeMs + 1);
  sink.requestKeyFrame();
  t.equal(source.stats().replays, 2, 'an old one is shown at once all the same');
  await untilAsked(1);
  sink.requestKeyFrame();
  clock.advance(limits.syncPointEveryMs - 1);
  sink.requestKeyFrame();
  clock.advance(1);
  sink.requestKeyFrame();
  await untilAsked(2);
  t.equal(count(), 2, 'those in between were not passed on');
});

t.test('Media2 is asked in its own words', async (t) => {
  const { show, device, untilAsked } = await play(t, { media: ['ver20'] }, { media: 'ver20', profile: 'sub' });
  show('other');
  await untilAsked(1);
  t.match((await device.until(QUESTION)).body, /ver20\/media\/wsdl.*ProfileToken>sub</);
});

const refusing: readonly (readonly [name: string, options: OnvifOptions])[] = [
  ['that refuses the password', { user: { username: 'u', password: 'other' } }],
  ['that cannot', { odd: { [QUESTION]: { status: 500, text: '<x/>' } } }],
  ['that answers nonsense', { odd: { [QUESTION]: { status: 200, text: 'yes' } } }],
];
for (const [name, options] of refusing) {
  t.test(`a camera ${name} is left alone for minutes`, async (t) => {
    const { asker, clock, device } = await makeAsker(t, options);
    t.equal(await asker.ask(), 'refused');
    const before = device.asked.length;
    t.ok(device.refusals <= 1, 'one wrong password at the most');
    clock.advance(limits.syncPointRefusedMs - 1);
    t.equal(await asker.ask(), 'not-now');
    t.equal(device.asked.length, before);
    clock.advance(1);
    t.equal(await asker.ask(), 'refused');
    t.equal(asker.count, 0);
  });
}

t.test('a camera that was only away is asked again soon; one question at a time; none after the end', async (t) => {
  const { asker, clock, device, stop } = await makeAsker(t);
  const both = await Promise.all([asker.ask(), asker.ask()]);
  t.same(both, ['agreed', 'not-now']);
  await device.stop();
  clock.advance(limits.syncPointEveryMs);
  t.equal(await asker.ask(), 'refused');
  clock.advance(limits.syncPointEveryMs);
  t.equal(await asker.ask(), 'refused', 'asked again');
  clock.advance(limits.syncPointEveryMs);
  const last = asker.ask();
  stop.abort();
  t.equal(await last, 'refused', 'cut');
  clock.advance(limits.syncPointRefusedMs);
  t.equal(await asker.ask(), 'not-now');
});

t.test('no camera is asked that was not enrolled by ONVIF, or that nobody pulls any more', async (t) => {
  const plain = await play(t, {}, null);
  plain.show('other');
  plain.show('key');
  await plain.sink.untilPackets(2);
  t.same(plain.device.asked, []);

  const { source, sink, show, clock, device } = await play(t);
  show('key');
  await sink.untilPackets(2);
  clock.advance(limits.replayFreeMs + 1);
  await source.stop();
  sink.requestKeyFrame();
  await turn();
  t.same(device.asked, []);
});
