/* What makes a run's figures doubtful or worthless, and the exit code that says so. */
import t from 'tap';
import { exitCodeOf } from '../../src/run/conclusion.ts';
import type { FigureValues, Judged } from '../../src/run/thresholds.ts';
import { judgeRun, type Standing } from '../../src/run/verdict.ts';

const sound: FigureValues = {
  harness_drops: 0,
  packets: 100_000,
  harness_loop_delay_p99: 5,
  harness_run_queue_share: 0.02,
  lag_p95: 2,
  join_p50: 30,
  latency_p50: 12,
};
const canary: FigureValues = { join_p50: 25, latency_p50: 10 };

const cases: readonly (readonly [name: string, change: FigureValues, standing: Standing, words: RegExp])[] = [
  ['all is well', {}, 'VALID', /^$/],
  ['one packet dropped', { harness_drops: 1 }, 'DEGRADED', /kernel dropped 0.00 %/],
  ['many dropped', { harness_drops: 2_000 }, 'INVALID', /kernel dropped 2.00 %/],
  ['a late event loop', { harness_loop_delay_p99: 60 }, 'DEGRADED', /60.0 ms late/],
  ['a very late one', { harness_loop_delay_p99: 400 }, 'INVALID', /limit 250.0 ms/],
  ['waiting for a processor', { harness_run_queue_share: 0.25 }, 'DEGRADED', /waited for a processor 25.00 %/],
  ['the server waits for one', { server_run_queue_share: 0.2 }, 'DEGRADED', /the server waited.*others used it/],
  ['the server starves', { server_run_queue_share: 0.6 }, 'INVALID', /the server waited/],
  ['starved', { harness_run_queue_share: 0.7 }, 'INVALID', /waited/],
  ['late arrivals', { lag_p95: 80 }, 'DEGRADED', /arrivals began/],
  ['joins slower than the canary', { join_p50: 300 }, 'DEGRADED', /longer than the canary/],
  ['latency far above the canary', { latency_p50: 986 }, 'INVALID', /above the canary/],
  ['nothing measured', { join_p50: null, latency_p50: null }, 'VALID', /^$/],
  ['the worst counts', { harness_drops: 2_000, lag_p95: 80 }, 'INVALID', /kernel.*arrivals/s],
];
t.test('the harness judges itself', async (t) => {
  for (const [name, change, standing, words] of cases) {
    const verdict = judgeRun({ figures: { ...sound, ...change }, canary, arrivals: 'spread' });
    t.equal(verdict.standing, standing, name);
    t.match(verdict.reasons.join('\n'), words, name);
  }
});

t.test('a storm stands in line, which the canary does not', async (t) => {
  const figures = { ...sound, join_p50: 900 };
  t.equal(judgeRun({ figures, canary, arrivals: 'at-once' }).standing, 'VALID');
  t.equal(judgeRun({ figures: { ...figures, latency_p50: 99 }, canary, arrivals: 'at-once' }).standing, 'DEGRADED');
});

const threshold = (verdict: 'pass' | 'fail'): Judged => ({
  ...{ text: 'x', figure: 'join_p95', operator: '<', value: 1, measured: 0 },
  verdict,
});
const codes: readonly (readonly [standing: Standing, thresholds: readonly ('pass' | 'fail')[], code: number])[] = [
  ['VALID', [], 0],
  ['VALID', ['pass', 'pass'], 0],
  ['DEGRADED', ['pass'], 0],
  ['VALID', ['pass', 'fail'], 99],
  ['DEGRADED', ['fail'], 99],
  ['INVALID', ['pass'], 3],
  ['INVALID', ['fail'], 3],
];
t.test('the exit code says the same', async (t) => {
  for (const [standing, thresholds, code] of codes) {
    const result = { verdict: { standing, reasons: [] }, thresholds: thresholds.map(threshold) };
    t.equal(exitCodeOf(result), code, `${standing} with ${thresholds.join(', ') || 'none'}`);
  }
});
