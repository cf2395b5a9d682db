/* The memory of used proofs: once each, bounded, and nothing forgotten early. */
import fc from 'fast-check';
import t from 'tap';
import { ReplayWindow } from '../../src/tokens/replay-window.ts';
import { REPLAY_ENTRIES_MAX, REPLAY_WINDOW_MS } from '../../src/tokens/token-limits.ts';

t.test('a mark is fresh once and seen for 180 s', async (t) => {
  const window = new ReplayWindow();
  t.equal(window.admit('a', 0), 'fresh');
  t.equal(window.admit('a', 0), 'seen');
  t.equal(window.admit('b', 1), 'fresh');
  t.equal(window.admit('a', REPLAY_WINDOW_MS - 1), 'seen');
  t.equal(window.admit('a', REPLAY_WINDOW_MS), 'fresh');
  t.equal(window.admit('b', REPLAY_WINDOW_MS), 'seen', 'one of 1 ms later is still there');
});

t.test('being seen again does not prolong a mark', async (t) => {
  const window = new ReplayWindow();
  window.admit('a', 0);
  window.admit('a', REPLAY_WINDOW_MS - 1);
  t.equal(window.admit('a', REPLAY_WINDOW_MS), 'fresh');
});

t.test('when full it refuses, forgets nothing, and has room again in time', async (t) => {
  const window = new ReplayWindow({ entriesMax: 3, windowMs: 100 });
  for (const mark of ['a', 'b', 'c']) window.admit(mark, 0);
  t.equal(window.admit('d', 50), 'full');
  t.equal(window.admit('a', 50), 'seen', 'a flood does not push out what is remembered');
  t.equal(window.size, 3);
  t.equal(window.admit('d', 100), 'fresh', 'a refused mark had not been noted');
  t.equal(window.size, 1);
});

t.test('the default bound holds', async (t) => {
  const window = new ReplayWindow();
  for (let n = 0; n < REPLAY_ENTRIES_MAX; n += 1) window.admit(String(n), 0);
  t.equal(window.size, REPLAY_ENTRIES_MAX);
  t.equal(window.admit('one more', 0), 'full');
  t.equal(window.admit('one more', REPLAY_WINDOW_MS), 'fresh');
  t.equal(window.size, 1);
});

t.test('a clock that goes back, or is no number, forgets nothing early', async (t) => {
  const window = new ReplayWindow({ entriesMax: 10, windowMs: 100 });
  window.admit('late', 1_000);
  window.admit('early', 0);
  t.equal(window.admit('late', 50), 'seen');
  t.equal(window.admit('early', 99), 'seen');
  t.equal(window.admit('early', Number.NaN), 'seen');
});

t.test('against a model that remembers everything', async () => {
  const event = fc.record({ mark: fc.constantFrom('a', 'b', 'c', 'd', 'e'), afterMs: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const window = new ReplayWindow({ entriesMax: 3, windowMs: 100 });
      const admittedAtMs = new Map<string, number>();
      let nowMs = 0;
      return events.every(({ mark, afterMs }) => {
        nowMs += afterMs;
        for (const [old, atMs] of admittedAtMs) if (nowMs >= atMs + 100) admittedAtMs.delete(old);
        const expected = admittedAtMs.has(mark) ? 'seen' : admittedAtMs.size >= 3 ? 'full' : 'fresh';
        if (expected === 'fresh') admittedAtMs.set(mark, nowMs);
        return window.admit(mark, nowMs) === expected && window.size <= 3;
      });
    }),
  );
});
