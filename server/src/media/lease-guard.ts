/*
 * The watchdog's one decision: when the beats stop, the workers last named are killed, once. Holds no timer and no
 * process of its own; watchdog-process.ts feeds it lines and time, and tests do.
 */
import type { ProcessIdentity } from './process-identity.ts';

export class LeaseGuard {
  readonly #leaseMs: number;
  readonly #kill: (worker: ProcessIdentity) => void;
  #workers: readonly ProcessIdentity[] = [];
  #lastBeatMs: number;

  constructor(leaseMs: number, nowMs: number, kill: (worker: ProcessIdentity) => void) {
    this.#leaseMs = leaseMs;
    this.#lastBeatMs = nowMs;
    this.#kill = kill;
  }

  /** Takes a beat: the lease runs anew, and these are the workers to kill when it lapses. */
  beat(workers: readonly ProcessIdentity[], nowMs: number): void {
    this.#workers = workers;
    this.#lastBeatMs = nowMs;
  }

  /** Looks at the lease; answers `lapsed` when it has just killed for it. `nowMs` is monotonic. */
  check(nowMs: number): 'held' | 'lapsed' {
    if (this.#workers.length === 0 || nowMs - this.#lastBeatMs <= this.#leaseMs) return 'held';
    this.killAll();
    return 'lapsed';
  }

  /** Kills every worker last named and forgets them. */
  killAll(): void {
    const workers = this.#workers;
    this.#workers = [];
    for (const worker of workers) this.#kill(worker);
  }
}
