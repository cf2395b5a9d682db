/*
 * A clock of the test's own: time moves only when told to, timers fire in order of their moment.
 */
import type { Clock, MonotonicMs, Timer } from '../../src/app/ports/clock.ts';

/** Lets every promise that can settle now settle, so that what a timer started has happened before time moves on. */
export async function settleMicrotasks(): Promise<void> {
  for (let round = 0; round < 6; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

type Pending = { readonly atMs: number; readonly order: number; readonly callback: () => void };

export class ManualClock implements Clock {
  #elapsedMs = 0;
  #wallMs: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): MonotonicMs {
    return this.#elapsedMs as MonotonicMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending = { atMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  get timers(): number {
    return this.#pending.size;
  }

  /** Sets the wall clock off by so much, as an operator or a bad time server would; monotonic time does not notice. */
  shiftWall(ms: number): void {
    this.#wallMs += ms;
  }

  /** Moves time on, firing what falls due, each with everything that follows from it. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    await settleMicrotasks();
    for (;;) {
      const next = [...this.#pending]
        .filter((one) => one.atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (!next) break;
      this.#pending.delete(next);
      this.#moveTo(Math.max(next.atMs, this.#elapsedMs));
      next.callback();
      await settleMicrotasks();
    }
    this.#moveTo(endMs);
    await settleMicrotasks();
  }

  #moveTo(elapsedMs: number): void {
    this.#wallMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }
}
