/*
 * From what a run gathered to what its reports say: figures, thresholds, verdict. Pure but for looking at the machine.
 */
import { availableParallelism, cpus, release } from 'node:os';
import { addedSince, Distribution, mergeAll } from '../distribution.ts';
import type { BrowserViewers } from '../viewer/browser-viewers.ts';
import { DURATION_NAMES, type Health, type Snapshot } from './agent-wire.ts';
import type { Finished } from './crew.ts';
import { buildFigures, FIGURE_NAMES, type MemorySteps, mergeDurations, type Window } from './figures.ts';
import type { LedgerVerdict } from './ledger-check.ts';
import type { RunOptions } from './options.ts';
import type { Point } from './sampler.ts';
import type { ServerUsage } from './server-usage.ts';
import { type FigureValues, type Judged, judge, parseThreshold, type Threshold } from './thresholds.ts';
import type { TroubleMaker } from './trouble-maker.ts';
import { judgeRun, type Verdict } from './verdict.ts';

export const CANARY = 'canary';
/** What must hold in every run: a deployment that fails these is not slow but wrong. */
const ALWAYS = ['denials_let_through==0', 'ledger_mismatches==0'] as const;

export type Host = { readonly cpu: string; readonly cores: number; readonly kernel: string; readonly node: string };

export type RunResult = {
  readonly startedAtMs: number;
  readonly options: RunOptions;
  readonly host: Host;
  readonly figures: FigureValues;
  readonly canary: FigureValues;
  readonly points: readonly Point[];
  readonly thresholds: readonly Judged[];
  readonly verdict: Verdict;
  readonly ledger: LedgerVerdict;
  /** What went wrong for viewers, and how often. */
  readonly troubles: readonly (readonly [what: string, count: number])[];
  /** What could not be taken away afterwards. */
  readonly leftBehind: readonly string[];
};
export type Conclusion = Omit<RunResult, 'startedAtMs' | 'leftBehind'>;

/** The server before anybody watched, and with one viewer a camera; the canary's figures until then. */
export type Warm = {
  readonly snapshot: Snapshot;
  readonly idle: ServerUsage | null;
  readonly cameras: ServerUsage | null;
};

export type Gathered = {
  readonly options: RunOptions;
  readonly finished: readonly Finished[];
  readonly warm: Warm;
  readonly window: Window | null;
  readonly memory: MemorySteps | null;
  readonly viewersMax: number;
  readonly ledger: LedgerVerdict;
  readonly durationMs: number;
  readonly points: readonly Point[];
  readonly troubles: TroubleMaker;
  /** Of the virtual cameras' process; null where there is none. */
  readonly cameraHealth: Health | null;
  /** Null without browsers. */
  readonly browsers: BrowserViewers | null;
};

export function conclude(gathered: Gathered): Conclusion {
  const { options, finished, warm, ledger, points, troubles, browsers } = gathered;
  const snapshots = finished.map(({ snapshot }) => snapshot);
  const bulk = snapshots.filter(({ agent }) => agent !== CANARY);
  const alone = snapshots.filter(({ agent }) => agent === CANARY).map((one) => sinceWarm(one, warm.snapshot));
  const none = new Distribution();
  const seldom = { dark: none, dark_viewer: none, dark_server: none, cold_first_frame: none };
  const empty = { ...seldom, browser_first_frame: none, browser_latency: none };
  const ofRun = {
    dark: troubles.darkMs,
    dark_viewer: troubles.darkViewerMs,
    dark_server: troubles.darkServerMs,
    cold_first_frame: mergeAll([warm.snapshot.durations.first_frame]),
    browser_first_frame: browsers?.firstFrameMs ?? none,
    browser_latency: browsers?.latencyMs ?? none,
  };
  const { withdrawals, reboots, denialsTried, denialsLetThrough } = troubles;
  const { durationMs, viewersMax, memory, window } = gathered;
  const common = { durationMs, viewersMax, memory, withdrawals, reboots, denialsTried, denialsLetThrough };
  // Loss, packets and cost are everybody's; durations are the bulk's, since the canary's are what they are held against.
  const { cameraHealth } = gathered;
  const healths = [...snapshots.map(({ health }) => health), ...(cameraHealth ? [cameraHealth] : [])];
  const everybody = { ...common, snapshots, healths, window, ledgerMismatches: ledger.mismatches };
  const figures = buildFigures({ ...everybody, distributions: { ...mergeDurations(bulk), ...ofRun } });
  const lone = {
    ...common,
    snapshots: alone,
    healths: alone.map(({ health }) => health),
    window: null,
    ledgerMismatches: null,
  };
  const canary = buildFigures({ ...lone, distributions: { ...mergeDurations(alone), ...empty } });
  return {
    options,
    host: describeHost(),
    figures,
    canary,
    points,
    thresholds: judge([...always(), ...options.thresholds], figures),
    verdict: judgeRun({ figures, canary, arrivals: options.scenario === 'storm' ? 'at-once' : 'spread' }),
    ledger,
    troubles: finished.flatMap((one) => one.troubles),
  };
}

/** Pass 0, threshold failed 99; an invalid run says neither. */
export function exitCodeOf({ verdict, thresholds }: Pick<RunResult, 'verdict' | 'thresholds'>): 0 | 3 | 99 {
  if (verdict.standing === 'INVALID') return 3;
  return thresholds.some((one) => one.verdict === 'fail') ? 99 : 0;
}

export function memorySteps(
  warm: Warm,
  end: ServerUsage | null,
  cameras: number,
  viewersEnd: number,
): MemorySteps | null {
  const sum = (usage: ServerUsage | null): number | null =>
    usage === null || usage.workerMemoryMb === null ? null : usage.nodeMemoryMb + usage.workerMemoryMb;
  const [idleMb, camerasMb, endMb] = [sum(warm.idle), sum(warm.cameras), sum(end)];
  if (idleMb === null || camerasMb === null || endMb === null) return null;
  return { idleMb, camerasMb, endMb, cameras, viewers: Math.max(0, viewersEnd - cameras) };
}

function always(): readonly Threshold[] {
  return ALWAYS.map((text) => parseThreshold(text, FIGURE_NAMES)).filter((one) => !('problem' in one)) as Threshold[];
}

/** The canary's first viewers met cameras that had to start; what came after is comparable. */
function sinceWarm(snapshot: Snapshot, warm: Snapshot): Snapshot {
  const durations = Object.fromEntries(
    DURATION_NAMES.map((name) => [name, addedSince(snapshot.durations[name], warm.durations[name])]),
  ) as Snapshot['durations'];
  return { ...snapshot, durations };
}

function describeHost(): Host {
  const cpu = cpus()[0]?.model ?? 'unknown';
  return { cpu, cores: availableParallelism(), kernel: release(), node: process.version };
}
