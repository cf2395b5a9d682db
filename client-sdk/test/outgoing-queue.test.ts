/*
 * The pace of a page: bursts pass, floods wait, order holds, the queue is bounded. Time is a fake clock's.
 */

import { limits } from '@sallyport/protocol/limits';
import fc from 'fast-check';
import t from 'tap';
import { clientLimits } from '../src/client-limits.ts';
import { OutgoingQueue } from '../src/outgoing-queue.ts';
import { fullBucket, takeToken } from '../src/send-pacer.ts';
import { FakeClock } from './support/fake-clock.ts';

const pace = { perSecond: clientLimits.sendPerSecond, burst: clientLimits.sendBurst };

t.test('the page is slower than the server allows', async (t) => {
  t.ok(pace.perSecond < limits.signalMessagesPerSecond);
  t.ok(pace.burst < limits.signalMessagesBurst);
});

t.test('a burst goes out at once, the rest at its pace and in order', async (t) => {
  const clock = new FakeClock();
  const sent: string[] = [];
  const queue = new OutgoingQueue(clock, (text) => sent.push(text));
  const texts = Array.from({ length: pace.burst + 3 }, (_, n) => `m${n}`);
  for (const text of texts) t.ok(queue.push(text));
  t.equal(sent.length, pace.burst);
  t.equal(clock.timers, 1, 'one timer for all that wait');
  clock.advance(Math.ceil(1_000 / pace.perSecond));
  t.equal(sent.length, pace.burst + 1);
  clock.advance(1_000);
  t.same(sent, texts);
  t.equal(clock.timers, 0);
});

t.test('a full queue takes nothing more, and a stopped one writes nothing more', async (t) => {
  const clock = new FakeClock();
  const sent: string[] = [];
  const queue = new OutgoingQueue(clock, (text) => sent.push(text));
  const room = pace.burst + clientLimits.outgoingMessagesMax;
  for (let n = 0; n < room; n += 1) queue.push(`m${n}`);
  t.notOk(queue.push('one too many'));
  queue.stop();
  t.equal(clock.timers, 0);
  clock.advance(60_000);
  t.equal(sent.length, pace.burst);
  t.notOk(queue.push('after the end'));
});

t.test('no pattern of sending exceeds burst plus rate', async () => {
  const gaps = fc.array(fc.integer({ min: -50, max: 2_000 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(gaps, (gapsMs) => {
      let nowMs = 0;
      let passedMs = 0;
      let bucket = fullBucket(pace, nowMs);
      let taken = 0;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        passedMs += Math.max(0, gapMs);
        const step = takeToken(bucket, pace, nowMs);
        bucket = step.bucket;
        if (step.waitMs === 0) taken += 1;
      }
      return taken <= pace.burst + (passedMs * pace.perSecond) / 1_000;
    }),
  );
});
