/* The system's own clock for tests with real workers. */
import type { Clock, MonotonicMs } from '../../../src/app/ports/clock.ts';

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now() as MonotonicMs,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
