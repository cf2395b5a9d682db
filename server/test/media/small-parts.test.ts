/* Bounded waits, events that happen once, and back-off, on a clock of the test's own. */
import t from 'tap';
import { Backoff } from '../../src/media/backoff.ts';
import { mediaLimits } from '../../src/media/limits.ts';
import { textOf } from '../../src/media/media-fault.ts';
import { OnceSignal } from '../../src/media/once-signal.ts';
import { acquireWithin, within } from '../../src/media/within.ts';
import { ManualClock } from '../support/manual-clock.ts';

t.test('within: done, failed, late', async (t) => {
  const clock = new ManualClock(0);
  t.same(await within(clock, 10, Promise.resolve(7)), { how: 'done', value: 7 });
  const cause = new Error('no');
  t.same(await within(clock, 10, Promise.reject(cause)), { how: 'failed', cause });
  let failLate: (error: Error) => void = () => undefined;
  const pending = new Promise<never>((_, reject) => {
    failLate = reject;
  });
  const waiting = within(clock, 10, pending);
  await clock.advance(10);
  t.same(await waiting, { how: 'late' });
  failLate(cause);
  t.equal(clock.timers, 0, 'no timer is left, and the late failure is nobody’s surprise');
});

t.test('acquireWithin lets go of what comes too late', async (t) => {
  const clock = new ManualClock(0);
  const released: string[] = [];
  const release = (value: string) => released.push(value);
  t.equal(await acquireWithin(clock, 10, 'it', Promise.resolve('a'), release), 'a');
  await t.rejects(acquireWithin(clock, 10, 'it', Promise.reject(new Error('no')), release), { message: 'no' });
  let arrive: (value: string) => void = () => undefined;
  const slow = new Promise<string>((resolve) => {
    arrive = resolve;
  });
  const refused = t.rejects(acquireWithin(clock, 10, 'opening', slow, release), {
    code: 'timed-out',
    message: 'opening took longer than 10 ms',
  });
  await clock.advance(10);
  await refused;
  t.same(released, []);
  arrive('b');
  await clock.advance(0);
  t.same(released, ['b']);
});

t.test('a signal fires once, also for those who listen late, and not when muted', async (t) => {
  const heard: string[] = [];
  const signal = new OnceSignal<string>();
  signal.listen((value) => heard.push(`early ${value}`));
  signal.fire('a');
  signal.fire('b');
  signal.listen((value) => heard.push(`late ${value}`));
  t.same(heard, ['early a'], 'a late listener is not called inside its own registration');
  await Promise.resolve();
  t.same(heard, ['early a', 'late a']);

  const muted = new OnceSignal<string>();
  muted.listen((value) => heard.push(value));
  muted.mute();
  muted.fire('c');
  muted.listen((value) => heard.push(value));
  const between = new OnceSignal<string>();
  between.fire('d');
  between.listen((value) => heard.push(value));
  between.mute();
  await Promise.resolve();
  t.same(heard, ['early a', 'late a']);

  const full = new OnceSignal<void>();
  for (let index = 0; index < mediaLimits.listenersMax; index += 1) full.listen(() => undefined);
  t.throws(() => full.listen(() => undefined), { code: 'too-many' });
});

t.test('back-off doubles to its bound and forgets after a long life', async (t) => {
  const clock = new ManualClock(0);
  const backoff = new Backoff(clock);
  const delays = Array.from({ length: 9 }, () => backoff.nextDelayMs());
  t.same(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  backoff.begun();
  await clock.advance(mediaLimits.restartStableMs - 1);
  t.equal(backoff.nextDelayMs(), 30_000, 'not long enough');
  backoff.begun();
  await clock.advance(mediaLimits.restartStableMs);
  t.equal(backoff.nextDelayMs(), 250);
  t.equal(backoff.nextDelayMs(), 500);
});

t.test('the text of anything thrown', (t) => {
  t.equal(textOf(new Error('a')), 'a');
  t.equal(textOf('b'), 'b');
  t.equal(textOf(undefined), 'undefined');
  t.end();
});
