/*
 * Holds packets back for a while and lets them go in their order. Without a wait it is no more than a function call.
 */
import type { Clock, Timer } from '../app/ports/clock.ts';
import { limits } from './limits.ts';

type Held = { readonly packet: Uint8Array; readonly dueMs: number };

export class HoldLine {
  readonly #clock: Clock;
  readonly #onward: (packet: Uint8Array) => void;
  #held: Held[] = [];
  #timer: Timer | null = null;

  /** `onward` MUST NOT throw. */
  constructor(clock: Clock, onward: (packet: Uint8Array) => void) {
    this.#clock = clock;
    this.#onward = onward;
  }

  /** Lets it go after `holdMs`, and not before the one before it. */
  take(packet: Uint8Array, holdMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const dueMs = Math.max(nowMs + holdMs, this.#held.at(-1)?.dueMs ?? 0);
    if (dueMs <= nowMs && this.#held.length === 0) {
      this.#onward(packet);
      return;
    }
    this.#held.push({ packet, dueMs });
    // More than any camera sends in so short a time: rather early than lost.
    if (this.#held.length > limits.heldPacketsMax) this.#release(1);
    this.#plan();
  }

  /** What is held is dropped. Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#held = [];
  }

  #release(count: number): void {
    for (const { packet } of this.#held.splice(0, count)) this.#onward(packet);
  }

  #plan(): void {
    const first = this.#held[0];
    if (this.#timer !== null || first === undefined) return;
    this.#timer = this.#clock.after(Math.max(0, first.dueMs - this.#clock.monotonicMs()), () => {
      this.#timer = null;
      const nowMs = this.#clock.monotonicMs();
      const notDue = this.#held.findIndex(({ dueMs }) => dueMs > nowMs);
      this.#release(notDue < 0 ? this.#held.length : notDue);
      this.#plan();
    });
  }
}
