/*
 * Notices a wall clock that went back. Used by the gate keeper: while the clock is in doubt nothing opens and no lease
 * is renewed (I3). Trust returns by itself once the clock has caught up with the latest time seen.
 */
import { appBounds } from '../bounds.ts';
import type { Clock } from '../ports/clock.ts';

export class ClockGuard {
  readonly #clock: Clock;
  #latestMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The wall time, or null while the clock stands more than a second behind the latest time seen. */
  trustedNowMs(): number | null {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#latestMs - appBounds.clockBackMsMax) return null;
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    return nowMs;
  }
}
