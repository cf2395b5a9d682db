/*
 * The figures of a run by name, as thresholds and reports know them. Pure: sums and distributions in, numbers out.
 */
import { type Distribution, mergeAll } from '../distribution.ts';
import { type Counts, DURATION_NAMES, emptyCounts, type Health, type Snapshot } from './agent-wire.ts';
import type { ServerUsage } from './server-usage.ts';
import type { FigureValues } from './thresholds.ts';

const DISTRIBUTIONS = [
  ...DURATION_NAMES,
  'jitter',
  'dark',
  'dark_viewer',
  'dark_server',
  'cold_first_frame',
  'browser_first_frame',
  'browser_latency',
] as const;
export type DistributionName = (typeof DISTRIBUTIONS)[number];
const POINTS = ['p50', 'p95', 'p99', 'max', 'mean', 'count'] as const;
const SCALARS = [
  ...['viewers_max', 'joins_asked', 'joins_denied', 'joins_failed'],
  ...[
    'loss_rate',
    'loss_rate_total',
    'start_holes',
    'packets',
    'frames',
    'freezes',
    'freeze_ms_per_minute',
    'megabits_per_second',
  ],
  ...['withdrawals', 'reboots', 'denials_tried', 'denials_let_through', 'ledger_mismatches'],
  ...['server_cores', 'server_cpu_ms_per_viewer_second', 'worker_cpu_ms_per_1000_packets', 'node_cpu_share'],
  ...['server_run_queue_share', 'server_memory_mb', 'memory_mb_per_viewer', 'memory_mb_per_camera'],
  ...['harness_cores', 'harness_drops', 'harness_loop_delay_p99', 'harness_run_queue_share'],
] as const;
type ScalarName = (typeof SCALARS)[number];

export const FIGURE_NAMES: readonly string[] = [
  ...DISTRIBUTIONS.flatMap((name) => POINTS.map((point) => `${name}_${point}`)),
  ...SCALARS,
];

export type Distributions = Readonly<Record<DistributionName, Distribution>>;

/** What the run cost the server between two looks. */
export type Window = {
  readonly from: ServerUsage;
  readonly to: ServerUsage;
  readonly wallMs: number;
  readonly viewerSeconds: number;
  readonly packets: number;
};

/** Megabytes before anybody watched, with one viewer a camera, and at the end. */
export type MemorySteps = {
  readonly idleMb: number;
  readonly camerasMb: number;
  readonly endMb: number;
  readonly cameras: number;
  /** Viewers up at the end beyond those of the second look. */
  readonly viewers: number;
};

export type RunFacts = {
  readonly snapshots: readonly Snapshot[];
  /** Of the harness's processes: agents and cameras. */
  readonly healths: readonly Health[];
  readonly distributions: Distributions;
  readonly durationMs: number;
  readonly viewersMax: number;
  readonly window: Window | null;
  readonly memory: MemorySteps | null;
  readonly withdrawals: number;
  readonly reboots: number;
  readonly denialsTried: number;
  readonly denialsLetThrough: number;
  readonly ledgerMismatches: number | null;
};

export function sumCounts(snapshots: readonly Snapshot[]): Counts {
  const sum = emptyCounts();
  for (const { counts } of snapshots) {
    for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name];
  }
  return sum;
}

/** The durations and jitter of all agents together. */
export function mergeDurations(
  snapshots: readonly Snapshot[],
): Readonly<Record<(typeof DURATION_NAMES)[number] | 'jitter', Distribution>> {
  const merged = DURATION_NAMES.map((name) => [name, mergeAll(snapshots.map(({ durations }) => durations[name]))]);
  return Object.fromEntries([...merged, ['jitter', mergeAll(snapshots.map(({ jitter }) => jitter))]]);
}

export function buildFigures(facts: RunFacts): FigureValues {
  const figures: Record<string, number | null> = {};
  for (const name of DISTRIBUTIONS) {
    const one = facts.distributions[name];
    const values = [one.percentile(0.5), one.percentile(0.95), one.percentile(0.99), one.max, one.mean, one.count];
    POINTS.forEach((point, at) => {
      figures[`${name}_${point}`] = values[at] ?? null;
    });
  }
  return { ...figures, ...buildScalars(facts) };
}

function buildScalars(facts: RunFacts): Readonly<Record<ScalarName, number | null>> {
  const { snapshots, healths, durationMs } = facts;
  const counts = sumCounts(snapshots);
  const drops = healths.reduce((sum, { kernelDrops }) => sum + kernelDrops, 0);
  const due = counts.packets + Math.max(0, counts.lost);
  const lost = Math.max(0, counts.lost - counts.lostAtStart);
  const viewerMinutes = Math.max(1 / 60, (facts.window?.viewerSeconds ?? 0) / 60);
  return {
    viewers_max: facts.viewersMax,
    joins_asked: counts.asked,
    joins_denied: counts.denied,
    joins_failed: counts.failed,
    // What the kernel dropped at our own sockets was delivered; it is the harness's loss, and told apart.
    loss_rate: due === 0 ? null : Math.max(0, lost - drops) / due,
    loss_rate_total: due === 0 ? null : lost / due,
    start_holes: counts.lostAtStart,
    packets: counts.packets,
    frames: counts.frames,
    freezes: counts.freezes,
    freeze_ms_per_minute: counts.freezeMs / viewerMinutes,
    megabits_per_second: (counts.bytes * 8) / 1_000 / durationMs,
    withdrawals: facts.withdrawals,
    reboots: facts.reboots,
    denials_tried: facts.denialsTried,
    denials_let_through: facts.denialsLetThrough,
    ledger_mismatches: facts.ledgerMismatches,
    ...costFigures(facts),
    harness_cores: healths.reduce((sum, { cpuMs, wallMs }) => sum + cpuMs / wallMs, 0),
    harness_drops: drops,
    harness_loop_delay_p99: Math.max(0, ...healths.map(({ loopDelayP99Ms }) => loopDelayP99Ms)),
    harness_run_queue_share: Math.max(0, ...healths.map(({ runQueueMs, wallMs }) => runQueueMs / wallMs)),
  };
}

function waitedShare({ from, to, wallMs }: Window): number | null {
  return from.runQueueMs === null || to.runQueueMs === null
    ? null
    : Math.max(0, to.runQueueMs - from.runQueueMs) / wallMs;
}

type CostName =
  | 'server_cores'
  | 'server_cpu_ms_per_viewer_second'
  | 'worker_cpu_ms_per_1000_packets'
  | 'node_cpu_share'
  | 'server_run_queue_share'
  | 'server_memory_mb'
  | 'memory_mb_per_viewer'
  | 'memory_mb_per_camera';

function costFigures({ window, memory }: RunFacts): Readonly<Record<CostName, number | null>> {
  const node = window ? window.to.nodeCpuMs - window.from.nodeCpuMs : 0;
  const worker = window ? window.to.workerCpuMs - window.from.workerCpuMs : 0;
  return {
    server_cores: window && (node + worker) / window.wallMs,
    server_cpu_ms_per_viewer_second: window && window.viewerSeconds > 0 ? (node + worker) / window.viewerSeconds : null,
    worker_cpu_ms_per_1000_packets: window && window.packets > 0 ? (worker * 1_000) / window.packets : null,
    node_cpu_share: window && node / window.wallMs,
    server_run_queue_share: window && waitedShare(window),
    server_memory_mb: memory?.endMb ?? null,
    memory_mb_per_viewer: memory && memory.viewers > 0 ? (memory.endMb - memory.camerasMb) / memory.viewers : null,
    memory_mb_per_camera: memory && memory.cameras > 0 ? (memory.camerasMb - memory.idleMb) / memory.cameras : null,
  };
}
