/*
 * How long to wait before something that died is started again: doubled at each death, forgotten after a long life.
 */
import type { Clock, MonotonicMs } from '../app/ports/clock.ts';
import { mediaLimits } from './limits.ts';

export class Backoff {
  readonly #clock: Clock;
  #delayMs: number = mediaLimits.restartDelayMsMin;
  #begunMs: MonotonicMs | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Says that a life has begun. */
  begun(): void {
    this.#begunMs = this.#clock.monotonicMs();
  }

  /** Says that it has ended, or never came to be; answers how long to wait before the next, in milliseconds. */
  nextDelayMs(): number {
    const livedMs = this.#begunMs === null ? 0 : this.#clock.monotonicMs() - this.#begunMs;
    this.#begunMs = null;
    const delayMs = livedMs >= mediaLimits.restartStableMs ? mediaLimits.restartDelayMsMin : this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, mediaLimits.restartDelayMsMax);
    return delayMs;
  }
}
