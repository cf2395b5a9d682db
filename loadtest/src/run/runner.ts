/*
 * A run from beginning to end: stage, canary, bulk, troubles, figures, ledger, verdict. Says what it is doing as it goes;
 * the answer holds everything the reports need.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { BrowserViewers } from '../viewer/browser-viewers.ts';
import type { AgentPlan, SeenSession } from './agent-wire.ts';
import { CANARY, type Conclusion, conclude, memorySteps, type RunResult, type Warm } from './conclusion.ts';
import { CostWindow } from './cost-window.ts';
import { Crew, dealSteps } from './crew.ts';
import type { Window } from './figures.ts';
import { compareLedger, type LedgerVerdict, readEntries, readLedgerSize } from './ledger-check.ts';
import type { RunOptions } from './options.ts';
import { type Point, Sampler } from './sampler.ts';
import { buildCanarySteps, buildSchedule, type Schedule, type Step, settledAtMs } from './schedule.ts';
import { openStage, type Stage } from './stage.ts';
import { TroubleMaker } from './trouble-maker.ts';

const LOOK_MS = 1_000;
const SETTLE_MS = 1_500;
const AGENTS_BEGIN_MS = 500;
/** Starting the bulk takes its time; the canary goes on until told to finish. */
const CANARY_EXTRA_MS = 60_000;
/** A server takes a hundred control connections of one address; some are the canary's. */
const CONNECTIONS_MAX = 90;
const FEEDS_PER_CONNECTION_MAX = 18;
/** Of a picture's packets, about. */
const PACKET_BYTES = 1_100;
const CAMERAS_WITHIN_MS = 5_000;
const LEDGER_WITHIN_MS = 10_000;

export type Reporter = { readonly say: (line: string) => void; readonly show: (point: Point, viewers: number) => void };

/** Runs it. Rejects when the run breaks or `stop` fires; whatever was started has been ended by then. */
export async function runLoad(options: RunOptions, reporter: Reporter, stop: AbortSignal): Promise<RunResult> {
  const startedAtMs = Date.now();
  const stage = await openStage(options, reporter.say);
  const crew = new Crew();
  const run = new Run(options, stage, crew, reporter, stop);
  let leftBehind: readonly string[] = [];
  let conclusion: Conclusion;
  try {
    stop.throwIfAborted();
    conclusion = await Promise.race([run.go(), untilFired(stop)]);
  } finally {
    await crew.disband();
    await run.browsers?.close().catch(() => {});
    leftBehind = await stage.close();
  }
  return { ...conclusion, startedAtMs, leftBehind };
}

/** Rejects with the reason. */
function untilFired(stop: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (stop.aborted) reject(stop.reason);
    stop.addEventListener('abort', () => reject(stop.reason));
  });
}

class Run {
  readonly #options: RunOptions;
  readonly #stage: Stage;
  readonly #crew: Crew;
  readonly #reporter: Reporter;
  readonly #sampler: Sampler;
  readonly #troubles: TroubleMaker;
  readonly #cameras: number;
  readonly #stop: AbortSignal;
  /** Null until they are there. */
  browsers: BrowserViewers | null = null;

  constructor(options: RunOptions, stage: Stage, crew: Crew, reporter: Reporter, stop: AbortSignal) {
    this.#stop = stop;
    this.#options = options;
    this.#stage = stage;
    this.#crew = crew;
    this.#reporter = reporter;
    this.#cameras = stage.scene.cameras.length;
    this.#sampler = new Sampler(crew, stage.meter);
    const { cameras } = stage;
    const reboot = cameras && ((camera: number, bootMs: number) => cameras.send({ say: 'reboot', camera, bootMs }));
    this.#troubles = new TroubleMaker(stage.scene, crew, reboot);
  }

  async go(): Promise<Conclusion> {
    const { serverUrl } = this.#stage.scene;
    const firstEntry = await readLedgerSize(serverUrl);
    const schedule = this.#plan();
    this.#reporter.say(`one viewer for each of ${this.#cameras} cameras, in a process of its own`);
    const warm = await this.#warmUp();
    const durationMs = this.#options.duration;
    const { window, viewersMax } = await this.#runBulk(schedule, durationMs);
    const end = await this.#stage.meter();
    const viewersEnd = this.#sampler.points.at(-1)?.viewersUp ?? 0;
    this.#reporter.say('everybody leaves; comparing with the ledger');
    const { finished, sessions } = await this.#crew.finish();
    const { browsers } = this;
    const { cameras: ours } = this.#stage;
    const cameraAnswer = await ours?.ask((ask) => ({ say: 'health', ask }), 'health', CAMERAS_WITHIN_MS);
    await browsers?.close();
    // How a browser's viewing ended is not watched closely; one start and one end it must have.
    const others = browsers?.sessions.map((one): SeenSession => ({ ...one, ending: 'failed', reason: '' })) ?? [];
    const ledger = await this.#compareLedger(firstEntry, [...sessions, ...others]);
    const memory = memorySteps(warm, end, this.#cameras, viewersEnd);
    const { points } = this.#sampler;
    const parts = { finished, warm, window, memory, viewersMax, ledger, durationMs, points };
    return conclude({
      ...parts,
      options: this.#options,
      troubles: this.#troubles,
      browsers,
      cameraHealth: cameraAnswer?.health ?? null,
    });
  }

  /** Rejects at once when the run is stopped, so that no loop outlives it. */
  #pause(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#stop });
  }

  #plan(): Schedule {
    const options = this.#options;
    return buildSchedule({
      scenario: options.scenario,
      viewers: options.viewers,
      cameras: this.#cameras,
      durationMs: options.duration,
      arrivalsPerSecond: options.arrivals,
      everyMs: options.every,
      seed: options.seed,
    });
  }

  #agentPlan(name: string, steps: readonly Step[], feedsPerConnection: number): AgentPlan {
    const { serverUrl, agencyKey, incidentId, cameras } = this.#stage.scene;
    const startAtMs = performance.timeOrigin + performance.now() + AGENTS_BEGIN_MS;
    const cameraIds = cameras.map(({ id }) => id);
    const addresses = this.#options.target === 'self' ? 'many' : 'one';
    // The canary has the same network; each process has its own run of chance.
    const { loss } = this.#options;
    const seed = this.#options.seed + name.length * 1_000 + (name.codePointAt(name.length - 1) ?? 0);
    const wall = { feedsPerConnection, addresses, loss, seed } as const;
    return { name, serverUrl, agencyKey, incidentId, cameraIds, ...wall, startAtMs, steps };
  }

  /** One each, as officers have, unless they would be more than a server takes of one address. */
  #feedsPerConnection(): number {
    const { 'feeds-per-connection': wanted, target, viewers } = this.#options;
    const needed = target === 'self' ? 1 : Math.ceil(viewers / CONNECTIONS_MAX);
    const feeds = wanted ?? needed;
    const most = Math.min(this.#cameras, FEEDS_PER_CONNECTION_MAX);
    if (feeds <= most) return feeds;
    throw new Error(
      `${feeds} viewers on each control connection need as many cameras, and ${FEEDS_PER_CONNECTION_MAX} at most: a ` +
        `server takes about ${CONNECTIONS_MAX} connections of one address. Take fewer viewers or more cameras.`,
    );
  }

  /** The canary looks at every camera first, so that no figure of the bulk holds a camera's own start. */
  async #warmUp(): Promise<Warm> {
    const idle = await this.#stage.meter();
    const feeds = Math.min(this.#cameras, FEEDS_PER_CONNECTION_MAX);
    const steps = buildCanarySteps(this.#cameras, feeds, this.#options.duration + CANARY_EXTRA_MS);
    await this.#crew.enlist(this.#agentPlan(CANARY, steps, feeds));
    await this.#crew.untilUp(CANARY, this.#cameras);
    await this.#pause(SETTLE_MS);
    const snapshot = this.#crew.snapshotOf(CANARY);
    if (!snapshot) throw new Error('the canary says nothing');
    return { snapshot, idle, cameras: await this.#stage.meter() };
  }

  async #runBulk(schedule: Schedule, durationMs: number): Promise<{ window: Window | null; viewersMax: number }> {
    const agents = Math.min(this.#options.agents, this.#options.viewers);
    const viewers = this.#options.viewers;
    const feeds = this.#feedsPerConnection();
    this.#reporter.say(
      `${viewers} viewers in ${agents} process${agents === 1 ? '' : 'es'}, ${feeds} on a control connection`,
    );
    if (this.#stage.cameras) {
      const megabits = ((viewers * this.#options.bitrate) / 1_000).toFixed(0);
      const packets = Math.round((viewers * this.#options.bitrate * 1_000) / 8 / PACKET_BYTES);
      this.#reporter.say(`together about ${megabits} Mbit/s, ${packets} packets a second`);
    }
    for (const [at, steps] of dealSteps(schedule.steps, agents, feeds).entries()) {
      await this.#crew.enlist(this.#agentPlan(`agent-${at + 1}`, steps, feeds));
    }
    const beganAtMs = performance.now() + AGENTS_BEGIN_MS;
    const troubleTimers = schedule.troubles.map((trouble) =>
      setTimeout(() => this.#troubles.make(trouble), AGENTS_BEGIN_MS + trouble.atMs),
    );
    const joining = this.#openBrowsers();
    // Looked at after the loop; until then a refusal must not pass for one that nobody handles.
    joining.catch(() => {});
    const window = new CostWindow(this.#stage.meter, this.#crew);
    const costFromMs = settledAtMs(schedule, durationMs);
    let viewersMax = 0;
    try {
      for (let look = 0; performance.now() - beganAtMs < durationMs; look += 1) {
        await this.#pause(Math.max(0, beganAtMs + look * LOOK_MS - performance.now()));
        const point = await this.#sampler.look();
        if (performance.now() - beganAtMs >= costFromMs) await window.look();
        if (!point) continue;
        await this.browsers?.look();
        viewersMax = Math.max(viewersMax, point.viewersUp);
        this.#reporter.show(point, viewers + this.#cameras + 1);
      }
      await Promise.all([this.#troubles.settle(), joining]);
      await this.browsers?.look();
    } finally {
      for (const timer of troubleTimers) clearTimeout(timer);
    }
    return { window: window.close(), viewersMax };
  }

  /** They join while the others do; kept as soon as they are there, so that whatever breaks they are closed. */
  async #openBrowsers(): Promise<void> {
    const { browsers: viewers, size } = this.#options;
    if (viewers === 0) return;
    const { cameras: ours, scene } = this.#stage;
    const { serverUrl, agencyKey, incidentId } = scene;
    const sentAtMs = async (camera: number): Promise<readonly number[]> => {
      if (!ours) return [];
      const { atMs } = await ours.ask((ask) => ({ say: 'sent-at', ask, camera }), 'sent-at', CAMERAS_WITHIN_MS);
      return atMs;
    };
    const cameraIds = scene.cameras.map(({ id }) => id);
    const plan = { serverUrl, agencyKey, incidentId, cameraIds, viewers, pictureWidth: size.width, sentAtMs };
    const { BrowserViewers } = await import('../viewer/browser-viewers.ts');
    this.browsers = await BrowserViewers.open(plan);
  }

  async #compareLedger(firstEntry: number, sessions: readonly SeenSession[]): Promise<LedgerVerdict> {
    const { serverUrl, cameras } = this.#stage.scene;
    const deadlineMs = performance.now() + LEDGER_WITHIN_MS;
    const ours = this.#stage.cameras ? 'own' : 'shared';
    const watched = { cameraIds: cameras.map(({ id }) => id), cameras: ours } as const;
    // The server writes an end after the valve has answered: the last ones are on their way.
    for (;;) {
      const entries = await readEntries(serverUrl, firstEntry);
      const verdict = compareLedger(entries, sessions, watched);
      if (verdict.mismatches === 0 || performance.now() > deadlineMs) return verdict;
      await this.#pause(LOOK_MS / 2);
    }
  }
}
