/*
 * What happens to cameras during a run: consents are withdrawn and given again, cameras reboot. Each withdrawal is timed
 * from the request to the last packet any viewer received, and while it stands somebody tries to get in.
 */
import { Distribution } from '../distribution.ts';
import type { Crew } from './crew.ts';
import type { Scene } from './scene.ts';
import type { Trouble } from './schedule.ts';

/** Packets on their way and in the harness's own queues have come by then. */
const LISTEN_MS = 700;
/** Whoever had a packet so shortly before the request was watching. */
const WATCHING_MS = 1_000;
const BACK_WITHIN_MS = 1_000;
const REBOOT_MS = 3_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class TroubleMaker {
  /** From the request to the last packet of any viewer, one sample a withdrawal. */
  readonly darkMs = new Distribution();
  /** The same for each viewer that was cut. */
  readonly darkViewerMs = new Distribution();
  /** What the server's own answer said. */
  readonly darkServerMs = new Distribution();
  withdrawals = 0;
  reboots = 0;
  /** Tokens presented while the consent was withdrawn. */
  denialsTried = 0;
  /** Those that were let in; there must be none. */
  denialsLetThrough = 0;
  readonly #scene: Scene;
  readonly #crew: Crew;
  readonly #reboot: ((camera: number, bootMs: number) => void) | null;
  readonly #underWay = new Set<Promise<void>>();
  readonly #faults: Error[] = [];

  constructor(scene: Scene, crew: Crew, reboot: ((camera: number, bootMs: number) => void) | null) {
    this.#scene = scene;
    this.#crew = crew;
    this.#reboot = reboot;
  }

  /** Begins one trouble; `settle` waits for its end. */
  make({ kind, camera }: Trouble): void {
    const made = kind === 'withdraw' ? this.#withdraw(camera) : this.#boot(camera);
    this.#underWay.add(made.catch((fault: Error) => void this.#faults.push(fault)));
  }

  /** Resolves when nothing is under way; rejects with what went wrong first. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
    const [first] = this.#faults;
    if (first) throw first;
  }

  async #withdraw(camera: number): Promise<void> {
    const { withdraw, consent } = this.#scene;
    if (!withdraw || !consent) throw new Error('this scene has no owner to withdraw a consent');
    const askedAtMs = performance.timeOrigin + performance.now();
    const answer = await withdraw(camera);
    this.withdrawals += 1;
    this.darkServerMs.add(Number(answer['darkMs'] ?? 0));
    await pause(LISTEN_MS);
    const lastAtMs = await this.#crew.lastPackets(camera, askedAtMs - WATCHING_MS);
    for (const atMs of lastAtMs) this.darkViewerMs.add(atMs - askedAtMs);
    if (lastAtMs.length > 0) this.darkMs.add(Math.max(...lastAtMs) - askedAtMs);
    for (const outcome of await this.#crew.tryAgain(camera)) {
      this.denialsTried += 1;
      if (outcome === 'let-in') this.denialsLetThrough += 1;
    }
    await consent(camera);
    this.#crew.send({ say: 'come-back', camera, spreadMs: BACK_WITHIN_MS });
  }

  async #boot(camera: number): Promise<void> {
    this.reboots += 1;
    this.#reboot?.(camera, REBOOT_MS);
  }
}
