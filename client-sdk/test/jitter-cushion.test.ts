/* How much of the picture is held back: nothing on a good line, round trips on a lossy one, and nothing again after. */
import t from 'tap';
import { clientLimits } from '../src/client-limits.ts';
import { type Cushioned, JitterCushion, readLossCount } from '../src/jitter-cushion.ts';

const EVERY_MS = 250;

/** A line that loses in `losing` of every `of` counts; answers what was set at the end of so many milliseconds. */
function run(forMs: number, { losing, of, roundTripMs = 100 }: { losing: number; of: number; roundTripMs?: number }) {
  const sets: (number | null)[] = [];
  const receiver: Cushioned = {
    get jitterBufferTarget() {
      return sets.at(-1) ?? null;
    },
    set jitterBufferTarget(ms) {
      sets.push(ms);
    },
  };
  const cushion = new JitterCushion(receiver);
  let nacks = 0;
  let nowMs = 0;
  const on = (ms: number, losingNow: number, roundTrip = roundTripMs) => {
    for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += EVERY_MS) {
      if ((nowMs / EVERY_MS) % of < losingNow) nacks += 1;
      cushion.see({ nacks, roundTripMs: roundTrip }, nowMs);
    }
    return sets;
  };
  on(forMs, losing);
  return { sets, on };
}

t.test('a good line and a join hold back nothing', async (t) => {
  t.same(run(60_000, { losing: 0, of: 1 }).sets, []);
  t.same(run(500, { losing: 2, of: 2 }).on(60_000, 0), [], 'two counts with losses');
  t.same(run(120_000, { losing: 1, of: 40 }).sets, [], 'one loss in ten seconds');
});

const targets: readonly (readonly [roundTripMs: number, targetMs: number])[] = [
  [5, clientLimits.cushionMsMin],
  [100, 300],
  [900, clientLimits.cushionMsMax],
];
for (const [roundTripMs, targetMs] of targets) {
  t.test(`a lossy line of ${roundTripMs} ms holds back ${targetMs} ms, said once`, async (t) => {
    t.same(run(30_000, { losing: 1, of: 4, roundTripMs }).sets, [targetMs]);
  });
}

t.test('it follows the line, and lets go when the losses are over', async (t) => {
  const { on } = run(10_000, { losing: 1, of: 4 });
  t.same(on(10_000, 1, 110), [300], 'a small change is none');
  t.same(on(10_000, 1, 150), [300, 450]);
  t.same(on(clientLimits.lossRememberedMs + EVERY_MS, 0, 150), [300, 450, null]);
  t.same(on(60_000, 0, 150), [300, 450, null]);
});

t.test('a browser without the setting is left alone', async (t) => {
  const receiver = {};
  const cushion = new JitterCushion(receiver);
  for (let count = 1; count < 20; count += 1) cushion.see({ nacks: count, roundTripMs: 50 }, count * EVERY_MS);
  t.same(receiver, {});
});

t.test('statistics: what is there is read, what is missing is none', async (t) => {
  const report = (...rows: readonly object[]) => new Map(rows.map((row, at) => [String(at), row])) as RTCStatsReport;
  t.same(readLossCount(report()), { nacks: 0, roundTripMs: 0 });
  t.same(readLossCount(report({ type: 'inbound-rtp' }, { type: 'candidate-pair' })), { nacks: 0, roundTripMs: 0 });
  const rows = [
    { type: 'inbound-rtp', nackCount: 7 },
    { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 },
    { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.05 },
  ];
  t.same(readLossCount(report(...rows)), { nacks: 7, roundTripMs: 50 });
});
