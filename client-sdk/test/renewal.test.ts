/*
 * When a gate is renewed, and what a page's token callback may do to a feed.
 */
import fc from 'fast-check';
import t from 'tap';
import { PageRefusal, ViewingRefused } from '../src/refusal.ts';
import { fetchToken, renewAfterMs } from '../src/renewal.ts';
import { FakeClock } from './support/fake-clock.ts';

t.test('renews when two thirds are gone, not too often, not too late', async (t) => {
  t.equal(renewAfterMs(300_000), 200_000);
  t.equal(renewAfterMs(3_000), 2_000);
  t.equal(renewAfterMs(1_500), 1_000);
  t.equal(renewAfterMs(1_499), null);
  t.equal(renewAfterMs(-5), null);
});

t.test('an end that renewals cannot move is asked about a few times, not for ever', async (t) => {
  let tries = 0;
  for (let leftMs = 900_000; ; tries += 1) {
    const delayMs = renewAfterMs(leftMs);
    if (delayMs === null) break;
    leftMs -= delayMs;
  }
  t.ok(tries <= 10, `${tries} tries`);
});

t.test('always before the end', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_500, max: 900_000 }), (leftMs) => {
      const delayMs = renewAfterMs(leftMs);
      return delayMs !== null && delayMs >= 1_000 && delayMs < leftMs;
    }),
  );
});

const refusal = async (ask: () => Promise<string>, clock = new FakeClock()): Promise<unknown> => {
  try {
    await fetchToken(ask, clock);
    return null;
  } catch (cause) {
    return cause instanceof PageRefusal ? cause.reason : cause;
  } finally {
    t.equal(clock.timers, 0, 'no timer stays behind');
  }
};

t.test('a token is handed on', async (t) => {
  const clock = new FakeClock();
  t.equal(await fetchToken(async () => 'a.b.c', clock), 'a.b.c');
  t.equal(clock.timers, 0);
});

t.test('a callback that fails, throws, refuses or sleeps', async (t) => {
  t.equal(await refusal(() => Promise.reject(new Error('503'))), 'token-unavailable');
  const throwsAtOnce = (): Promise<string> => {
    throw new Error('a bug of the page');
  };
  t.equal(await refusal(throwsAtOnce), 'token-unavailable');
  t.equal(await refusal(() => Promise.reject(new ViewingRefused('signed out'))), 'token-refused');
  t.equal(await refusal(() => Promise.reject(new PageRefusal('unsupported'))), 'unsupported');
  const clock = new FakeClock();
  const sleeping = refusal(() => new Promise<string>(() => {}), clock);
  clock.advance(30_000);
  t.equal(await sleeping, 'token-unavailable');
});
