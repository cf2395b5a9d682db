/*
 * When each viewer comes and goes and when something happens to a camera, worked out before the run: arrivals are open-loop,
 * so that a slow server or harness cannot slow down what is asked of it. Pure; the same seed gives the same schedule.
 */

export const SCENARIOS = ['steady', 'ramp', 'storm', 'flapping', 'withdrawals', 'reboots'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export type ScheduleOptions = {
  readonly scenario: Scenario;
  readonly viewers: number;
  readonly cameras: number;
  readonly durationMs: number;
  /** Joins a second; null takes the scenario's own. */
  readonly arrivalsPerSecond: number | null;
  /** Between withdrawals, reboots, or a flapping viewer's comings. */
  readonly everyMs: number;
  readonly seed: number;
};

export type Step = {
  readonly atMs: number;
  readonly viewer: number;
  /** Index of the camera. */
  readonly camera: number;
  readonly action: 'join' | 'leave';
};
export type Trouble = { readonly atMs: number; readonly camera: number; readonly kind: 'withdraw' | 'reboot' };
export type Schedule = { readonly steps: readonly Step[]; readonly troubles: readonly Trouble[] };

/** A steady run is all there after a quarter of it, or five seconds. */
const SETTLE_MS_MAX = 5_000;
const RAMP_SHARE = 0.8;
const STORM_AT_MS = 1_000;
/** How long a flapping viewer stays away. */
const AWAY_MS = 500;
/** What is cut so late has no time to come back and be counted. */
const TROUBLE_MARGIN_MS = 3_000;

/** A small generator of even randomness from a seed (mulberry32). */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function buildSchedule(options: ScheduleOptions): Schedule {
  const chance = seededChance(options.seed);
  const steps: Step[] = [];
  for (let viewer = 0; viewer < options.viewers; viewer += 1) {
    const camera = viewer % options.cameras;
    const atMs = arrivalMs(options, viewer);
    steps.push({ atMs, viewer, camera, action: 'join' });
    if (options.scenario === 'flapping') steps.push(...flap(options, { atMs, viewer, camera }, chance));
  }
  return { steps: steps.sort((a, b) => a.atMs - b.atMs), troubles: buildTroubles(options) };
}

function arrivalMs({ scenario, viewers, durationMs, arrivalsPerSecond }: ScheduleOptions, viewer: number): number {
  const beginMs = scenario === 'storm' ? STORM_AT_MS : 0;
  if (arrivalsPerSecond !== null) return beginMs + (viewer * 1_000) / arrivalsPerSecond;
  if (scenario === 'storm') return beginMs;
  const spreadMs = scenario === 'ramp' ? durationMs * RAMP_SHARE : Math.min(SETTLE_MS_MAX, durationMs / 4);
  return (viewer * spreadMs) / viewers;
}

function flap(
  { everyMs, durationMs }: ScheduleOptions,
  { atMs: fromMs, viewer, camera }: Omit<Step, 'action'>,
  chance: () => number,
): readonly Step[] {
  const steps: Step[] = [];
  for (let atMs = fromMs; ; ) {
    const leaveMs = atMs + everyMs * (0.5 + chance());
    const backMs = leaveMs + AWAY_MS;
    if (backMs >= durationMs) return steps;
    steps.push({ atMs: leaveMs, viewer, camera, action: 'leave' }, { atMs: backMs, viewer, camera, action: 'join' });
    atMs = backMs;
  }
}

function buildTroubles({ scenario, cameras, durationMs, everyMs }: ScheduleOptions): readonly Trouble[] {
  if (scenario !== 'withdrawals' && scenario !== 'reboots') return [];
  const kind = scenario === 'withdrawals' ? 'withdraw' : 'reboot';
  const troubles: Trouble[] = [];
  const beginMs = Math.min(SETTLE_MS_MAX, durationMs / 4) + Math.min(everyMs, 1_000);
  for (let atMs = beginMs; atMs < durationMs - TROUBLE_MARGIN_MS; atMs += everyMs) {
    troubles.push({ atMs, camera: troubles.length % cameras, kind });
  }
  return troubles;
}

/** How often the canary's own viewer comes and goes: joins to hold the others' against, as many as a person could count. */
const CANARY_STAY_MS = 2_000;
/** By then the cameras are up in all but the slowest warm-ups, whose first pictures are counted by themselves. */
const CANARY_FLAPS_AFTER_MS = 5_000;

/**
 * The canary: one viewer that stays at each camera, and one more that comes and goes at the first. A control connection
 * shows a camera once, so that one begins the next connection.
 */
export function buildCanarySteps(cameras: number, feedsPerConnection: number, durationMs: number): readonly Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < cameras; at += 1) steps.push({ atMs: 0, viewer: at, camera: at, action: 'join' });
  const flapper = { viewer: Math.ceil(cameras / feedsPerConnection) * feedsPerConnection, camera: 0 };
  for (let atMs = CANARY_FLAPS_AFTER_MS; atMs < durationMs; atMs += CANARY_STAY_MS + AWAY_MS) {
    steps.push({ ...flapper, atMs, action: 'join' }, { ...flapper, atMs: atMs + CANARY_STAY_MS, action: 'leave' });
  }
  return steps;
}

/** When the joining is over, so that what comes after is the cost of watching. */
export function settledAtMs({ steps }: Schedule, durationMs: number): number {
  const joins = steps.filter(({ action }) => action === 'join').map(({ atMs }) => atMs);
  const lastMs = Math.max(0, ...joins) + 1_000;
  return lastMs < durationMs / 2 ? lastMs : 0;
}
