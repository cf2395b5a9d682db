/*
 * The source of a published camera: takes whoever feeds it, one feed through every change of publisher, nothing while
 * nobody watches, on a clock of the test's own.
 */
import { buildId, type CameraId } from '@sallyport/protocol/ids';
import t from 'tap';
import type { LivePublishers } from '../../src/app/ports/publisher.ts';
import { PublishedSource } from '../../src/ingest/published-source.ts';
import { RtpTimeline } from '../../src/ingest/rtp-timeline.ts';
import { systemRandomness } from '../../src/system-randomness.ts';
import { FakePublisher } from '../support/fake-publisher.ts';
import { settleMicrotasks } from '../support/manual-clock.ts';
import { ManualClock } from './support/clocks.ts';
import { idr, PPS, SampleCamera, SPS, slice } from './support/h264-samples.ts';
import { RecordingSink } from './support/recording-sink.ts';

const cameraId: CameraId = buildId('cam', new Uint8Array(17));

class FakeLive implements LivePublishers {
  current: FakePublisher | null = null;
  wanted = 0;
  readonly cuts: string[] = [];
  readonly listeners = new Set<() => void>();

  find(): FakePublisher | null {
    return this.current;
  }
  onChange(_cameraId: CameraId, listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  want(): () => void {
    this.wanted += 1;
    return () => {
      this.wanted -= 1;
    };
  }
  async cut(_cameraId: CameraId, reason: string): Promise<void> {
    this.cuts.push(reason);
    this.become(null);
  }
  become(publisher: FakePublisher | null): void {
    this.current = publisher;
    for (const listener of this.listeners) listener();
  }
}

function makeRig() {
  const clock = new ManualClock();
  const publishers = new FakeLive();
  const sink = new RecordingSink();
  const timeline = new RtpTimeline(systemRandomness);
  const source = new PublishedSource(cameraId, { publishers, clock, timelineOf: () => timeline });
  const states: string[] = [];
  source.onState((state) => states.push('reason' in state ? `${state.name} ${state.reason}` : state.name));
  return { clock, publishers, sink, source, states };
}

/** A publisher that sends pictures; the payload type is the one its tap names. */
function makePublisher() {
  const publisher = new FakePublisher(cameraId);
  const camera = new SampleCamera({ payloadType: 102, ssrc: Math.floor(Math.random() * 2 ** 31) });
  const send = (picture: readonly Uint8Array[]) => {
    for (const packet of picture) publisher.send(packet);
  };
  return {
    publisher,
    key: () => send(camera.picture([SPS, PPS, idr()])),
    delta: () => send(camera.picture([slice()])),
  };
}

t.test('plays who is there, from its first key picture', async (t) => {
  const { publishers, sink, source, states, clock } = makeRig();
  const { publisher, key, delta } = makePublisher();
  publishers.become(publisher);
  t.equal(publisher.taps.length, 0, 'nothing is taken before somebody watches');
  source.start(sink);
  t.equal(publishers.wanted, 1);
  await settleMicrotasks();
  t.equal(publisher.taps.length, 1);
  delta();
  t.equal(sink.packets.length, 0);
  t.same(states, ['connecting'], 'nothing to see yet');
  key();
  delta();
  t.same(states, ['connecting', 'playing']);
  t.ok(sink.packets.length >= 2);
  t.equal(source.describe()?.widthPx, 1_280);
  clock.advance(1_000);
  t.match(source.stats(), { packetsIn: 5, bitsPerSecond: Number, framesPerSecond: Number });
  const before = sink.packets.length;
  await source.stop();
  t.equal(publishers.wanted, 0);
  t.equal(publisher.taps[0]?.state, 'closed');
  key();
  t.equal(sink.packets.length, before, 'nothing after the stop');
  t.same(states, ['connecting', 'playing', 'idle']);
  t.equal(publishers.listeners.size, 0);
  t.equal(clock.waiting, 0, 'no timer is left');
});

t.test('waits for a publisher, and goes on with the next in one sequence and one time', async (t) => {
  const { publishers, sink, source, states, clock } = makeRig();
  source.start(sink);
  await settleMicrotasks();
  t.same(states, ['connecting', 'waiting no-publisher']);
  const [first, second] = [makePublisher(), makePublisher()];
  publishers.become(first.publisher);
  await settleMicrotasks();
  first.key();
  publishers.become(null);
  await settleMicrotasks();
  clock.advance(3_000);
  publishers.become(second.publisher);
  await settleMicrotasks();
  second.delta();
  second.key();
  t.same(states.slice(2), ['connecting', 'playing', 'waiting no-publisher', 'connecting', 'playing']);
  t.equal(first.publisher.taps[0]?.state, 'closed');
  const sequences = sink.packets.map(({ sequence }) => sequence);
  t.same(
    sequences,
    [...sequences.keys()].map((at) => ((sequences[0] ?? 0) + at) & 0xffff),
    'no hole, no jump',
  );
  const [last, next] = [sink.packets.at(0), sink.packets.at(-1)];
  t.equal(((next?.timestamp ?? 0) - (last?.timestamp ?? 0)) >>> 0, 3_000 * 90 + 3_000, 'by the time that passed');
  t.equal(source.stats().restarts, 1);
  await source.stop();
});

t.test('a newcomer is shown what is there, and the publisher is asked too', async (t) => {
  const { publishers, sink, source, clock } = makeRig();
  const { publisher, key, delta } = makePublisher();
  publishers.become(publisher);
  source.start(sink);
  await settleMicrotasks();
  key();
  delta();
  const before = sink.packets.length;
  sink.requestKeyFrame();
  clock.advance(50);
  t.equal(sink.packets.length, 2 * before, 'the group again');
  t.equal(publisher.taps[0]?.asked, 1);
  t.equal(source.stats().replays, 1);
  await source.stop();
});

t.test('who sends no key picture is asked again, not too often', async (t) => {
  const { publishers, sink, source, clock } = makeRig();
  const { publisher, delta } = makePublisher();
  publishers.become(publisher);
  source.start(sink);
  await settleMicrotasks();
  for (let count = 0; count < 11; count += 1) {
    delta();
    clock.advance(100);
  }
  t.equal(publisher.taps[0]?.asked, 2);
  await source.stop();
});

t.test('a packet that comes again after the next ones takes its place; one that does not is a hole', async (t) => {
  const { publishers, sink, source, clock } = makeRig();
  const { publisher, key } = makePublisher();
  publishers.become(publisher);
  source.start(sink);
  await settleMicrotasks();
  key();
  const camera = new SampleCamera({ payloadType: 102, ssrc: 7, sequence: 40_000 });
  const pictures = [camera.picture([SPS, PPS, idr()]), ...[1, 2, 3, 4].map(() => camera.picture([slice()]))].flat();
  const [late, lost] = [pictures[4], pictures[5]];
  const before = sink.packets.length;
  for (const packet of pictures) if (packet !== late && packet !== lost) publisher.send(packet);
  const held = sink.packets.length - before;
  clock.advance(100);
  t.equal(sink.packets.length - before, held, 'what follows the hole is held');
  publisher.send(late ?? new Uint8Array());
  clock.advance(151);
  const sequences = sink.packets.slice(before).map(({ sequence }) => sequence);
  const steps = sequences.slice(1).map((sequence, at) => (sequence - (sequences[at] ?? 0)) & 0xffff);
  t.same(
    steps.filter((step) => step !== 1),
    [2],
    'in order, with the one hole told',
  );
  t.equal(source.stats().packetsLost, 1);
  await source.stop();
});

t.test('a silent publisher is taken anew, one that floods is ended', async (t) => {
  const { publishers, sink, source, states, clock } = makeRig();
  const { publisher, key } = makePublisher();
  publishers.become(publisher);
  source.start(sink);
  await settleMicrotasks();
  key();
  clock.advance(5_000);
  await settleMicrotasks();
  t.same(states.slice(1), ['playing', 'waiting silent', 'connecting']);
  t.equal(publisher.taps.length, 2);
  const big = new SampleCamera({ payloadType: 102 });
  for (let count = 0; count < 11_000; count += 1) publisher.send(big.packet(slice(1_200)));
  clock.advance(1_000);
  await settleMicrotasks();
  t.same(publishers.cuts, ['flooded']);
  t.match(states.at(-1), /^waiting/);
  await source.stop();
});

t.test('sound is taken only where somebody may hear it, on a time line of its own', async (t) => {
  for (const isHeard of [true, false]) {
    const { publishers, sink, source } = makeRig();
    const { publisher, key } = makePublisher();
    publisher.sound = 'OPUS';
    publishers.become(publisher);
    const heard = new RecordingSink();
    const opened: string[] = [];
    const open = async (codec: string) => {
      opened.push(codec);
      return heard;
    };
    source.start(sink, isHeard ? open : null);
    await settleMicrotasks();
    key();
    const voice = new SampleCamera({ payloadType: 111, ssrc: 9 });
    for (let count = 0; count < 3; count += 1) publisher.send(voice.packet(slice(50)), 'sound');
    t.same(opened, isHeard ? ['OPUS'] : []);
    t.equal(heard.packets.length, isHeard ? 3 : 0);
    t.equal(publisher.taps[0]?.soundPayloadType, isHeard ? 111 : null);
    t.equal(source.describe()?.audio, 'OPUS', 'and whether there is any is known');
    await source.stop();
    publisher.send(voice.packet(slice(50)), 'sound');
    t.equal(heard.packets.length, isHeard ? 3 : 0, 'nothing after the stop');
  }
});

t.test('a publisher without sound opens no way for it', async (t) => {
  const { publishers, sink, source } = makeRig();
  const { publisher, key } = makePublisher();
  publishers.become(publisher);
  source.start(sink, async () => t.fail('nothing to open') as never);
  await settleMicrotasks();
  key();
  t.equal(source.state.name, 'playing');
  t.equal(source.describe()?.audio, null);
  await source.stop();
});

t.test('stopped while it is being taken: nothing stays open', async (t) => {
  const { publishers, sink, source, clock } = makeRig();
  const { publisher, key } = makePublisher();
  publishers.become(publisher);
  source.start(sink);
  const stopping = source.stop();
  await stopping;
  t.ok(publisher.taps.every(({ state }) => state === 'closed'));
  key();
  t.equal(sink.packets.length, 0);
  t.equal(clock.waiting, 0);
  source.start(sink);
  await settleMicrotasks();
  key();
  t.equal(source.state.name, 'playing', 'and it can be started again');
  await source.stop();
});

t.test('a publisher that is gone before it is taken', async (t) => {
  const { publishers, sink, source, states } = makeRig();
  const { publisher } = makePublisher();
  publisher.state = 'closed';
  publishers.become(publisher);
  source.start(sink);
  await settleMicrotasks();
  t.same(states.at(-1), 'waiting connection-lost');
  await source.stop();
});
