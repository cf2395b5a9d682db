/*
 * Keeps the screen of a phone on while it is a camera (W3C Screen Wake Lock); a dark screen would stop the camera. Where
 * the browser or the battery says no, nothing else changes.
 */

export class WakeLock {
  #isWanted = false;
  #lock: WakeLockSentinel | null = null;

  constructor() {
    // The browser lets go of it whenever the page is hidden.
    document.addEventListener('visibilitychange', () => void this.#settle());
  }

  want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    void this.#settle();
  }

  async #settle(): Promise<void> {
    if (!this.#isWanted) {
      const lock = this.#lock;
      this.#lock = null;
      await lock?.release().catch(() => undefined);
      return;
    }
    if (document.visibilityState !== 'visible' || (this.#lock !== null && !this.#lock.released)) return;
    this.#lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
    if (!this.#isWanted) await this.#settle();
  }
}
