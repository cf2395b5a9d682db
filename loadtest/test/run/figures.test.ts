/* Figures from sums made by hand, and the harness's own losses taken off. */
import t from 'tap';
import { Distribution } from '../../src/distribution.ts';
import { DURATION_NAMES, emptyCounts, type Health, type Snapshot } from '../../src/run/agent-wire.ts';
import { buildFigures, FIGURE_NAMES, mergeDurations, type RunFacts } from '../../src/run/figures.ts';

const none = new Distribution();
const health: Health = {
  ...{ pid: 1, cpuMs: 250, wallMs: 1_000, runQueueMs: 100 },
  ...{ loopDelayP99Ms: 7, loopUtilisation: 0.5, kernelDrops: 4 },
};
const snapshot: Snapshot = {
  agent: 'agent-1',
  viewersUp: 10,
  counts: {
    ...emptyCounts(),
    asked: 12,
    denied: 1,
    failed: 1,
    packets: 990,
    lost: 20,
    lostAtStart: 10,
    bytes: 125_000,
  },
  durations: Object.fromEntries(DURATION_NAMES.map((name) => [name, none.pack()])) as Snapshot['durations'],
  jitter: none.pack(),
  health,
};
const usage = { nodeCpuMs: 1_000, workerCpuMs: 2_000, nodeMemoryMb: 100, workerMemoryMb: 50, runQueueMs: 10 };
const dark = new Distribution();
for (const ms of [10, 20, 30]) dark.add(ms);

const facts: RunFacts = {
  snapshots: [snapshot],
  healths: [health, { ...health, cpuMs: 50, loopDelayP99Ms: 9, kernelDrops: 0 }],
  distributions: {
    ...mergeDurations([snapshot]),
    ...{ dark, dark_viewer: none, dark_server: none, cold_first_frame: none },
    ...{ browser_first_frame: none, browser_latency: none },
  },
  durationMs: 1_000,
  viewersMax: 10,
  window: {
    from: usage,
    to: { ...usage, nodeCpuMs: 1_100, workerCpuMs: 2_400, runQueueMs: 60 },
    wallMs: 1_000,
    viewerSeconds: 10,
    packets: 500,
  },
  memory: { idleMb: 100, camerasMb: 104, endMb: 110, cameras: 2, viewers: 3 },
  withdrawals: 3,
  reboots: 0,
  denialsTried: 3,
  denialsLetThrough: 0,
  ledgerMismatches: null,
};

const cases: readonly (readonly [figure: string, value: number | null])[] = [
  ['joins_asked', 12],
  ['loss_rate_total', 10 / 1_010],
  ['loss_rate', 6 / 1_010],
  ['start_holes', 10],
  ['megabits_per_second', 1],
  ['dark_max', 30],
  ['dark_count', 3],
  ['join_p95', null],
  ['join_count', 0],
  ['server_cores', 0.5],
  ['node_cpu_share', 0.1],
  ['server_cpu_ms_per_viewer_second', 50],
  ['worker_cpu_ms_per_1000_packets', 800],
  ['server_run_queue_share', 0.05],
  ['memory_mb_per_camera', 2],
  ['memory_mb_per_viewer', 2],
  ['harness_cores', 0.3],
  ['harness_drops', 4],
  ['harness_loop_delay_p99', 9],
  ['harness_run_queue_share', 0.1],
  ['ledger_mismatches', null],
];

t.test('every figure has a name, and its value', async (t) => {
  const figures = buildFigures(facts);
  t.same(Object.keys(figures).sort(), [...FIGURE_NAMES].sort());
  for (const [figure, value] of cases) t.equal(figures[figure], value, figure);
});

t.test('what could not be seen is not nought', async (t) => {
  const figures = buildFigures({ ...facts, window: null, memory: null });
  for (const name of ['server_cores', 'worker_cpu_ms_per_1000_packets', 'memory_mb_per_viewer']) {
    t.equal(figures[name], null, name);
  }
});
