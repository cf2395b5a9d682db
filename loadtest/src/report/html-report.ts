/*
 * The report as one HTML page that needs nothing else: verdict on top, then thresholds, durations, charts, cost, conditions.
 * Pure; every text is escaped.
 */
import type { RunResult } from '../run/conclusion.ts';
import type { Point } from '../run/sampler.ts';
import { type Chart, drawChart, escapeText, type Line } from './chart.ts';
import { ms } from './progress.ts';
import { DURATION_ROWS, describeScalar, SCALAR_ROWS } from './summary.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --rule: #d8dee6; --ground: #fff; --panel: #f5f7fa;
  --a: #1f6feb; --b: #c2410c; --c: #15803d; --good: #15803d; --mild: #a16207; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --rule: #323a46; --ground: #12161c;
  --panel: #1a2028; --a: #6ea8ff; --b: #fb923c; --c: #4ade80; --good: #4ade80; --mild: #facc15; --bad: #f87171; } }
* { box-sizing: border-box; } body { margin: 0 auto; max-width: 86rem; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } p { margin: .25rem 0; }
.soft, small { color: var(--soft); } .verdict { border-left: .4rem solid; background: var(--panel); padding: .75rem 1rem;
  margin: 1rem 0; } .verdict strong { font-size: 1.25rem; } .VALID, .pass { color: var(--good); border-color: var(--good); }
td.pass, td.fail { border-bottom-color: var(--rule); } .DEGRADED { color: var(--mild); border-color: var(--mild); } .INVALID, .fail { color: var(--bad); border-color: var(--bad); }
.verdict li, .verdict p { color: var(--ink); } .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; color: var(--soft); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.charts, .columns { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: 0; background: var(--panel); padding: .75rem; border-radius: .4rem; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; display: block; } .rule { stroke: var(--rule); } .axis { fill: var(--soft); font-size: 11px; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; } .dot { stroke: none; } .dot.a { fill: var(--a); } .dot.b { fill: var(--b); } .dot.c { fill: var(--c); } .line.a { stroke: var(--a); }
.line.b { stroke: var(--b); stroke-dasharray: 6 3; } .line.c { stroke: var(--c); stroke-dasharray: 2 3; }
.legend { font-size: .85rem; color: var(--soft); } .key { margin-right: 1rem; }
.key::before { content: ""; display: inline-block; width: 1.2rem; margin-right: .35rem; vertical-align: middle;
  border-top: 2px solid; } .key.a::before { border-color: var(--a); } .key.b::before { border-color: var(--b);
  border-top-style: dashed; } .key.c::before { border-color: var(--c); border-top-style: dotted; }
`;

type LineSpec = readonly [name: string, tone: Line['tone'], value: (point: Point) => number | null];
type ChartSpec = readonly [title: string, unit: string, lines: readonly LineSpec[]];

const charts: readonly ChartSpec[] = [
  ['Viewers with a picture', 'viewers', [['viewers', 'a', ({ viewersUp }) => viewersUp]]],
  [
    'Joins of each second, 95th percentile',
    'ms',
    [
      ['first RTP', 'a', ({ joinP95Ms }) => joinP95Ms],
      ['first whole picture', 'b', ({ firstFrameP95Ms }) => firstFrameP95Ms],
    ],
  ],
  [
    'Latency from ingest to viewer',
    'ms',
    [
      ['p95', 'a', ({ latencyP95Ms }) => latencyP95Ms],
      ['p50', 'b', ({ latencyP50Ms }) => latencyP50Ms],
    ],
  ],
  ['Loss', '% of packets', [['loss', 'b', ({ lossRate }) => lossRate * 100]]],
  ['Received', 'Mbit/s', [['all viewers', 'a', ({ megabitsPerSecond }) => megabitsPerSecond]]],
  [
    'Processor',
    'cores',
    [
      ['media workers', 'a', ({ serverWorkerCores }) => serverWorkerCores],
      ['control process', 'b', ({ serverNodeCores }) => serverNodeCores],
      ['harness', 'c', ({ harnessCores }) => harnessCores],
    ],
  ],
];

const row = (cells: readonly string[], numbersFrom: number, tag: 'td' | 'th' = 'td'): string =>
  `<tr>${cells.map((cell, at) => `<${tag}${at >= numbersFrom ? ' class="n"' : ''}>${escapeText(cell)}</${tag}>`).join('')}</tr>`;
const table = (head: string, rows: readonly string[]): string =>
  `<div class="wide"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`;

function drawCharts(points: readonly Point[]): string {
  const seconds = points.map(({ atMs }) => atMs / 1_000);
  const drawn = charts
    .map(([title, unit, lines]): Chart => {
      const built = lines.map(([name, tone, value]): Line => ({ name, tone, values: points.map(value) }));
      return { title, unit, seconds, lines: built.filter(({ values }) => values.some((one) => one !== null)) };
    })
    .filter(({ lines }) => lines.length > 0);
  return `<div class="charts">${drawn.map(drawChart).join('')}</div>`;
}

function writeVerdict({ verdict }: RunResult): string {
  const reasons = verdict.reasons.map((reason) => `<li>${escapeText(reason)}</li>`).join('');
  const meaning = {
    VALID: 'The harness kept up: the figures are the server’s.',
    DEGRADED: 'The harness was late or lost a little of its own: read the figures with that in mind.',
    INVALID: 'The harness was saturated: the figures are mostly its own and neither pass nor fail.',
  }[verdict.standing];
  const why = reasons === '' ? '' : `<ul>${reasons}</ul>`;
  return `<div class="verdict ${verdict.standing}"><strong>${verdict.standing}</strong><p>${meaning}</p>${why}</div>`;
}

function writeThresholds({ thresholds }: RunResult): string {
  const rows = thresholds.map(({ text, measured, verdict }) => {
    const value = measured === null ? 'not measured' : String(Number(measured.toPrecision(4)));
    return `<tr><td>${escapeText(text)}</td><td class="n">${escapeText(value)}</td><td class="${verdict}">${verdict}</td></tr>`;
  });
  return table('<tr><th>Threshold</th><th class="n">Measured</th><th>Verdict</th></tr>', rows);
}

function writeDurations({ figures, canary }: RunResult): string {
  const rows = DURATION_ROWS.filter(([name]) => (figures[`${name}_count`] ?? 0) > 0).map(([name, words]) => {
    const points = ['p50', 'p95', 'p99', 'max'].map((point) => ms(figures[`${name}_${point}`] ?? null));
    return row([words, ...points, String(figures[`${name}_count`] ?? 0), ms(canary[`${name}_p50`] ?? null)], 1);
  });
  return table(row(['Duration', 'p50', 'p95', 'p99', 'max', 'samples', 'canary p50'], 1, 'th'), rows);
}

function writeScalars({ figures }: RunResult): string {
  const rows = SCALAR_ROWS.flatMap((one) => {
    const text = describeScalar(one, figures);
    return text === null ? [] : row([one[0], text], 1);
  });
  return table(row(['Count and cost', 'Value'], 1, 'th'), rows);
}

const SECRET = ['operator-key', 'agency-key', 'camera-login', 'thresholds', 'json', 'html'];

const UNITS: Readonly<Record<string, string>> = {
  duration: 'ms',
  every: 'ms',
  gop: 'ms',
  bitrate: 'kbit/s',
  arrivals: '/s',
};

function writeOption(name: string, value: unknown): string {
  if (typeof value === 'object' && value !== null) return Object.values(value).join(' x ');
  return `${String(value)} ${UNITS[name] ?? ''}`.trim();
}

function writeConditions({ options, host, startedAtMs }: RunResult): string {
  const shown = Object.entries(options).filter(([name, value]) => !SECRET.includes(name) && value !== null);
  const rows = [
    ['started', new Date(startedAtMs).toISOString()],
    ['machine of the harness', `${host.cores} x ${host.cpu}, Linux ${host.kernel}, Node ${host.node}`],
    ...shown.map(([name, value]) => [name, writeOption(name, value)]),
  ].map((cells) => row(cells, 9));
  return table(row(['Condition', 'Value'], 9, 'th'), rows);
}

function writeLedger({ ledger, troubles, leftBehind }: RunResult): string {
  const lines = [
    ...ledger.examples,
    ...troubles.map(([what, count]) => `${count} x ${what}`),
    ...leftBehind.map((what) => `left behind: ${what}`),
  ].map((line) => `<li>${escapeText(line)}</li>`);
  const sum = `${ledger.started} sessions begun and ${ledger.ended} ended on record; ${ledger.mismatches} differ from what viewers saw.`;
  return `<p>${sum}</p>${lines.length === 0 ? '' : `<ul>${lines.join('')}</ul>`}`;
}

export function buildHtmlReport(result: RunResult): string {
  const { options } = result;
  const what = `${options.scenario}: ${options.viewers} viewers on ${options.cameras} cameras for ${options.duration / 1_000} s`;
  const where = options.target === 'self' ? 'a server of the harness’s own, on the same machine' : (options.url ?? '');
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeText(`Load test, ${what}`)}</title><style>${STYLE}</style></head><body>`,
    `<h1>Load test</h1><p>${escapeText(what)}</p><p class="soft">${escapeText(where)}</p>`,
    writeVerdict(result),
    '<h2>Thresholds</h2>',
    writeThresholds(result),
    '<h2>Durations</h2>',
    writeDurations(result),
    '<h2>Over time</h2>',
    drawCharts(result.points),
    '<div class="columns"><section><h2>Counts and cost</h2>',
    writeScalars(result),
    '</section><section><h2>Ledger</h2>',
    writeLedger(result),
    '<h2>Conditions</h2>',
    writeConditions(result),
    '</section></div></body></html>\n',
  ].join('\n');
}
