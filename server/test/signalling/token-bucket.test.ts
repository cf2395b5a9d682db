/* The pace of a client: the burst, the refill, and clocks that stand or go back. */
import fc from 'fast-check';
import t from 'tap';
import { TokenBucket } from '../../src/signalling/token-bucket.ts';

const rate = { perSecond: 20, burst: 60 };
const takeAll = (bucket: TokenBucket, atMs: number): number => {
  let taken = 0;
  while (bucket.take(atMs)) taken += 1;
  return taken;
};

t.test('the burst, then one for every twentieth of a second, never more than the burst', async (t) => {
  const bucket = new TokenBucket(rate, 1_000);
  t.equal(takeAll(bucket, 1_000), 60);
  t.equal(takeAll(bucket, 1_049), 0);
  t.equal(takeAll(bucket, 1_050), 1);
  t.equal(takeAll(bucket, 2_050), 20);
  t.equal(takeAll(bucket, 1_000_000), 60);
});

t.test('a time that goes back gives nothing, twice', async (t) => {
  const bucket = new TokenBucket(rate, 10_000);
  takeAll(bucket, 10_000);
  t.equal(bucket.take(0), false);
  t.equal(bucket.take(10_000), false, 'the way back up is not counted again');
  t.equal(bucket.take(10_050), true);
});

t.test('over any stretch of time at most burst + rate x time are taken', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500), { maxLength: 300 }), (stepsMs) => {
      const bucket = new TokenBucket(rate, 0);
      let atMs = 0;
      let taken = 0;
      for (const stepMs of stepsMs) {
        atMs += stepMs;
        if (bucket.take(atMs)) taken += 1;
      }
      return taken <= rate.burst + (atMs * rate.perSecond) / 1_000;
    }),
  );
});
