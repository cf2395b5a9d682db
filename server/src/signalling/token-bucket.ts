/*
 * How fast a client may speak: a token bucket, one per connection. Pure but for its own level; time comes in.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #level: number;
  #atMs: number;

  /** Starts full. `atMs` is monotonic time. */
  constructor(rate: { readonly perSecond: number; readonly burst: number }, atMs: number) {
    this.#perSecond = rate.perSecond;
    this.#burst = rate.burst;
    this.#level = rate.burst;
    this.#atMs = atMs;
  }

  /** Takes one; false when none is left. */
  take(atMs: number): boolean {
    const passedMs = Math.max(0, atMs - this.#atMs);
    this.#atMs = Math.max(this.#atMs, atMs);
    this.#level = Math.min(this.#burst, this.#level + (passedMs * this.#perSecond) / 1_000);
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}
