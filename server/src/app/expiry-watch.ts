/*
 * Puts on record what ends by itself: the charter on its last day, consents whose time is up. The gates close without
 * it, at the moment; this is for those who read the ledger. Started and stopped by compose.
 */
import { appBounds } from './bounds.ts';
import type { Clock, Timer } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { ExpiryStore } from './ports/store.ts';

export class ExpiryWatch {
  readonly #store: ExpiryStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(store: ExpiryStore, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks now, and from then on at each end that is known, and once a minute for those that are not yet. */
  async start(): Promise<void> {
    if (this.#stopped) return;
    const waitMs = await this.#look();
    if (this.#stopped) return;
    this.#timer = this.#clock.after(waitMs, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<number> {
    const nowMs = this.#clock.nowMs();
    try {
      const { noted, nextAtMs } = await this.#store.noteExpiries(nowMs, appBounds.expiriesNotedMax);
      if (noted > 0) this.#log.info({ noted }, 'ended by time, now on record');
      if (nextAtMs === null) return appBounds.expiryLookMs;
      return Math.min(appBounds.expiryLookMs, Math.max(appBounds.expiryLookMsMin, nextAtMs - nowMs));
    } catch (failure) {
      this.#log.warn({ failure: String(failure) }, 'what ended by time could not be put on record; trying again');
      return appBounds.expiryLookMs;
    }
  }
}
