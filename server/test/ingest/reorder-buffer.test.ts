// Packets that overtook each other: what order they come out in, and that nothing is held too long, too much or for ever.
import fc from 'fast-check';
import t from 'tap';
import { limits } from '../../src/ingest/limits.ts';
import { ReorderBuffer } from '../../src/ingest/reorder-buffer.ts';
import { ManualClock } from './support/clocks.ts';

function setUp() {
  const clock = new ManualClock();
  const out: number[] = [];
  let holes = 0;
  const buffer = new ReorderBuffer(clock, {
    packet: (packet) => void out.push(Buffer.from(packet).readUInt16BE()),
    hole: () => {
      holes += 1;
    },
  });
  const push = (sequence: number): void => {
    const packet = Buffer.alloc(2);
    packet.writeUInt16BE(sequence & 0xffff);
    buffer.push(packet, sequence & 0xffff);
  };
  return { clock, out, buffer, push, holes: () => holes };
}

t.test('in order they pass at once, and no timer is left', async (t) => {
  const { clock, out, push } = setUp();
  for (const sequence of [65_534, 65_535, 0, 1]) push(sequence);
  t.same(out, [65_534, 65_535, 0, 1]);
  t.equal(clock.waiting, 0);
});

t.test('what overtook waits for what it overtook', async (t) => {
  const { clock, out, push, holes } = setUp();
  for (const sequence of [65_534, 1, 0, 65_535]) push(sequence);
  t.same(out, [65_534, 65_535, 0, 1]);
  t.equal(holes(), 0);
  t.equal(clock.waiting, 0);
});

t.test('a hole is waited for as long as said, from the packet that waits longest', async (t) => {
  const { clock, out, push, holes } = setUp();
  push(10);
  push(12);
  clock.advance(limits.reorderWaitMs - 20);
  push(15);
  t.same(out, [10]);
  clock.advance(20);
  t.same(out, [10, 12], 'the first hole is given up');
  t.equal(holes(), 1);
  clock.advance(limits.reorderWaitMs - 20);
  t.same(out, [10, 12, 15], 'and the second in its own time');
  push(11);
  push(12);
  t.same(out, [10, 12, 15], 'too late, and twice');
  push(16);
  t.same(out, [10, 12, 15, 16]);
  t.equal(clock.waiting, 0);
});

t.test('a camera that begins anew is no disorder', async (t) => {
  for (const next of [5_000, 40_000, 10_000 - limits.meterGapMax - 2]) {
    const { clock, out, push } = setUp();
    push(10_000);
    push(10_002);
    push(next);
    push(next + 1);
    t.same(out, [10_000, 10_002, next, next + 1], `${next}`);
    t.equal(clock.waiting, 0);
  }
});

t.test('holds no more than said', async (t) => {
  const { out, push, holes } = setUp();
  push(0);
  for (let sequence = 2; out.length === 1; sequence += 1) push(sequence);
  t.equal(out.length, 1 + limits.reorderPacketsMax);
  t.equal(holes(), 1);
});

t.test('stopped, it holds and does nothing', async (t) => {
  const { clock, out, buffer, push } = setUp();
  push(0);
  push(2);
  buffer.stop();
  t.equal(clock.waiting, 0);
  clock.advance(1_000);
  t.same(out, [0]);
});

t.test('whatever comes: each packet once at most, and in order when the disorder is small', async () => {
  const arrival = fc.record({ delay: fc.nat({ max: 20 }), twice: fc.boolean(), lost: fc.boolean() });
  fc.assert(
    fc.property(fc.nat({ max: 65_535 }), fc.array(arrival, { minLength: 1, maxLength: 120 }), (first, arrivals) => {
      const { clock, out, buffer, push } = setUp();
      push(first);
      const sent = arrivals.flatMap(({ delay, twice, lost }, at) => {
        const one = { sequence: first + 1 + at, due: at + delay };
        return lost ? [] : twice ? [one, { ...one, due: one.due + 3 }] : [one];
      });
      for (const { sequence } of sent.toSorted((a, b) => a.due - b.due)) push(sequence);
      clock.advance(limits.reorderWaitMs);
      const came = [...new Set(sent.map(({ sequence }) => sequence & 0xffff))];
      const expected = [first, ...came.toSorted((a, b) => ((a - first) & 0xffff) - ((b - first) & 0xffff))];
      buffer.stop();
      return JSON.stringify(out) === JSON.stringify(expected) && clock.waiting === 0;
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 65_535 }), { maxLength: 300 }), (sequences) => {
      const { clock, out, push } = setUp();
      for (const sequence of sequences) push(sequence);
      clock.advance(limits.reorderWaitMs);
      return out.length <= sequences.length && clock.waiting === 0;
    }),
  );
});
