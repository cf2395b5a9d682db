/*
 * Puts RTP packets that overtook each other on the way back into their order. Holds packets only behind a hole, a
 * bounded number of them, and for a moment: then the hole stays one. No I/O; one for each track over UDP, and one for a
 * publisher, whose lost packets come again later than the next ones.
 */
import type { Clock, Timer } from '../app/ports/clock.ts';
import { limits } from './limits.ts';
import { sequenceDelta } from './rtp-packet.ts';

type Held = { readonly packet: Uint8Array; readonly atMs: number };
type Listeners = {
  /** The next packet in order; MUST NOT throw. */
  readonly packet: (packet: Uint8Array) => void;
  /** Packets before the next one will not come; MUST NOT throw. */
  readonly hole: () => void;
};

export class ReorderBuffer {
  readonly #clock: Clock;
  readonly #listeners: Listeners;
  readonly #waitMs: number;
  readonly #held = new Map<number, Held>();
  #next: number | null = null;
  #timer: Timer | null = null;

  constructor(clock: Clock, listeners: Listeners, waitMs: number = limits.reorderWaitMs) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#listeners = listeners;
  }

  /** Takes a packet; it comes out at once, a little later in its order, or never when it is late or a duplicate. */
  push(packet: Uint8Array, sequence: number): void {
    const step = this.#next === null ? 0 : sequenceDelta(this.#next, sequence);
    // So far ahead or back is no disorder: the camera has begun anew, and what is held comes first.
    if (step > limits.reorderPacketsMax || step < -limits.meterGapMax) this.flush();
    else if (step < 0) return;
    else if (step > 0) {
      this.#hold(packet, sequence);
      return;
    }
    this.#give(packet, sequence);
    this.#giveFollowing();
    this.#plan();
  }

  /** Lets everything held go, in order, and takes the next packet as a beginning. */
  flush(): void {
    while (this.#held.size > 0) this.#skip();
    this.#next = null;
    this.#plan();
  }

  /** Forgets what is held; no timer is left. */
  stop(): void {
    this.#held.clear();
    this.#plan();
  }

  #hold(packet: Uint8Array, sequence: number): void {
    if (this.#held.has(sequence)) return;
    this.#held.set(sequence, { packet, atMs: this.#clock.monotonicMs() });
    if (this.#held.size >= limits.reorderPacketsMax) this.#skip();
    this.#plan();
  }

  /** Gives the hole in front up. */
  #skip(): void {
    const next = this.#next ?? 0;
    const nearest = Math.min(...[...this.#held.keys()].map((sequence) => sequenceDelta(next, sequence)));
    this.#next = (next + nearest) & 0xffff;
    this.#listeners.hole();
    this.#giveFollowing();
  }

  #giveFollowing(): void {
    for (;;) {
      const sequence = this.#next ?? 0;
      const held = this.#held.get(sequence);
      if (!held) return;
      this.#held.delete(sequence);
      this.#give(held.packet, sequence);
    }
  }

  #give(packet: Uint8Array, sequence: number): void {
    this.#next = (sequence + 1) & 0xffff;
    this.#listeners.packet(packet);
  }

  /** A hole is waited for until the packet that waits longest behind it has waited enough. */
  #plan(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const [oldest] = this.#held.values();
    if (!oldest) return;
    const waitedMs = this.#clock.monotonicMs() - oldest.atMs;
    this.#timer = this.#clock.after(Math.max(0, this.#waitMs - waitedMs), () => {
      this.#skip();
      this.#plan();
    });
  }
}
