// Clocks for the ingest tests: the system's, for tests on real sockets, and one that only moves when told.
import type { Clock, MonotonicMs, Timer } from '../../../src/app/ports/clock.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now() as MonotonicMs,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

type Planned = { readonly dueMs: number; readonly order: number; readonly callback: () => void };

/** Runs timers in order of their time, and only inside `advance`. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  #order = 0;
  readonly #planned = new Set<Planned>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): MonotonicMs {
    return this.#nowMs as MonotonicMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    this.#order += 1;
    const planned = { dueMs: this.#nowMs + delayMs, order: this.#order, callback };
    this.#planned.add(planned);
    return { cancel: () => void this.#planned.delete(planned) };
  }

  get waiting(): number {
    return this.#planned.size;
  }

  /** How far away the next timer is; null without one. */
  get nextInMs(): number | null {
    const [next] = [...this.#planned].sort((a, b) => a.dueMs - b.dueMs);
    return next ? next.dueMs - this.#nowMs : null;
  }

  /** Time passes while nothing can run, as when the event loop is held up; what was due runs at the next `advance`. */
  stall(byMs: number): void {
    this.#nowMs += byMs;
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const [next] = [...this.#planned].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
      if (!next || next.dueMs > untilMs) break;
      this.#planned.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}
