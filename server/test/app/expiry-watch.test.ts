/* What ends by itself gets its entry at its moment, once, and a store that fails is asked again. */
import t from 'tap';
import { ExpiryWatch } from '../../src/app/expiry-watch.ts';
import type { Expiries } from '../../src/app/ports/store.ts';
import { NOW_MS } from '../support/facts.ts';
import { ManualClock } from '../support/manual-clock.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

t.test('looks at the known end, and once a minute for those not known yet', async (t) => {
  const clock = new ManualClock(NOW_MS);
  const looks: number[] = [];
  let nextAtMs: number | null = NOW_MS + 90_000;
  const noteExpiries = async (nowMs: number): Promise<Expiries> => {
    looks.push(nowMs - NOW_MS);
    if (nextAtMs !== null && nowMs >= nextAtMs) nextAtMs = null;
    return { noted: 0, nextAtMs };
  };
  const watch = new ExpiryWatch({ noteExpiries }, clock, log);
  await watch.start();
  await clock.advance(200_000);
  t.same(looks, [0, 60_000, 90_000, 150_000]);
  watch.stop();
  await clock.advance(200_000);
  t.equal(looks.length, 4, 'nothing after the stop');
  t.equal(clock.timers, 0);
});

t.test('a store that fails is asked again, not in a tight loop', async (t) => {
  const clock = new ManualClock(NOW_MS);
  let asked = 0;
  const noteExpiries = async (): Promise<Expiries> => {
    asked += 1;
    if (asked === 1) throw new Error('busy');
    return { noted: 1, nextAtMs: 0 };
  };
  const watch = new ExpiryWatch({ noteExpiries }, clock, log);
  await watch.start();
  await clock.advance(59_999);
  t.equal(asked, 1);
  await clock.advance(1);
  t.equal(asked, 2);
  await clock.advance(1_000);
  t.equal(asked, 12, 'an end in the past is looked at ten times a second at most');
  watch.stop();
});
