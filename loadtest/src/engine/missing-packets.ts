/*
 * Packets that have not come: asks for each again as browsers do, and says when asking has not helped and a new key
 * picture is needed. No I/O, no clock.
 */

/** Beyond that a browser asks for a key picture instead. */
const MISSING_MAX = 1_000;
const ASK_AGAIN_MS = 50;
const ASKS_MAX = 10;
/** A hole so old has cost frames; the picture can be mended by a key picture alone. */
const GIVE_UP_MS = 400;

type Wanted = { readonly sinceMs: number; askedAtMs: number; asks: number };

export class MissingPackets {
  readonly #wanted = new Map<number, Wanted>();
  #givenUp = 0;

  /** Packets asked for and never come. */
  get givenUp(): number {
    return this.#givenUp;
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** `count` packets from `sequence` on are missing. */
  note(sequence: number, count: number, nowMs: number): void {
    for (let at = 0; at < count && this.#wanted.size < MISSING_MAX; at += 1) {
      this.#wanted.set((sequence + at) & 0xffff, { sinceMs: nowMs, askedAtMs: Number.NEGATIVE_INFINITY, asks: 0 });
    }
  }

  /** It came after all, late or by retransmission: since when it was missing. Null when it was not. */
  found(sequence: number): number | null {
    const wanted = this.#wanted.get(sequence);
    this.#wanted.delete(sequence);
    return wanted?.sinceMs ?? null;
  }

  /** What to ask for now; `lost` is true when a hole was given up since the last call. */
  due(nowMs: number): { readonly ask: readonly number[]; readonly lost: boolean } {
    const ask: number[] = [];
    let lost = false;
    for (const [sequence, wanted] of this.#wanted) {
      if (nowMs - wanted.sinceMs > GIVE_UP_MS || wanted.asks >= ASKS_MAX) {
        this.#wanted.delete(sequence);
        this.#givenUp += 1;
        lost = true;
      } else if (nowMs - wanted.askedAtMs >= ASK_AGAIN_MS) {
        wanted.askedAtMs = nowMs;
        wanted.asks += 1;
        ask.push(sequence);
      }
    }
    return { ask, lost };
  }
}
