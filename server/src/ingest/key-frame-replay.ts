/*
 * Plays a camera that honours key-frame requests: sends the cached packets since the last key picture again, with
 * their own sequence numbers and timestamps, so that a new viewer has a picture at once instead of after a whole group.
 * Viewers already there discard them as duplicates. Paced; one runs at a time and at most one more waits; and what all
 * of them cost is bounded, however often a viewer asks.
 */
import type { Clock, Timer } from '../app/ports/clock.ts';
import type { GopCache } from './gop-cache.ts';
import { limits } from './limits.ts';

/** What may go at once, and the most that is caught up after the event loop was held up. */
const BURST_BYTES = 24_000;
const TICK_MS = 1;

export class KeyFrameReplay {
  readonly #cache: GopCache;
  readonly #clock: Clock;
  readonly #send: (packet: Uint8Array) => void;
  #timer: Timer | null = null;
  #running: { readonly packets: readonly Uint8Array[]; next: number; budgetBytes: number; atMs: number } | null = null;
  #again: 'wanted' | 'no' = 'no';
  #count = 0;
  /** What may still be sent again; negative while the last replay is being paid for. */
  #allowance: { bytes: number; atMs: number };

  /** `send` MUST NOT throw. */
  constructor(cache: GopCache, clock: Clock, send: (packet: Uint8Array) => void) {
    this.#cache = cache;
    this.#clock = clock;
    this.#send = send;
    this.#allowance = { bytes: limits.replayPortionBytes, atMs: clock.monotonicMs() };
  }

  /** Replays begun so far. */
  get count(): number {
    return this.#count;
  }

  /** A viewer needs a key frame. During a replay this asks for one more after it. */
  request(): void {
    if (this.#running) {
      this.#again = 'wanted';
      return;
    }
    if (this.#timer || this.#cache.isEmpty) return;
    const nowMs = this.#clock.monotonicMs();
    const ageMs = this.#cache.ageMs(nowMs) ?? 0;
    const dueInMs = this.#cache.dueInMs(nowMs);
    // A long replay costs the other viewers duplicate bytes: not for a fraction of a second. Should the key picture
    // stay away, the replay is made after all.
    if (ageMs > limits.replayFreeMs && dueInMs !== null && dueInMs > 0 && dueInMs <= limits.replaySkipMs) {
      this.#wait(dueInMs, () => this.#beginWhenAllowed());
    } else {
      this.#beginWhenAllowed();
    }
  }

  /** A key picture is on its way to everyone, or the stream broke: whatever was being sent again is out of date. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#running = null;
    this.#again = 'no';
  }

  #beginWhenAllowed(): void {
    const nowMs = this.#clock.monotonicMs();
    const earned = ((nowMs - this.#allowance.atMs) * limits.replayMeanBytesPerSecond) / 1_000;
    const bytes = Math.min(limits.replayPortionBytes, this.#allowance.bytes + earned);
    this.#allowance = { bytes, atMs: nowMs };
    const dueInMs = Math.ceil((-bytes * 1_000) / limits.replayMeanBytesPerSecond);
    if (dueInMs > 0) this.#wait(dueInMs, () => this.#beginWhenAllowed());
    else this.#begin();
  }

  #begin(): void {
    if (this.#cache.isEmpty) return;
    this.#count += 1;
    const packets = this.#cache.packets();
    this.#running = { packets, next: 0, budgetBytes: BURST_BYTES, atMs: this.#clock.monotonicMs() };
    this.#pump();
  }

  #pump(): void {
    const run = this.#running;
    if (!run) return;
    const nowMs = this.#clock.monotonicMs();
    const earned = ((nowMs - run.atMs) * limits.replayBytesPerSecond) / 1_000;
    run.budgetBytes = Math.min(BURST_BYTES, run.budgetBytes + earned);
    run.atMs = nowMs;
    for (let packet = run.packets[run.next]; packet && run.budgetBytes > 0; packet = run.packets[run.next]) {
      this.#send(packet);
      run.budgetBytes -= packet.length;
      this.#allowance.bytes -= packet.length;
      run.next += 1;
    }
    if (run.next < run.packets.length) this.#wait(TICK_MS, () => this.#pump());
    else this.#finish();
  }

  #finish(): void {
    this.#running = null;
    if (this.#again === 'no') return;
    this.#again = 'no';
    this.request();
  }

  #wait(delayMs: number, then: () => void): void {
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = null;
      then();
    });
  }
}
