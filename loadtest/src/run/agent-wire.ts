/*
 * What the runner and its agents tell each other between processes. Types alone.
 */
import type { PackedDistribution } from '../distribution.ts';
import type { Step } from './schedule.ts';

export type AgentPlan = {
  readonly name: string;
  readonly serverUrl: string;
  readonly agencyKey: string;
  readonly incidentId: string;
  readonly cameraIds: readonly string[];
  /** Feeds that share one control connection, as on a wall: a server takes so many connections of one address. */
  readonly feedsPerConnection: number;
  /** `many`: the server believes us as a proxy, and the connections come from as many addresses as viewers would. */
  readonly addresses: 'one' | 'many';
  /** Share of datagrams that the network loses on the way to the viewers, 0 to 1. */
  readonly loss: number;
  readonly seed: number;
  /** The wall-clock moment the steps count from. */
  readonly startAtMs: number;
  readonly steps: readonly Step[];
};

export type ToAgent =
  | { readonly say: 'plan'; readonly plan: AgentPlan }
  /** Of everyone who watched the camera: when did the last packet come? */
  | { readonly say: 'last-packets'; readonly ask: number; readonly camera: number; readonly sinceMs: number }
  /** One who was cut presents the old token again; it must be refused. */
  | { readonly say: 'try-again'; readonly ask: number; readonly camera: number }
  /** Whoever was cut from the camera joins again, spread over so long. */
  | { readonly say: 'come-back'; readonly camera: number; readonly spreadMs: number }
  | { readonly say: 'finish'; readonly ask: number };

export type Health = {
  readonly pid: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Waiting for a processor while ready to run. */
  readonly runQueueMs: number;
  readonly loopDelayP99Ms: number;
  readonly loopUtilisation: number;
  /** Datagrams the kernel dropped at our own sockets. */
  readonly kernelDrops: number;
};

export const DURATION_NAMES = [
  'lag',
  'token',
  'admission',
  'ice',
  'dtls',
  'join',
  'first_frame',
  'start',
  'latency',
] as const;
export type DurationName = (typeof DURATION_NAMES)[number];

export type Counts = {
  /** Joins that were due. */
  asked: number;
  offered: number;
  denied: number;
  failed: number;
  left: number;
  cut: number;
  packets: number;
  bytes: number;
  lost: number;
  lostAtStart: number;
  duplicates: number;
  frames: number;
  freezes: number;
  freezeMs: number;
  repairs: number;
  nacks: number;
  plis: number;
};

export const emptyCounts = (): Counts => ({
  ...{ asked: 0, offered: 0, denied: 0, failed: 0, left: 0, cut: 0 },
  ...{ packets: 0, bytes: 0, lost: 0, lostAtStart: 0, duplicates: 0, frames: 0, freezes: 0, freezeMs: 0 },
  ...{ repairs: 0, nacks: 0, plis: 0 },
});

/** How things stand, since the beginning. */
export type Snapshot = {
  readonly agent: string;
  readonly viewersUp: number;
  readonly counts: Counts;
  readonly durations: Readonly<Record<DurationName, PackedDistribution>>;
  /** Of the viewers that are up, in milliseconds. */
  readonly jitter: PackedDistribution;
  readonly health: Health;
};

/** A session as its viewer saw it. */
export type SeenSession = {
  readonly sessionId: string;
  readonly cameraId: string;
  readonly ending: 'left' | 'cut' | 'failed' | 'denied';
  readonly reason: string;
};

export type FromAgent =
  | { readonly say: 'ready' }
  | { readonly say: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly say: 'last-packets'; readonly ask: number; readonly atMs: readonly number[] }
  | { readonly say: 'tried-again'; readonly ask: number; readonly outcome: 'refused' | 'let-in' | 'nobody' }
  | {
      readonly say: 'finished';
      readonly ask: number;
      readonly snapshot: Snapshot;
      readonly sessions: readonly SeenSession[];
      /** What went wrong, each once with its count. */
      readonly troubles: readonly (readonly [what: string, count: number])[];
    };
