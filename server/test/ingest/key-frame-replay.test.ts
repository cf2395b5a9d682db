// The cache of the current group of pictures, and sending it again: paced, once, and not for nothing.
import t from 'tap';
import { GopCache } from '../../src/ingest/gop-cache.ts';
import { KeyFrameReplay } from '../../src/ingest/key-frame-replay.ts';
import { limits } from '../../src/ingest/limits.ts';
import { ManualClock } from './support/clocks.ts';

function setUp(packets: number, bytes = 1_200) {
  const clock = new ManualClock();
  const cache = new GopCache();
  const sent: Uint8Array[] = [];
  const replay = new KeyFrameReplay(cache, clock, (packet) => void sent.push(packet));
  const begin = (): void => {
    cache.begin(clock.monotonicMs());
    for (let i = 0; i < packets; i += 1) cache.add(new Uint8Array(bytes).fill(i % 256));
  };
  begin();
  return { clock, cache, sent, replay, begin };
}

t.test('the cache holds one group, and none that is too long', async (t) => {
  const cache = new GopCache();
  cache.add(new Uint8Array(10));
  t.ok(cache.isEmpty, 'nothing before the first key picture');
  cache.begin(1_000);
  cache.add(new Uint8Array(10));
  t.equal(cache.packets().length, 1);
  t.equal(cache.lengthMs, null);
  cache.begin(5_000);
  t.ok(cache.isEmpty);
  t.equal(cache.lengthMs, 4_000);
  t.equal(cache.dueInMs(6_000), 3_000);
  t.equal(cache.ageMs(6_000), 1_000);
  for (let i = 0; i < limits.cachedPacketsMax; i += 1) cache.add(new Uint8Array(1));
  t.equal(cache.packets().length, limits.cachedPacketsMax);
  cache.add(new Uint8Array(1));
  cache.add(new Uint8Array(1));
  t.ok(cache.isEmpty, 'half a group is of no use');
  cache.begin(9_000);
  cache.add(new Uint8Array(limits.cachedBytesMax));
  t.equal(cache.packets().length, 1);
  cache.add(new Uint8Array(1));
  t.ok(cache.isEmpty, 'too many bytes');
  cache.begin(9_500);
  cache.clear();
  t.equal(cache.ageMs(9_600), null);
  t.equal(cache.dueInMs(9_600), null);
  cache.begin(20_000);
  t.equal(cache.lengthMs, 500, 'a break is not a group');
});

t.test('sends everything again, in order, no faster than its pace', async (t) => {
  const { clock, cache, sent, replay } = setUp(500);
  clock.advance(1_500);
  replay.request();
  t.ok(sent.length > 0, 'begins at once');
  const startBytes = sent.length * 1_200;
  t.ok(startBytes < 64_000, 'but not with more than a socket buffer holds');
  for (let ms = 1; sent.length < 500; ms += 1) {
    clock.advance(1);
    const allowed = startBytes + (limits.replayBytesPerSecond * ms) / 1_000 + 1_200;
    if (sent.length * 1_200 > allowed) t.fail(`${sent.length} packets after ${ms} ms`);
    if (ms > 1_000) t.fail('never ends');
  }
  t.same(sent, cache.packets());
  t.equal(replay.count, 1);
  t.equal(clock.waiting, 0, 'and leaves no timer behind');
});

t.test('catches up in small portions after the event loop was held up', async (t) => {
  const { clock, sent, replay } = setUp(1_000);
  replay.request();
  const before = sent.length;
  clock.stall(3_000);
  clock.advance(0);
  const portion = sent.length - before;
  t.ok(portion > 0 && portion * 1_200 < 32_000, `${portion} packets`);
});

t.test('one runs at a time, and one more waits', async (t) => {
  const { clock, sent, replay } = setUp(100);
  replay.request();
  replay.request();
  replay.request();
  clock.advance(1_000);
  t.equal(replay.count, 2);
  t.equal(sent.length, 200);
});

t.test('a new key picture calls it off', async (t) => {
  const { clock, sent, replay, begin } = setUp(500);
  replay.request();
  replay.request();
  replay.cancel();
  begin();
  const sentBefore = sent.length;
  clock.advance(5_000);
  t.equal(sent.length, sentBefore);
  replay.request();
  clock.advance(5_000);
  t.equal(sent.length, sentBefore + 500, 'and it can be asked again');
});

t.test('waits for a key picture that is due when the replay would be long', async (t) => {
  const { clock, sent, replay, begin } = setUp(100);
  clock.advance(4_000);
  begin();
  clock.advance(3_900);
  replay.request();
  replay.request();
  t.equal(sent.length, 0, 'due in 100 ms');
  replay.cancel();
  clock.advance(1_000);
  t.equal(sent.length, 0, 'it came');

  begin();
  clock.advance(1_000 + 3_900 - 1_000);
  replay.request();
  clock.advance(2_000);
  t.equal(sent.length, 100, 'it stayed away: replayed after all');
});

t.test('does not wait when groups are short', async (t) => {
  const { clock, sent, replay, begin } = setUp(10);
  clock.advance(1_000);
  begin();
  clock.advance(900);
  replay.request();
  t.equal(sent.length, 10);
});

t.test('a viewer that asks without end gets a bounded share, and leaves something for others', async (t) => {
  const SECONDS = 60;
  const { clock, sent, replay, begin } = setUp(1_400);
  for (let ms = 0; ms < SECONDS * 1_000; ms += 10) {
    if (ms % 10_000 === 0) {
      replay.cancel();
      begin();
    }
    replay.request();
    clock.advance(10);
  }
  const sentBytes = sent.length * 1_200;
  const longest = limits.cachedBytesMax;
  t.ok(
    sentBytes <= limits.replayPortionBytes + SECONDS * limits.replayMeanBytesPerSecond + longest,
    `${sentBytes} bytes`,
  );
  t.ok(sentBytes > (SECONDS * limits.replayMeanBytesPerSecond) / 2, 'and it is not starved');
  t.ok(clock.waiting <= 1, 'however many requests, one timer');

  clock.advance(10_000);
  replay.cancel();
  begin();
  const before = sent.length;
  replay.request();
  t.ok(sent.length > before, 'when it is over, a newcomer is served at once');
});

t.test('a crowd of newcomers is served without waiting', async (t) => {
  const { clock, sent, replay } = setUp(500);
  for (let viewer = 0; viewer < 6; viewer += 1) {
    replay.request();
    clock.advance(150);
  }
  clock.advance(1_000);
  t.ok(replay.count >= 3, `${replay.count} replays`);
  t.equal(sent.length, replay.count * 500);
});

t.test('with nothing to send it does nothing', async (t) => {
  const { clock, cache, sent, replay } = setUp(10);
  cache.clear();
  replay.request();
  t.equal(sent.length + replay.count + clock.waiting, 0);
});
