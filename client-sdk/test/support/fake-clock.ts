/*
 * A clock that moves only when a test says so; timers run in the order of their time. Fulfils the ClientClock port.
 */
import type { ClientClock } from '../../src/client-clock.ts';

type Timer = { readonly atMs: number; readonly act: () => void };

export class FakeClock implements ClientClock {
  readonly #timers = new Set<Timer>();
  #nowMs = 1_000;
  chance = 0.5;

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_800_000_000_000 + this.#nowMs;
  }

  random(): number {
    return this.chance;
  }

  after(delayMs: number, act: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(delayMs, 0), act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** How long until the next timer; Infinity when none waits. */
  get nextInMs(): number {
    return Math.min(...[...this.#timers].map((timer) => timer.atMs)) - this.#nowMs;
  }

  /** Moves time on and runs what falls due, each at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.act();
    }
    this.#nowMs = endMs;
  }
}
