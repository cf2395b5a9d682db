/*
 * The reports of a run made by hand: every number is there, nothing that was not measured pretends to be zero, and no text
 * becomes markup.
 */
import t from 'tap';
import { buildHtmlReport } from '../../src/report/html-report.ts';
import { describePoint, Progress } from '../../src/report/progress.ts';
import { buildSummary, DURATION_ROWS, SCALAR_ROWS } from '../../src/report/summary.ts';
import type { RunResult } from '../../src/run/conclusion.ts';
import { FIGURE_NAMES } from '../../src/run/figures.ts';
import { readOptions } from '../../src/run/options.ts';
import type { Point } from '../../src/run/sampler.ts';

const read = readOptions(['--self', '--operator-key', 'sp_secret']);
if (read.kind !== 'run') throw new Error('the options of this test are wrong');

const point: Point = {
  ...{ atMs: 1_000, viewersUp: 7, joins: 3, joinP95Ms: 41.5, firstFrameP95Ms: 60, latencyP50Ms: null },
  ...{ latencyP95Ms: null, lossRate: 0.001, packetsPerSecond: 900, megabitsPerSecond: 9, kernelDrops: 0 },
  ...{ serverNodeCores: 0.1, serverWorkerCores: 0.2, harnessCores: 0.3 },
};

const result: RunResult = {
  startedAtMs: 0,
  options: read.options,
  host: { cpu: 'Test <CPU>', cores: 2, kernel: '6', node: 'v24' },
  figures: {
    ...{ join_p50: 20, join_p95: 41.5, join_p99: 50, join_max: 51, join_count: 10, dark_count: 0, viewers_max: 7 },
    ...{ joins_asked: 10, joins_denied: 1, joins_failed: 2, loss_rate: 0.0125, memory_mb_per_viewer: null },
  },
  canary: { join_p50: 18 },
  points: [point, { ...point, atMs: 2_000, viewersUp: 8 }],
  thresholds: [
    { text: 'join_p95<40ms', figure: 'join_p95', operator: '<', value: 40, measured: 41.5, verdict: 'fail' },
    { text: 'dark_p99<50ms', figure: 'dark_p99', operator: '<', value: 50, measured: null, verdict: 'fail' },
  ],
  verdict: { standing: 'DEGRADED', reasons: ['arrivals began late <b>'] },
  ledger: { started: 10, ended: 10, mismatches: 1, examples: ['ses_1 has 1 starts and 0 ends'] },
  troubles: [['denied: <script>alert(1)</script>', 3]],
  leftBehind: [],
};

t.test('the summary has the figures, and leaves out what was not measured', async (t) => {
  const text = buildSummary(result);
  t.match(text, /join: token presented to first RTP +20 ms +42 ms +50 ms +51 ms +10 +18 ms/);
  t.match(text, /joins asked \/ denied \/ failed +10 \/ 1 \/ 2/);
  t.match(text, /loss, net of the harness +1\.25 %/);
  t.notMatch(text, /withdraw to dark|for a viewer\b/);
  t.match(text, /FAIL {2}join_p95<40ms {2}\(41\.5\)/);
  t.match(text, /FAIL {2}dark_p99<50ms {2}\(not measured\)/);
  t.match(text, /3 x denied: /);
  t.match(text, /Verdict: DEGRADED\n {2}arrivals began late/);
});

t.test('the page has the same, as text', async (t) => {
  const page = buildHtmlReport(result);
  t.match(page, /class="verdict DEGRADED"/);
  t.match(page, /not measured/);
  t.match(page, /1280 x 720/);
  t.notMatch(page, /<script|<b>|sp_secret|NaN|undefined|\[object/);
  t.notMatch(page, /https?:/, 'it fetches nothing');
});

t.test('every row is about a figure that exists', async (t) => {
  for (const [name] of DURATION_ROWS) t.ok(FIGURE_NAMES.includes(`${name}_p95`), name);
  for (const [, name] of SCALAR_ROWS) t.ok(FIGURE_NAMES.includes(name), name);
});

t.test('the live line is written over itself on a terminal, and seldom elsewhere', async (t) => {
  t.match(
    describePoint(point, 13),
    /t=1 s {2}viewers 7\/13 {2}join p95 42 ms .* loss 0\.10 % .* server 0\.20 \+ 0\.10 cores/,
  );
  const written: string[] = [];
  const terminal = new Progress((text) => written.push(text), 'terminal');
  terminal.show(point, 13);
  terminal.show(point, 13);
  terminal.say('done');
  t.ok(written.slice(0, 2).every((text) => text.startsWith('\r') && !text.endsWith('\n')));
  t.equal(written.at(-1), 'done\n');
  const plain: string[] = [];
  const log = new Progress((text) => plain.push(text), 'plain');
  for (let at = 0; at < 10; at += 1) log.show(point, 13);
  t.equal(plain.length, 2);
  t.ok(plain.every((text) => text.endsWith('\n')));
});
