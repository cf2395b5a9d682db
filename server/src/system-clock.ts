/* The machine's clock and timers behind the Clock port; made once by compose. */
import type { Clock, MonotonicMs, Timer } from './app/ports/clock.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now() as MonotonicMs,
  after(delayMs: number, callback: () => void): Timer {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
