/*
 * The processes that watch: the canary and the bulk agents. Keeps the newest snapshot of each and adds them up.
 */
import type { AgentPlan, FromAgent, SeenSession, Snapshot, ToAgent } from './agent-wire.ts';
import { Child } from './child.ts';
import type { Step } from './schedule.ts';

const ANSWER_WITHIN_MS = 15_000;
const FIRST_SNAPSHOTS_WITHIN_MS = 30_000;
const agentModule = new URL('./agent-process.ts', import.meta.url);

export type Finished = Extract<FromAgent, { say: 'finished' }>;

type Member = { readonly name: string; readonly child: Child<ToAgent, FromAgent>; snapshot: Snapshot | null };

export class Crew {
  readonly #members: Member[] = [];
  #state: 'gathering' | 'disbanded' = 'gathering';

  /** Starts an agent and hands it its plan. Rejects when the crew was disbanded meanwhile. */
  async enlist(plan: AgentPlan): Promise<void> {
    const child = await Child.start<ToAgent, FromAgent>(`${plan.name} agent`, agentModule);
    if (this.#state === 'disbanded') {
      await child.end();
      throw new Error('the run is over');
    }
    const member: Member = { name: plan.name, child, snapshot: null };
    child.onMessage((message) => {
      if (message.say === 'snapshot') member.snapshot = message.snapshot;
    });
    this.#members.push(member);
    child.send({ say: 'plan', plan });
  }

  get snapshots(): readonly Snapshot[] {
    return this.#members.flatMap(({ snapshot }) => snapshot ?? []);
  }

  snapshotOf(name: string): Snapshot | null {
    return this.#members.find((member) => member.name === name)?.snapshot ?? null;
  }

  /** Resolves when the agent has so many viewers up; rejects with what stands in the way. */
  async untilUp(name: string, viewers: number): Promise<Snapshot> {
    const deadlineMs = performance.now() + FIRST_SNAPSHOTS_WITHIN_MS;
    const child = this.#members.find((member) => member.name === name)?.child;
    while (performance.now() < deadlineMs && child) {
      const { snapshot } = await child.until('snapshot');
      if (snapshot.viewersUp >= viewers) return snapshot;
      const { denied, failed } = snapshot.counts;
      if (denied + failed >= viewers) break;
    }
    const [finished] = await this.#ask((ask) => ({ say: 'finish', ask }), 'finished');
    const why = finished?.troubles.map(([what, count]) => `${what} (${count} times)`).join('; ');
    throw new Error(`the first viewers had no picture: ${why || 'none came within 30 s'}`);
  }

  send(message: ToAgent): void {
    for (const { child } of this.#members) child.send(message);
  }

  /** The last packet of everyone who watched the camera up to `sinceMs` or later, on the wall clock. */
  async lastPackets(camera: number, sinceMs: number): Promise<readonly number[]> {
    const answers = await this.#ask((ask) => ({ say: 'last-packets', ask, camera, sinceMs }), 'last-packets');
    return answers.flatMap(({ atMs }) => atMs);
  }

  /** What became of those who presented their old token. */
  async tryAgain(camera: number): Promise<readonly ('refused' | 'let-in')[]> {
    const answers = await this.#ask((ask) => ({ say: 'try-again', ask, camera }), 'tried-again');
    return answers.flatMap(({ outcome }) => (outcome === 'nobody' ? [] : outcome));
  }

  async finish(): Promise<{ readonly finished: readonly Finished[]; readonly sessions: readonly SeenSession[] }> {
    const finished = await this.#ask((ask) => ({ say: 'finish', ask }), 'finished');
    return { finished, sessions: finished.flatMap(({ sessions }) => sessions) };
  }

  /** Ends every process; never rejects. */
  async disband(): Promise<void> {
    this.#state = 'disbanded';
    await Promise.all(this.#members.map(({ child }) => child.end()));
  }

  #ask<S extends FromAgent['say']>(build: (ask: number) => ToAgent, say: S): Promise<Extract<FromAgent, { say: S }>[]> {
    return Promise.all(this.#members.map(({ child }) => child.ask(build, say, ANSWER_WITHIN_MS)));
  }
}

/**
 * Deals the viewers out to so many agents, one connection's worth after the other, and numbers each agent's own from 0.
 * Viewers in a row are at different cameras, and a control connection shows a camera once.
 */
export function dealSteps(
  steps: readonly Step[],
  agents: number,
  feedsPerConnection: number,
): readonly (readonly Step[])[] {
  const hands: Step[][] = Array.from({ length: agents }, () => []);
  for (const step of steps) {
    const wall = Math.floor(step.viewer / feedsPerConnection);
    const viewer = Math.floor(wall / agents) * feedsPerConnection + (step.viewer % feedsPerConnection);
    hands[wall % agents]?.push({ ...step, viewer });
  }
  return hands;
}
