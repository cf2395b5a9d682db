/*
 * Remembers used possession proofs for as long as they could be used again. Bounded: when it is full, new proofs are
 * refused; forgetting one early would let a captured proof pass, and an attacker could see to it by flooding.
 */
import { REPLAY_ENTRIES_MAX, REPLAY_WINDOW_MS } from './token-limits.ts';

type ReplayAnswer = 'fresh' | 'seen' | 'full';

type ReplayBounds = { readonly entriesMax: number; readonly windowMs: number };

export class ReplayWindow {
  readonly #bounds: ReplayBounds;
  /** Mark -> the time it may be forgotten, in the order of arrival. */
  readonly #forgetAtMs = new Map<string, number>();

  constructor(bounds: ReplayBounds = { entriesMax: REPLAY_ENTRIES_MAX, windowMs: REPLAY_WINDOW_MS }) {
    this.#bounds = bounds;
  }

  /** Marks held now, forgotten ones not counted once the next has been admitted. */
  get size(): number {
    return this.#forgetAtMs.size;
  }

  /** Answers 'fresh' exactly once per mark within the window. */
  admit(mark: string, nowMs: number): ReplayAnswer {
    this.#forgetOld(nowMs);
    if (this.#forgetAtMs.has(mark)) return 'seen';
    if (this.#forgetAtMs.size >= this.#bounds.entriesMax) return 'full';
    this.#forgetAtMs.set(mark, nowMs + this.#bounds.windowMs);
    return 'fresh';
  }

  /** Stops at the first that must stay: after a clock went back some stay longer than needed, none goes early. */
  #forgetOld(nowMs: number): void {
    for (const [mark, forgetAtMs] of this.#forgetAtMs) {
      if (!(nowMs >= forgetAtMs)) return;
      this.#forgetAtMs.delete(mark);
    }
  }
}
