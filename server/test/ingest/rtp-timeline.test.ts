// One sequence and one time line, whatever comes in.
import fc from 'fast-check';
import t from 'tap';
import { sequenceDelta, timestampDelta } from '../../src/ingest/rtp-packet.ts';
import { RtpTimeline } from '../../src/ingest/rtp-timeline.ts';
import { fixedRandomness, systemRandomness } from './support/surroundings.ts';

t.test('never starts at 0, and starts in the lower half', async (t) => {
  for (const byte of [0, 1, 127, 128, 255]) {
    const first = new RtpTimeline(fixedRandomness(byte)).takeSequence(0);
    t.ok(first >= 1 && first <= 0x4000, `random byte ${byte}: ${first}`);
  }
});

t.test('follows the incoming time by its steps, through its wrap, and back for B pictures', async (t) => {
  const timeline = new RtpTimeline(fixedRandomness(0xff));
  const start = timeline.place(1, 4_294_960_000, 0)?.timestamp ?? 0;
  const steps: [sequence: number, timestamp: number, expected: number][] = [
    [2, 4_294_966_000, 6_000],
    [3, 4_704, 12_000],
    [4, 1_704, 9_000],
    [5, 7_704, 15_000],
  ];
  for (const [sequence, timestamp, expected] of steps) {
    const placed = timeline.place(sequence, timestamp, 1);
    t.match(placed, { continuity: 'whole', missing: 0 });
    t.equal(timestampDelta(start, placed?.timestamp ?? 0), expected);
  }
});

t.test('keeps small holes, closes big ones, drops the late', async (t) => {
  const timeline = new RtpTimeline(fixedRandomness(1));
  t.match(timeline.place(65_534, 0, 0), { continuity: 'broken', missing: 0 });
  t.match(timeline.place(65_535, 0, 0), { continuity: 'whole', missing: 0 });
  t.match(timeline.place(2, 0, 0), { continuity: 'whole', missing: 2 });
  t.equal(timeline.place(1, 0, 0), null, 'late');
  t.equal(timeline.place(2, 0, 0), null, 'twice');
  t.match(timeline.place(103, 0, 0), { continuity: 'whole', missing: 100 });
  t.match(timeline.place(205, 0, 0), { continuity: 'broken', missing: 0 });
  t.match(timeline.place(40_000, 0, 0), { continuity: 'broken', missing: 0 });
  t.equal(timeline.takeSequence(0) + 3, timeline.takeSequence(2));
});

t.test('bridges breaks by the time that has really passed', async (t) => {
  const timeline = new RtpTimeline(fixedRandomness(9));
  const before = timeline.place(1, 1_000_000, 10_000)?.timestamp ?? 0;
  timeline.restart();
  const after = timeline.place(500, 77, 12_000)?.timestamp ?? 0;
  t.equal(timestampDelta(before, after), 180_000, 'two seconds');
  const jumped = timeline.place(501, 77 + 90 * 3_600_000, 12_040)?.timestamp ?? 0;
  t.equal(timestampDelta(after, jumped), 3_600, 'an hour in one step is a jump');
  const back = timeline.place(502, 0, 12_041)?.timestamp ?? 0;
  t.equal(timestampDelta(jumped, back), 3_000, 'no step is shorter than a picture');
  timeline.restart();
  const muchLater = timeline.place(1, 5, 12_041 + 7 * 86_400_000)?.timestamp ?? 0;
  t.ok(timestampDelta(back, muchLater) > 0, 'a week later is still later');
});

t.test('with anything coming in, what is placed never jumps', async () => {
  const arrival = fc.tuple(fc.nat(65_535), fc.nat(4_294_967_295), fc.nat(5_000), fc.boolean());
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
      const timeline = new RtpTimeline(systemRandomness);
      let nowMs = 0;
      let sinceLastMs = 0;
      let last: { sequence: number; timestamp: number } | null = null;
      for (const [sequence, timestamp, passedMs, restarts] of arrivals) {
        nowMs += passedMs;
        sinceLastMs += passedMs;
        if (restarts) timeline.restart();
        const placed = timeline.place(sequence, timestamp, nowMs);
        if (!placed) continue;
        const next = { sequence: timeline.takeSequence(placed.missing), timestamp: placed.timestamp };
        if (last) {
          const ticks = timestampDelta(last.timestamp, next.timestamp);
          if (sequenceDelta(last.sequence, next.sequence) < 1 || sequenceDelta(last.sequence, next.sequence) > 101)
            return false;
          if (ticks < -90_000 || ticks > Math.max(900_000, sinceLastMs * 90 + 3_000)) return false;
        }
        last = next;
        sinceLastMs = 0;
      }
      return true;
    }),
    { numRuns: 500 },
  );
});
