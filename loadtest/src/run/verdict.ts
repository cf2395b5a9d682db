/*
 * Whether a run's figures are the server's. VALID: the harness kept up. DEGRADED: it was late or lost a little of its own, and
 * says where. INVALID: what was measured is mostly the harness. Pure; one table shows what is looked at.
 */
import type { FigureValues } from './thresholds.ts';

export type Standing = 'VALID' | 'DEGRADED' | 'INVALID';
export type Verdict = { readonly standing: Standing; readonly reasons: readonly string[] };

/** What the canary measured in the same run, by the figures' names. */
export type Evidence = {
  readonly figures: FigureValues;
  readonly canary: FigureValues;
  /** `at-once`: the viewers stood in line behind each other, and the canary did not. */
  readonly arrivals: 'spread' | 'at-once';
};

type Row = {
  readonly what: (value: string, limit: string) => string;
  readonly value: (evidence: Evidence) => number | null;
  readonly degraded: number;
  readonly invalid: number;
  readonly unit: 'ms' | '%' | '';
};

const own =
  (name: string) =>
  ({ figures }: Evidence): number | null =>
    figures[name] ?? null;

/** How much later the bulk was than the canary. */
const beyondCanary =
  (name: string) =>
  ({ figures, canary, arrivals }: Evidence): number | null => {
    if (arrivals === 'at-once' && name.startsWith('join')) return null;
    const [bulk, alone] = [figures[name] ?? null, canary[name] ?? null];
    return bulk === null || alone === null ? null : bulk - alone;
  };

const rows: readonly Row[] = [
  {
    what: (value, limit) => `the kernel dropped ${value} of the packets at the harness's own sockets (limit ${limit})`,
    value: ({ figures }) => (figures['harness_drops'] ?? 0) / Math.max(1, figures['packets'] ?? 1),
    degraded: 0,
    invalid: 0.01,
    unit: '%',
  },
  {
    what: (value, limit) => `the harness's event loop was ${value} late at the 99th percentile (limit ${limit})`,
    value: own('harness_loop_delay_p99'),
    degraded: 20,
    invalid: 250,
    unit: 'ms',
  },
  {
    what: (value, limit) => `the harness waited for a processor ${value} of the time (limit ${limit})`,
    value: own('harness_run_queue_share'),
    degraded: 0.1,
    invalid: 0.3,
    unit: '%',
  },
  {
    what: (value, limit) => `the server waited for a processor ${value} of the time: others used it (limit ${limit})`,
    value: own('server_run_queue_share'),
    degraded: 0.1,
    invalid: 0.3,
    unit: '%',
  },
  {
    what: (value, limit) => `arrivals began ${value} late at the 95th percentile (limit ${limit})`,
    value: own('lag_p95'),
    degraded: 50,
    invalid: 1_000,
    unit: 'ms',
  },
  {
    what: (value, limit) => `joins took ${value} longer than the canary's at the median (limit ${limit})`,
    value: beyondCanary('join_p50'),
    degraded: 100,
    invalid: 1_000,
    unit: 'ms',
  },
  {
    what: (value, limit) => `latency was ${value} above the canary's at the median (limit ${limit})`,
    value: beyondCanary('latency_p50'),
    degraded: 20,
    invalid: 250,
    unit: 'ms',
  },
];

export function judgeRun(evidence: Evidence): Verdict {
  const reasons: string[] = [];
  let standing: Standing = 'VALID';
  for (const { what, value, degraded, invalid, unit } of rows) {
    const measured = value(evidence);
    if (measured === null || measured <= degraded) continue;
    const isInvalid = measured > invalid;
    if (isInvalid) standing = 'INVALID';
    else if (standing === 'VALID') standing = 'DEGRADED';
    reasons.push(what(write(measured, unit), write(isInvalid ? invalid : degraded, unit)));
  }
  return { standing, reasons };
}

function write(value: number, unit: Row['unit']): string {
  return unit === '%' ? `${(value * 100).toFixed(2)} %` : `${value.toFixed(1)} ${unit}`.trim();
}
