import t, { type Test } from 'tap';
import type { CameraSource } from '../../src/app/ports/camera-source.ts';
import { limits } from '../../src/ingest/limits.ts';
import { sequenceDelta } from '../../src/ingest/rtp-packet.ts';
import { RtspSourceFactory } from '../../src/ingest/source-factory.ts';
import { cameraId } from '../support/facts.ts';
import { ManualClock } from './support/clocks.ts';
import { idr, SampleCamera, slice } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';
import { interleave, type Nature, type Script, ScriptedCamera, SDP } from './support/scripted-camera.ts';
import { StateLog } from './support/state-log.ts';
import { surroundings } from './support/surroundings.ts';

type Stage = {
  readonly camera: ScriptedCamera;
  readonly clock: ManualClock;
  readonly sink: RecordingSink;
  readonly source: CameraSource;
  readonly log: StateLog;
  /** One picture from the camera to everyone connected. */
  readonly show: (kind: 'key' | 'other') => void;
};

async function setUp(t: Test, script: Script = {}, nature: Nature = {}, userInfo = ''): Promise<Stage> {
  const camera = await ScriptedCamera.start(script, nature);
  const clock = new ManualClock();
  const factory = new RtspSourceFactory(surroundings(clock));
  const source = factory.open({ cameraId, url: camera.url('/live', userInfo) });
  t.teardown(async () => {
    await source.stop();
    await camera.stop();
  });
  const sample = new SampleCamera();
  const show = (kind: 'key' | 'other'): void => {
    for (const packet of sample.picture([kind === 'key' ? idr() : slice()])) camera.write(interleave(0, packet));
  };
  return { camera, clock, sink: new RecordingSink(), source, log: new StateLog(source), show };
}

t.test('pulls nothing before it is started, plays, and leaves nothing behind', async (t) => {
  const { camera, clock, sink, source, log, show } = await setUp(t);
  t.same(source.state, { name: 'idle' });
  t.equal(source.describe(), null);
  t.equal(camera.connections, 0);
  source.start(sink);
  t.throws(() => source.start(sink), /started/);
  await camera.until('PLAY');
  show('key');
  show('other');
  await sink.untilPackets(3);
  t.same(log.names, ['connecting', 'playing']);
  t.match(source.stats(), { packetsIn: 2, packetsOut: 3, packetsDropped: 0, restarts: 0, replays: 0 });
  t.equal(source.stats().lastPacketAtMs, clock.nowMs());
  t.match(source.describe(), { codec: 'H264', widthPx: 1280, heightPx: 720 });
  sink.requestKeyFrame();
  t.equal(sink.packets.length, 6, 'the group, again');

  const stopped = source.stop();
  show('key');
  t.equal(source.stop(), stopped, 'once is enough');
  await stopped;
  t.same(source.state, { name: 'idle' });
  await camera.untilLeft();
  t.ok(camera.methods.includes('TEARDOWN'));
  t.equal(sink.packets.length, 6, 'nothing after the stop');
  sink.requestKeyFrame();
  t.equal(sink.packets.length, 6);
  t.equal(clock.waiting, 0, 'no timer is left');
  t.match(source.stats(), { packetsIn: 2, packetsOut: 6, replays: 1 });
  t.match(source.describe(), { widthPx: 1280 });
});

t.test('comes back after the camera went, on the same sequence', async (t) => {
  const { camera, clock, sink, source, log, show } = await setUp(t);
  source.start(sink);
  await camera.until('PLAY');
  show('key');
  await log.until('playing');
  camera.cut();
  const waiting = await log.until('waiting');
  t.match(waiting, { reason: 'connection-lost' });
  if (waiting.name === 'waiting') {
    const waitMs = waiting.nextTryAtMs - clock.nowMs();
    t.ok(waitMs >= 375 && waitMs <= 500);
  }
  clock.advance(500);
  await camera.until('PLAY', 2);
  show('key');
  await sink.untilPackets(4);
  t.same(
    sink.packets.slice(1).map((packet, i) => sequenceDelta(sink.packets[i]?.sequence ?? 0, packet.sequence)),
    [1, 1, 1],
  );
  t.equal(source.stats().restarts, 1);
});

t.test('goes on with the sequence of its sink after stop and start, also in another source', async (t) => {
  const { camera, sink, source, clock, show } = await setUp(t);
  source.start(sink);
  await camera.until('PLAY');
  show('key');
  await sink.untilPackets(2);
  await source.stop();
  source.start(sink);
  await camera.until('PLAY', 2);
  show('key');
  await sink.untilPackets(4);
  const steps = sink.packets
    .slice(1)
    .map((packet, i) => sequenceDelta(sink.packets[i]?.sequence ?? 0, packet.sequence));
  t.same(steps, [1, 1, 1]);
  const [other, another] = [new RecordingSink(), new RtspSourceFactory(surroundings(clock))];
  const second = another.open({ cameraId, url: camera.url() });
  const third = another.open({ cameraId, url: camera.url() });
  for (const [index, one] of [second, third].entries()) {
    one.start(other);
    await camera.until('PLAY', 3 + index);
    show('key');
    await other.untilPackets(2 + 2 * index);
    await one.stop();
  }
  t.same(
    other.packets.slice(1).map((packet, i) => sequenceDelta(other.packets[i]?.sequence ?? 0, packet.sequence)),
    [1, 1, 1],
  );
});

t.test('waits longer with every failure, and shortly again after it has played a while', async (t) => {
  const { camera, clock, sink, source, log, show } = await setUp(t);
  const waitOf = async (times: number): Promise<number> => {
    const state = await log.until('waiting', times);
    return state.name === 'waiting' ? state.nextTryAtMs - clock.nowMs() : Number.NaN;
  };
  source.start(sink);
  const bounds = [500, 1_000, 2_000, 4_000];
  for (const [index, mostMs] of bounds.entries()) {
    await camera.until('PLAY', index + 1);
    camera.cut();
    const waitMs = await waitOf(index + 1);
    t.ok(waitMs >= mostMs * 0.75 && waitMs <= mostMs, `${waitMs} ms`);
    clock.advance(waitMs);
  }
  await camera.until('PLAY', 5);
  for (let second = 0; second <= limits.soundAfterMs / 1_000; second += 1) {
    show(second === 0 ? 'key' : 'other');
    await sink.untilPackets(second + 2);
    clock.advance(1_000);
  }
  camera.cut();
  t.ok((await waitOf(5)) <= 500);
});

t.test('notices a camera that plays but sends nothing, or nothing of use', async (t) => {
  const silences: [name: string, hum: (stage: Stage) => void][] = [
    ['nothing', () => {}],
    ['garbage frames', ({ camera }) => camera.write(interleave(0, Buffer.from('no RTP')))],
  ];
  for (const [name, hum] of silences) {
    const stage = await setUp(t);
    const { camera, clock, sink, source, log, show } = stage;
    source.start(sink);
    await camera.until('PLAY');
    show('key');
    await log.until('playing');
    const stop = setInterval(() => {
      hum(stage);
      clock.advance(1_000);
    }, 5);
    t.match(await log.until('waiting'), { reason: 'silent' }, name);
    clearInterval(stop);
  }
});

t.test('cuts off a camera that sends far too much', async (t) => {
  const { camera, clock, sink, source, log, show } = await setUp(t);
  source.start(sink);
  await camera.until('PLAY');
  show('key');
  await log.until('playing');
  const flood = interleave(9, Buffer.alloc(65_535));
  const sent = Math.ceil(limits.bytesPerSecondMax / flood.length) + 1;
  for (let i = 0; i < sent; i += 1) camera.write(flood);
  while (source.stats().packetsIn < sent) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1_000);
  t.match(await log.until('waiting'), { reason: 'flooded' });
  await camera.untilLeft();
});

t.test('is refused, and hardly tries again, when a person is needed', async (t) => {
  const challenge: Script = {
    OPTIONS: (turn) => turn.answer('401 No', { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' }),
  };
  const vp8: Script = {
    DESCRIBE: (turn) => turn.answer('200 OK', {}, SDP.replace('H264', 'VP8')),
  };
  const cases: [name: string, script: Script, userInfo: string, reason: string][] = [
    ['wrong password', challenge, 'user:wrong@', 'credentials-wrong'],
    ['no password', challenge, '', 'credentials-needed'],
    ['VP8', vp8, '', 'codec-unsupported'],
  ];
  for (const [name, script, userInfo, reason] of cases) {
    const { camera, clock, sink, source, log } = await setUp(t, script, {}, userInfo);
    source.start(sink);
    const state = await log.until('refused');
    t.match(state, { reason, text: /^[^@]+$/ }, name);
    await camera.untilLeft();
    clock.advance(limits.refusedRetryMs - 1);
    t.equal(camera.connections, 1, name);
    clock.advance(1);
    await log.until('refused', 2);
    t.equal(camera.connections, 2, name);
  }
  const factory = new RtspSourceFactory(surroundings(new ManualClock(), ''));
  for (const [url, reason] of [
    ['rtsp://127.0.0.1/', 'not-allowed'],
    ['no url', 'bad-url'],
  ] as const) {
    const source = factory.open({ cameraId, url });
    const log = new StateLog(source);
    source.start(new RecordingSink());
    t.match(await log.until('refused'), { reason });
    await source.stop();
    t.same(source.state, { name: 'idle' });
  }
});

t.test('stops in every state, at once', async (t) => {
  const never: Script = { DESCRIBE: () => {} };
  const stages: [name: string, script: Script, reached: (stage: Stage) => Promise<unknown>][] = [
    ['at once', {}, async () => {}],
    ['while describing', never, ({ camera }) => camera.until('DESCRIBE')],
    ['while setting up', { SETUP: () => {} }, ({ camera }) => camera.until('SETUP')],
    ['while asking to play', { PLAY: () => {} }, ({ camera }) => camera.until('PLAY')],
    ['while waiting', { DESCRIBE: (turn) => turn.answer('503 Busy') }, ({ log }) => log.until('waiting')],
    ['while refused', { DESCRIBE: (turn) => turn.answer('403 No') }, ({ log }) => log.until('refused')],
  ];
  for (const [name, script, reached] of stages) {
    const stage = await setUp(t, script);
    const { camera, clock, sink, source } = stage;
    source.start(sink);
    await reached(stage);
    await source.stop();
    t.same(source.state, { name: 'idle' }, name);
    await camera.untilLeft();
    t.equal(clock.waiting, 0, `${name}: no timer is left`);
    clock.advance(1_000_000);
    t.equal(sink.packets.length, 0, name);
  }
});

t.test('started again while it stops, it takes leave before it comes back', async (t) => {
  const { camera, sink, source, log, show } = await setUp(t);
  source.start(sink);
  await camera.until('PLAY');
  const stopped = source.stop();
  source.start(sink);
  await stopped;
  await camera.until('PLAY', 2);
  t.same(camera.methods.slice(4), ['TEARDOWN', 'OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
  show('key');
  await log.until('playing');
  t.notOk(log.names.includes('idle'), 'it was wanted all the time');
});

t.test('listeners hear each change once, until they leave', async (t) => {
  const { camera, sink, source } = await setUp(t, { DESCRIBE: (turn) => turn.answer('503 Busy') });
  const heard: string[] = [];
  const leave = source.onState((state) => {
    heard.push(state.name);
    t.equal(source.state, state);
  });
  const log = new StateLog(source);
  source.start(sink);
  await log.until('waiting');
  leave();
  await source.stop();
  t.equal(camera.connections, 1);
  t.same(heard, ['connecting', 'waiting']);
  t.same(log.names, ['connecting', 'waiting', 'idle']);
});
