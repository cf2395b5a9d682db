// The meter: rates that are right on a steady camera, losses that are counted once, and a memory that does not grow.
import fc from 'fast-check';
import t from 'tap';
import { IntakeMeter } from '../../src/ingest/intake-meter.ts';
import { limits } from '../../src/ingest/limits.ts';

/** A camera at 20 pictures a second, 4 packets of 1,000 bytes each: 640 kbit/s. */
function play(meter: IntakeMeter, fromMs: number, untilMs: number, start = 0, lose = (_: number): boolean => false) {
  let sequence = start;
  for (let atMs = fromMs; atMs < untilMs; atMs += 50) {
    for (let part = 0; part < 4; part += 1) {
      if (!lose(sequence)) meter.see({ sequence: sequence & 0xffff, timestamp: atMs * 90 }, 1_000, atMs);
      sequence += 1;
    }
  }
  return sequence;
}

const near = (value: number | undefined, wanted: number): boolean => Math.abs((value ?? 0) / wanted - 1) < 0.06;

t.test('says nothing before it has seen enough', async (t) => {
  const meter = new IntakeMeter();
  t.equal(meter.rates(0), null);
  play(meter, 10_000, 10_900);
  t.equal(meter.rates(10_900), null);
  t.not(meter.rates(11_000), null);
});

t.test('measures a steady camera, whatever moment it is asked at', async (t) => {
  const meter = new IntakeMeter();
  let sequence = 65_000;
  for (let fromMs = 100_000; fromMs < 120_000; fromMs += 350) {
    sequence = play(meter, fromMs, fromMs + 350, sequence);
    const rates = meter.rates(fromMs + 350);
    if (rates === null) continue;
    t.ok(near(rates.bitsPerSecond, 640_000), `${rates.bitsPerSecond} bit/s`);
    t.ok(near(rates.framesPerSecond, 20), `${rates.framesPerSecond} pictures/s`);
    t.equal(rates.lossRatio, 0);
  }
  t.equal(meter.packetsLost, 0, 'a wrap of the sequence is no loss');
});

t.test('forgets what is older than its window', async (t) => {
  const meter = new IntakeMeter();
  const next = play(meter, 50_000, 60_000, 0, (sequence) => sequence % 10 === 5);
  t.ok(near(meter.rates(60_000)?.lossRatio, 0.1));
  play(meter, 60_000, 66_000, next);
  t.equal(meter.rates(66_000)?.lossRatio, 0, 'the losses are over');
  t.equal(meter.packetsLost, 80, 'and still counted');
  const { bitsPerSecond, framesPerSecond } = meter.rates(90_000) ?? {};
  t.same([bitsPerSecond, framesPerSecond], [0, 0], 'a silent camera sends nothing');
});

t.test('begins anew after a break, without taking it for loss or for a slow camera', async (t) => {
  const meter = new IntakeMeter();
  play(meter, 50_000, 60_000);
  meter.restart();
  play(meter, 90_000, 92_000, 40_000);
  t.equal(meter.packetsLost, 0);
  t.ok(near(meter.rates(92_000)?.bitsPerSecond, 640_000));
});

const steps: readonly [name: string, sequences: readonly number[], lost: number][] = [
  ['in order', [1, 2, 3], 0],
  ['one missing', [1, 3], 1],
  ['a duplicate', [1, 2, 2, 3], 0],
  ['late is of no use and lost', [1, 3, 2, 4], 1],
  ['over the wrap', [65_534, 1], 2],
  ['the longest gap', [0, limits.meterGapMax], limits.meterGapMax - 1],
  ['a jump is a new beginning', [0, limits.meterGapMax + 1, limits.meterGapMax + 2], 0],
  ['far back is a new beginning', [9_000, 100, 101, 103], 1],
];
for (const [name, sequences, lost] of steps) {
  t.test(`counts losses: ${name}`, async (t) => {
    const meter = new IntakeMeter();
    for (const sequence of sequences) meter.see({ sequence, timestamp: 0 }, 100, 0);
    t.equal(meter.packetsLost, lost);
  });
}

t.test('numbers of packets that are no picture leave no hole', async (t) => {
  const meter = new IntakeMeter();
  meter.see({ sequence: 1, timestamp: 0 }, 100, 0);
  meter.passOver(2, 0);
  meter.see({ sequence: 3, timestamp: 0 }, 100, 0);
  t.equal(meter.packetsLost, 0);
});

t.test('counts exactly what was left out, from any start', async (t) => {
  const plan = fc.record({
    start: fc.integer({ min: 0, max: 0xffff }),
    keep: fc.array(fc.boolean(), { minLength: 2, maxLength: 500 }),
  });
  fc.assert(
    fc.property(plan, ({ start, keep }) => {
      const meter = new IntakeMeter();
      const kept = keep.flatMap((isKept, at) => (isKept ? [at] : []));
      for (const at of kept) meter.see({ sequence: (start + at) & 0xffff, timestamp: at }, 10, at);
      const [first = 0] = kept;
      const missing = keep.slice(first, kept.at(-1) ?? first).filter((isKept) => !isKept).length;
      return meter.packetsLost === missing;
    }),
  );
  t.pass('500 packets and any of them lost');
});

t.test('any numbers at any time give rates that are rates', async (t) => {
  const arrival = fc.record({
    sequence: fc.integer({ min: 0, max: 0xffff }),
    timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
    sizeBytes: fc.integer({ min: 12, max: 65_535 }),
    passedMs: fc.integer({ min: 0, max: 20_000 }),
  });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 300 }), (arrivals) => {
      const meter = new IntakeMeter();
      let nowMs = 0;
      for (const { sequence, timestamp, sizeBytes, passedMs } of arrivals) {
        nowMs += passedMs;
        meter.see({ sequence, timestamp }, sizeBytes, nowMs);
        const rates = meter.rates(nowMs);
        if (rates === null) continue;
        const { bitsPerSecond, framesPerSecond, lossRatio } = rates;
        if (!(bitsPerSecond > 0 && framesPerSecond >= 0 && lossRatio >= 0 && lossRatio < 1)) return false;
      }
      return meter.packetsLost >= 0;
    }),
  );
  t.pass('finite, never negative, never more than all');
});

t.test('tells B pictures from a clock that is set back and from packets that came late', async (t) => {
  const seen = (packets: readonly (readonly [sequence: number, picture: number])[]): boolean => {
    const meter = new IntakeMeter();
    for (const [sequence, picture] of packets) meter.see({ sequence, timestamp: (picture * 3_000) >>> 0 }, 100, 0);
    return meter.hasBPictures;
  };
  const numbered = (pictures: readonly number[]) => pictures.map((picture, at) => [65_530 + at, picture] as const);
  const wrapped = (packets: ReturnType<typeof numbered>) =>
    packets.map(([sequence, picture]) => [sequence & 0xffff, picture] as const);
  t.equal(seen(wrapped(numbered([0, 3, 1, 2, 6, 4, 5, 9, 7, 8]))), true);
  t.equal(seen(wrapped(numbered([0, 1, 2, 3, 4, 5, 6, 7, 8]))), false);
  t.equal(seen(wrapped(numbered([0, 0, 0, 1, 1, 1, 2, 2, 2]))), false, 'slices of one picture');
  t.equal(seen(wrapped(numbered([0, 1, 2, 1, 2, 3, 4]))), false, 'set back once');
  t.equal(seen(wrapped(numbered([900, 0, 900, 0, 900, 0, 900, 0]))), false, 'jumps of half a minute are none');
  t.equal(
    seen([
      [5, 5],
      [3, 3],
      [4, 4],
      [8, 8],
      [6, 6],
      [7, 7],
      [11, 11],
      [9, 9],
    ]),
    false,
    'late',
  );
});
