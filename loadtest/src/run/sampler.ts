/*
 * Looks at a run once a second: how many watch, what came, what server and harness used since the last look. The points of
 * the report's charts, and what the live line shows.
 */
import { addedSince, mergeAll } from '../distribution.ts';
import type { Crew } from './crew.ts';
import { sumCounts } from './figures.ts';
import type { ServerMeter, ServerUsage } from './server-usage.ts';

/** One second of a run; null for what could not be seen. */
export type Point = {
  readonly atMs: number;
  readonly viewersUp: number;
  readonly joins: number;
  readonly joinP95Ms: number | null;
  readonly firstFrameP95Ms: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly lossRate: number;
  readonly packetsPerSecond: number;
  readonly megabitsPerSecond: number;
  readonly serverNodeCores: number | null;
  readonly serverWorkerCores: number | null;
  readonly harnessCores: number;
  readonly kernelDrops: number;
};

const WALL_MS_MIN = 500;

type Look = {
  readonly atMs: number;
  readonly usage: ServerUsage | null;
  readonly snapshots: Crew['snapshots'];
  readonly harnessCpuMs: number;
};

export class Sampler {
  readonly points: Point[] = [];
  readonly #crew: Pick<Crew, 'snapshots'>;
  readonly #meter: ServerMeter;
  readonly #now: () => number;
  #beganAtMs = 0;
  #last: Look | null = null;

  /** `now` is monotonic, in milliseconds. */
  constructor(crew: Pick<Crew, 'snapshots'>, meter: ServerMeter, now: () => number = () => performance.now()) {
    this.#crew = crew;
    this.#meter = meter;
    this.#now = now;
  }

  /** Takes a look; the first gives no point, and time is counted from it. Null too when the last was just now. */
  async look(): Promise<Point | null> {
    const usage = await this.#meter();
    const { snapshots } = this.#crew;
    const harnessCpuMs = snapshots.reduce((sum, { health }) => sum + health.cpuMs, 0);
    const now: Look = { atMs: this.#now(), usage, snapshots, harnessCpuMs };
    const before = this.#last;
    // After the runner was held up two looks may fall together: rates over a moment mean nothing.
    if (before && now.atMs - before.atMs < WALL_MS_MIN) return null;
    this.#last = now;
    if (!before) {
      this.#beganAtMs = now.atMs;
      return null;
    }
    const point = this.#compare(before, now);
    this.points.push(point);
    return point;
  }

  #compare(before: Look, now: Look): Point {
    const wallMs = now.atMs - before.atMs;
    const [was, is] = [sumCounts(before.snapshots), sumCounts(now.snapshots)];
    const added = (name: 'join' | 'first_frame' | 'latency') => {
      const later = mergeAll(now.snapshots.map(({ durations }) => durations[name])).pack();
      return mergeAll([addedSince(later, mergeAll(before.snapshots.map(({ durations }) => durations[name])).pack())]);
    };
    const [join, firstFrame, latency] = [added('join'), added('first_frame'), added('latency')];
    const packets = Math.max(0, is.packets - was.packets);
    const lost = Math.max(0, is.lost - is.lostAtStart - (was.lost - was.lostAtStart));
    const cores = (of: (usage: ServerUsage) => number): number | null =>
      before.usage && now.usage ? (of(now.usage) - of(before.usage)) / wallMs : null;
    return {
      atMs: now.atMs - this.#beganAtMs,
      viewersUp: now.snapshots.reduce((sum, { viewersUp }) => sum + viewersUp, 0),
      joins: join.count,
      joinP95Ms: join.percentile(0.95),
      firstFrameP95Ms: firstFrame.percentile(0.95),
      latencyP50Ms: latency.percentile(0.5),
      latencyP95Ms: latency.percentile(0.95),
      lossRate: packets + lost === 0 ? 0 : lost / (packets + lost),
      packetsPerSecond: (packets * 1_000) / wallMs,
      megabitsPerSecond: ((is.bytes - was.bytes) * 8) / 1_000 / wallMs,
      serverNodeCores: cores(({ nodeCpuMs }) => nodeCpuMs),
      serverWorkerCores: cores(({ workerCpuMs }) => workerCpuMs),
      harnessCores: Math.max(0, now.harnessCpuMs - before.harnessCpuMs) / wallMs,
      kernelDrops: now.snapshots.reduce((sum, { health }) => sum + health.kernelDrops, 0),
    };
  }
}
