/*
 * A run from beginning to end: stage, canary, bulk, troubles, figures, ledger, verdict. Says what it is doing as it goes;
 * the answer holds everything the reports need.
 */
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
const LEDGER_WITHIN_MS = 10_000;

export type Reporter = { readonly say: (line: string) => void; readonly show: (point: Point, viewers: number) => void };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs it. Rejects when the run breaks; whatever was started has been ended by then. */
export async function runLoad(options: RunOptions, reporter: Reporter): Promise<RunResult> {
  const startedAtMs = Date.now();
  const stage = await openStage(options, reporter.say);
  const crew = new Crew();
  try {
    const run = new Run(options, stage, crew, reporter);
    const result = await run.go();
    await crew.disband();
    return { ...result, startedAtMs, leftBehind: await stage.close() };
  } catch (fault) {
    await crew.disband();
    await stage.close();
    throw fault;
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #stage: Stage;
  readonly #crew: Crew;
  readonly #reporter: Reporter;
  readonly #sampler: Sampler;
  readonly #troubles: TroubleMaker;
  readonly #cameras: number;

  constructor(options: RunOptions, stage: Stage, crew: Crew, reporter: Reporter) {
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
    const ledger = await this.#compareLedger(firstEntry, sessions);
    const memory = memorySteps(warm, end, this.#cameras, viewersEnd);
    const { points } = this.#sampler;
    const parts = { finished, warm, window, memory, viewersMax, ledger, durationMs, points };
    return conclude({ ...parts, options: this.#options, troubles: this.#troubles });
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
    return { name, serverUrl, agencyKey, incidentId, cameraIds, feedsPerConnection, startAtMs, steps };
  }

  /** The canary looks at every camera first, so that no figure of the bulk holds a camera's own start. */
  async #warmUp(): Promise<Warm> {
    const idle = await this.#stage.meter();
    const steps = buildCanarySteps(this.#cameras, this.#options.duration + CANARY_EXTRA_MS);
    await this.#crew.enlist(this.#agentPlan(CANARY, steps, FEEDS_PER_CONNECTION_MAX));
    await this.#crew.untilUp(CANARY, this.#cameras);
    await pause(SETTLE_MS);
    const snapshot = this.#crew.snapshotOf(CANARY);
    if (!snapshot) throw new Error('the canary says nothing');
    return { snapshot, idle, cameras: await this.#stage.meter() };
  }

  async #runBulk(schedule: Schedule, durationMs: number): Promise<{ window: Window | null; viewersMax: number }> {
    const agents = Math.min(this.#options.agents, this.#options.viewers);
    const viewers = this.#options.viewers;
    const feeds =
      this.#options['feeds-per-connection'] ?? Math.min(FEEDS_PER_CONNECTION_MAX, Math.ceil(viewers / CONNECTIONS_MAX));
    this.#reporter.say(
      `${viewers} viewers in ${agents} process${agents === 1 ? '' : 'es'}, ${feeds} on a control connection`,
    );
    for (const [at, steps] of dealSteps(schedule.steps, agents).entries()) {
      await this.#crew.enlist(this.#agentPlan(`agent-${at + 1}`, steps, feeds));
    }
    const beganAtMs = performance.now() + AGENTS_BEGIN_MS;
    const troubleTimers = schedule.troubles.map((trouble) =>
      setTimeout(() => this.#troubles.make(trouble), AGENTS_BEGIN_MS + trouble.atMs),
    );
    const window = new CostWindow(this.#stage.meter, this.#crew);
    const costFromMs = settledAtMs(schedule, durationMs);
    let viewersMax = 0;
    try {
      for (let look = 0; performance.now() - beganAtMs < durationMs; look += 1) {
        await pause(Math.max(0, beganAtMs + look * LOOK_MS - performance.now()));
        const point = await this.#sampler.look();
        if (performance.now() - beganAtMs >= costFromMs) await window.look();
        if (!point) continue;
        viewersMax = Math.max(viewersMax, point.viewersUp);
        this.#reporter.show(point, viewers + this.#cameras + 1);
      }
      await this.#troubles.settle();
    } finally {
      for (const timer of troubleTimers) clearTimeout(timer);
    }
    return { window: window.close(), viewersMax };
  }

  async #compareLedger(firstEntry: number, sessions: readonly SeenSession[]): Promise<LedgerVerdict> {
    const { serverUrl, cameras } = this.#stage.scene;
    const deadlineMs = performance.now() + LEDGER_WITHIN_MS;
    // The server writes an end after the valve has answered: the last ones are on their way.
    for (;;) {
      const entries = await readEntries(serverUrl, firstEntry);
      const verdict = compareLedger(
        entries,
        sessions,
        cameras.map(({ id }) => id),
      );
      if (verdict.mismatches === 0 || performance.now() > deadlineMs) return verdict;
      await pause(LOOK_MS / 2);
    }
  }
}
