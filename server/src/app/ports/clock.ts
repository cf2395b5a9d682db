/*
 * Time and timers as a port, so that use cases can be run on a clock of the test's own.
 * Wall time dates records; monotonic time measures leases and durations and never goes back.
 */
declare const monotonicMark: unique symbol;
export type MonotonicMs = number & { readonly [monotonicMark]: true };

export interface Timer {
  /** Idempotent; the callback does not run after this. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  nowMs(): number;
  monotonicMs(): MonotonicMs;
  /** Runs `callback` once after at least `delayMs`; delays longer than 24 days are the caller's to split. */
  after(delayMs: number, callback: () => void): Timer;
}
