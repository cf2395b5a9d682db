/* Points of a run from snapshots made by hand: what was added since the last look, and nothing from a look too soon. */
import t from 'tap';
import { Distribution } from '../../src/distribution.ts';
import { DURATION_NAMES, emptyCounts, type Snapshot } from '../../src/run/agent-wire.ts';
import { Sampler } from '../../src/run/sampler.ts';
import type { ServerUsage } from '../../src/run/server-usage.ts';

function snapshot(packets: number, lost: number, joins: readonly number[]): Snapshot {
  const join = new Distribution();
  for (const ms of joins) join.add(ms);
  const none = new Distribution().pack();
  const durations = Object.fromEntries(DURATION_NAMES.map((name) => [name, none])) as Snapshot['durations'];
  return {
    agent: 'agent-1',
    viewersUp: joins.length,
    counts: { ...emptyCounts(), packets, lost },
    durations: { ...durations, join: join.pack() },
    jitter: none,
    health: {
      ...{ pid: 1, cpuMs: packets, wallMs: 1_000, runQueueMs: 0 },
      ...{ loopDelayP99Ms: 0, loopUtilisation: 0, kernelDrops: 0 },
    },
  };
}

const usage = (ms: number): ServerUsage => ({
  ...{ nodeCpuMs: ms, workerCpuMs: ms * 2, nodeMemoryMb: 1 },
  ...{ workerMemoryMb: 1, runQueueMs: 0 },
});

t.test('a point is what came since the last look', async (t) => {
  const crew = { snapshots: [snapshot(1_000, 5, [10, 10])] };
  let spentMs = 0;
  let nowMs = 0;
  const sampler = new Sampler(
    crew,
    async () => usage(spentMs),
    () => nowMs,
  );
  t.equal(await sampler.look(), null, 'the first look');
  nowMs = 100;
  t.equal(await sampler.look(), null, 'too soon after it');
  crew.snapshots = [snapshot(2_000, 15, [10, 10, 90])];
  spentMs = 500;
  nowMs = 1_000;
  const point = await sampler.look();
  t.match(point, { atMs: 1_000, viewersUp: 3, joins: 1, packetsPerSecond: 1_000, serverNodeCores: 0.5 });
  t.equal(point?.serverWorkerCores, 1);
  t.ok(Math.abs((point?.joinP95Ms ?? 0) - 90) < 0.5, 'the new join alone');
  t.equal(point?.lossRate, 10 / 1_010);
  t.equal(point?.latencyP95Ms, null);
  t.equal(sampler.points.length, 1);
});

t.test('a server that cannot be seen leaves its cost out', async (t) => {
  let nowMs = 0;
  const sampler = new Sampler(
    { snapshots: [] },
    async () => null,
    () => nowMs,
  );
  await sampler.look();
  nowMs = 1_000;
  t.match(await sampler.look(), { serverNodeCores: null, serverWorkerCores: null, lossRate: 0 });
});
