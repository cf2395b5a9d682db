/* Percentiles within half a percent, whatever way the samples came together. */
import t from 'tap';
import { addedSince, Distribution, mergeAll } from '../src/distribution.ts';

const of = (...samples: number[]): Distribution => {
  const made = new Distribution();
  for (const sample of samples) made.add(sample);
  return made;
};

t.test('percentiles are those of the samples', async (t) => {
  const samples = Array.from({ length: 1_000 }, (_, at) => at + 1);
  const made = of(...samples);
  for (const [share, wanted] of [
    [0.5, 500],
    [0.95, 950],
    [0.99, 990],
    [1, 1_000],
  ] as const) {
    const got = made.percentile(share) ?? 0;
    t.ok(Math.abs(got - wanted) <= wanted * 0.005, `p${share * 100} is ${got}`);
  }
  t.equal(made.mean, 500.5);
  t.equal(made.max, 1_000);
});

t.test('no samples give nothing, one gives itself', async (t) => {
  t.equal(of().percentile(0.5), null);
  t.equal(of().mean, null);
  t.equal(of(7.25).percentile(0.5), 7.25);
  t.equal(of(-3).percentile(0.99), 0, 'less than nothing is nothing');
});

t.test('merged is as if all had come to one, and a difference undoes it', async (t) => {
  const [a, b] = [of(1, 2, 3, 400), of(5, 6, 7, 8)];
  const both = mergeAll([a.pack(), b.pack()]);
  t.same(both.pack(), of(1, 2, 3, 400, 5, 6, 7, 8).pack());
  const again = mergeAll([addedSince(both.pack(), a.pack())]);
  t.equal(again.count, 4);
  t.equal(again.percentile(0.5), b.percentile(0.5));
  t.ok(Math.abs((again.max ?? 0) - 8) < 0.05, 'the 400 was there before');
});
