/* The total of processor time: grows, never falls, counts nothing twice. */
import fc from 'fast-check';
import t from 'tap';
import { CpuTotal } from '../../src/telemetry/cpu-total.ts';

t.test('workers come, go, and come back under the same number', async (t) => {
  const total = new CpuTotal();
  const steps: readonly [readings: Readonly<Record<string, number>>, grown: number][] = [
    [{ a: 1, b: 2 }, 3],
    [{ a: 1.5, b: 2 }, 0.5],
    [{ a: 2 }, 0.5],
    [{ a: 2, b: 3 }, 1],
    [{ a: 0.25, b: 3 }, 0.25],
    [{}, 0],
    [{ c: Number.NaN, a: 0.25 }, 0],
  ];
  for (const [readings, grown] of steps) {
    const rows = Object.entries(readings).map(([worker, cpuSeconds]) => ({ worker, cpuSeconds }));
    t.equal(total.advance(rows), grown, JSON.stringify(readings));
  }
});

t.test('whatever is read, the total never falls and is a number', async () => {
  const cpuSeconds = fc.oneof(
    fc.double({ min: -10, max: 1e9 }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  );
  const reading = fc.record({ worker: fc.constantFrom('a', 'b', 'c'), cpuSeconds });
  fc.assert(
    fc.property(fc.array(fc.array(reading, { maxLength: 4 }), { maxLength: 20 }), (scrapes) => {
      const total = new CpuTotal();
      return scrapes.every((readings) => {
        const grown = total.advance(readings);
        return Number.isFinite(grown) && grown >= 0;
      });
    }),
  );
});

t.test('only so many workers are remembered, the newest', async (t) => {
  const total = new CpuTotal();
  for (let at = 0; at < 1_500; at += 1) total.advance([{ worker: String(at), cpuSeconds: 1 }]);
  t.equal(total.advance([{ worker: '1499', cpuSeconds: 1 }]), 0, 'remembered');
  t.equal(total.advance([{ worker: '0', cpuSeconds: 1 }]), 1, 'forgotten');
});
