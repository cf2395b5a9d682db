/* Weekly hours as a resident reads them on a clock, through summer time and midnight. */
import fc from 'fast-check';
import t from 'tap';
import { decideHours } from '../../src/domain/opening-hours.ts';

const hours = (timeZone: string, days: number[], fromMinute: number, toMinute: number) => ({
  timeZone,
  windows: [{ days, fromMinute, toMinute }],
});
const at = (iso: string) => Date.parse(iso);

t.test('inside and outside', async (t) => {
  const rows = [
    ['first minute', hours('UTC', [1], 540, 600), '2026-01-05T09:00:00Z', true],
    ['one millisecond before', hours('UTC', [1], 540, 600), '2026-01-05T08:59:59.999Z', false],
    ['last millisecond', hours('UTC', [1], 540, 600), '2026-01-05T09:59:59.999Z', true],
    ['the end itself', hours('UTC', [1], 540, 600), '2026-01-05T10:00:00Z', false],
    ['another day', hours('UTC', [2], 540, 600), '2026-01-05T09:30:00Z', false],
    ['Sunday is 7', hours('UTC', [7], 0, 1440), '2026-01-04T23:59:59Z', true],
    ['winter in Chicago', hours('America/Chicago', [1], 540, 600), '2026-01-05T15:30:00Z', true],
    ['summer in Chicago', hours('America/Chicago', [1], 540, 600), '2026-07-06T14:30:00Z', true],
    ['summer in Chicago is not winter', hours('America/Chicago', [1], 540, 600), '2026-07-06T15:30:00Z', false],
    ['yesterday over there', hours('Pacific/Auckland', [2], 0, 60), '2026-01-05T11:30:00Z', true],
  ] as const;
  for (const [name, when, iso, inside] of rows) t.equal(decideHours(when, at(iso)).inside, inside, name);
});

t.test('says until when', async (t) => {
  const verdict = decideHours(hours('UTC', [1], 540, 600), at('2026-01-05T09:30:12.345Z'));
  t.same(verdict, { inside: true, untilMs: at('2026-01-05T10:00:00Z') });
  t.same(decideHours(null, 5), { inside: true, untilMs: Number.MAX_SAFE_INTEGER });
});

t.test('overlapping windows last as long as the longest', async (t) => {
  const both = {
    timeZone: 'UTC',
    windows: [
      { days: [1], fromMinute: 540, toMinute: 600 },
      { days: [1], fromMinute: 500, toMinute: 700 },
    ],
  };
  t.same(decideHours(both, at('2026-01-05T09:30:00Z')), { inside: true, untilMs: at('2026-01-05T11:40:00Z') });
});

t.test('property: the end named is in the future and within a day', async (t) => {
  const anyHours = fc.record({
    timeZone: fc.constantFrom('UTC', 'America/Chicago', 'Asia/Kathmandu', 'Pacific/Auckland'),
    windows: fc.array(
      fc
        .tuple(fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }), fc.nat(1439), fc.nat(1439))
        .filter(([, from, to]) => from < to)
        .map(([days, fromMinute, toMinute]) => ({ days, fromMinute, toMinute })),
      { minLength: 1, maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(anyHours, fc.integer({ min: 0, max: 4_000_000_000_000 }), (when, nowMs) => {
      const verdict = decideHours(when, nowMs);
      return !verdict.inside || (verdict.untilMs > nowMs && verdict.untilMs - nowMs <= 86_400_000);
    }),
  );
  t.pass();
});
