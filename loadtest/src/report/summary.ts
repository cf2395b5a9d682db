/*
 * What a run says at its end, as text: verdict, figures, thresholds, what went wrong. Pure.
 */
import type { RunResult } from '../run/conclusion.ts';
import type { FigureValues, Judged } from '../run/thresholds.ts';
import { cores, ms, percent } from './progress.ts';

/** Durations in the order a viewer meets them, in words. */
export const DURATION_ROWS: readonly (readonly [name: string, words: string])[] = [
  ['lag', 'harness: due to begun'],
  ['token', 'token: due to in hand'],
  ['admission', 'admission: token presented to offer'],
  ['ice', 'ICE: offer to first check answered'],
  ['dtls', 'DTLS: from there to SRTP keys'],
  ['join', 'join: token presented to first RTP'],
  ['first_frame', 'first frame: offer to first whole picture'],
  ['start', 'start: due to first whole picture'],
  ['cold_first_frame', 'first frame of a camera nobody watched'],
  ['browser_first_frame', 'browsers: offer to first presented frame'],
  ['latency', 'latency: ingest to viewer'],
  ['browser_latency', 'browsers: camera to screen, by the picture'],
  ['jitter', 'jitter (RFC 3550)'],
  ['dark', 'withdraw to dark: last packet of anybody'],
  ['dark_viewer', 'withdraw to dark: each viewer'],
  ['dark_server', "withdraw to dark: the server's word"],
];

type Scalar = readonly [words: string, name: string, write: (value: number) => string];
const number =
  (digits: number, unit = '') =>
  (value: number): string =>
    `${value.toFixed(digits)} ${unit}`.trim();

export const SCALAR_ROWS: readonly Scalar[] = [
  ['viewers at once', 'viewers_max', number(0)],
  ['joins asked / denied / failed', 'joins_asked', number(0)],
  ['loss, net of the harness', 'loss_rate', (value) => percent(value)],
  ['loss with the harness', 'loss_rate_total', (value) => percent(value)],
  ['packets left out while joining', 'start_holes', number(0)],
  ['freezes', 'freezes', number(0)],
  ['frozen per viewer and minute', 'freeze_ms_per_minute', number(0, 'ms')],
  ['received', 'megabits_per_second', number(1, 'Mbit/s')],
  ['withdrawals', 'withdrawals', number(0)],
  ['old tokens tried / let through', 'denials_tried', number(0)],
  ['server processor', 'server_cores', (value) => `${cores(value)} cores`],
  ['... of it the control process', 'node_cpu_share', percent],
  ['... for a viewer and second', 'server_cpu_ms_per_viewer_second', number(2, 'ms')],
  ['worker for 1,000 packets', 'worker_cpu_ms_per_1000_packets', number(1, 'ms')],
  ['server waiting for a processor', 'server_run_queue_share', percent],
  ['server memory', 'server_memory_mb', number(0, 'MB')],
  ['... for a viewer', 'memory_mb_per_viewer', number(2, 'MB')],
  ['... for a camera', 'memory_mb_per_camera', number(2, 'MB')],
  ['harness processor', 'harness_cores', (value) => `${cores(value)} cores`],
  ['harness event loop late, p99', 'harness_loop_delay_p99', (value) => ms(value)],
  ['harness waiting for a processor', 'harness_run_queue_share', percent],
  ['packets dropped at the harness', 'harness_drops', number(0)],
];

/** Beside a figure, the others of its row. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  joins_asked: ['joins_denied', 'joins_failed'],
  denials_tried: ['denials_let_through'],
};

export function describeScalar([, name, write]: Scalar, figures: FigureValues): string | null {
  const value = figures[name] ?? null;
  if (value === null) return null;
  return [write(value), ...(ALSO[name] ?? []).map((other) => String(figures[other] ?? 0))].join(' / ');
}

export function describeThreshold({ text, measured, verdict }: Judged): string {
  const value = measured === null ? 'not measured' : `${Number(measured.toPrecision(4))}`;
  return `${verdict === 'pass' ? 'pass' : 'FAIL'}  ${text}  (${value})`;
}

export function buildSummary(result: RunResult): string {
  const { figures, canary, verdict, ledger } = result;
  const wide = 44;
  const head = `${''.padEnd(wide)}${['p50', 'p95', 'p99', 'max', 'n', 'canary p50'].map((word) => word.padStart(11)).join('')}`;
  const durations = DURATION_ROWS.filter(([name]) => (figures[`${name}_count`] ?? 0) > 0).map(([name, words]) => {
    const points = ['p50', 'p95', 'p99', 'max'].map((point) => ms(figures[`${name}_${point}`] ?? null));
    const count = String(figures[`${name}_count`] ?? 0);
    return `${words.padEnd(wide)}${[...points, count, ms(canary[`${name}_p50`] ?? null)].map((text) => text.padStart(11)).join('')}`;
  });
  const scalars = SCALAR_ROWS.flatMap((row) => {
    const text = describeScalar(row, figures);
    return text === null ? [] : `${row[0].padEnd(wide)}${text.padStart(11)}`;
  });
  return [
    '',
    head,
    ...durations,
    '',
    ...scalars,
    '',
    `Ledger: ${ledger.started} starts, ${ledger.ended} ends, ${ledger.mismatches} that differ from what viewers saw`,
    ...ledger.examples.map((example) => `  ${example}`),
    ...result.troubles.map(([what, count]) => `  ${count} x ${what}`),
    ...result.leftBehind.map((what) => `  left behind: ${what}`),
    '',
    ...result.thresholds.map(describeThreshold),
    '',
    `Verdict: ${verdict.standing}`,
    ...verdict.reasons.map((reason) => `  ${reason}`),
    '',
  ].join('\n');
}
