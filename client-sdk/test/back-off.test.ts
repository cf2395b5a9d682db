/*
 * The pause before another attempt: grows, stays within its bounds, and differs from page to page.
 */
import fc from 'fast-check';
import t from 'tap';
import { backOffMs } from '../src/back-off.ts';

t.test('doubles from half a second to thirty', async (t) => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 60].map((attempt) => backOffMs(attempt, 1));
  t.same(longest, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  const shortest = [0, 1, 2, 6, 60].map((attempt) => backOffMs(attempt, 0));
  t.same(shortest, [250, 500, 1_000, 15_000, 15_000]);
});

t.test('stays within its bounds for any attempt and any chance', async () => {
  const attempt = fc.integer({ min: -10, max: 1_000_000 });
  fc.assert(
    fc.property(attempt, fc.double({ min: 0, max: 1, noNaN: true }), (n, chance) => {
      const pauseMs = backOffMs(n, chance);
      return pauseMs >= 250 && pauseMs <= 30_000;
    }),
  );
});
