/*
 * The packets since the last key picture, as they were sent, and how long such groups last. No I/O, no clock.
 * Lives as long as the feed is being pulled and holds one group at most: nothing is recorded here.
 */
import { limits } from './limits.ts';

export class GopCache {
  #packets: Uint8Array[] = [];
  #bytes = 0;
  #room: 'left' | 'exceeded' = 'left';
  #startedAtMs: number | null = null;
  #lengthMs: number | null = null;

  /** A key picture starts; what was held is let go. `nowMs` is monotonic. */
  begin(nowMs: number): void {
    if (this.#startedAtMs !== null) this.#lengthMs = nowMs - this.#startedAtMs;
    this.#startedAtMs = nowMs;
    this.#empty();
  }

  /** Holds a packet of the current group. A group beyond the bounds is let go whole: half of one is of no use. */
  add(packet: Uint8Array): void {
    if (this.#startedAtMs === null || this.#room === 'exceeded') return;
    if (this.#packets.length >= limits.cachedPacketsMax || this.#bytes + packet.length > limits.cachedBytesMax) {
      this.#empty();
      this.#room = 'exceeded';
      return;
    }
    this.#packets.push(packet);
    this.#bytes += packet.length;
  }

  /** The stream broke off: what is held no longer leads up to now. */
  clear(): void {
    this.#startedAtMs = null;
    this.#empty();
  }

  /** A copy of the list; the packets themselves are shared and not to be changed. */
  packets(): readonly Uint8Array[] {
    return [...this.#packets];
  }

  get isEmpty(): boolean {
    return this.#packets.length === 0;
  }

  /** Length of the last whole group; null before there was one. */
  get lengthMs(): number | null {
    return this.#lengthMs;
  }

  /** How long ago the current group began; null without one. */
  ageMs(nowMs: number): number | null {
    return this.#startedAtMs === null ? null : nowMs - this.#startedAtMs;
  }

  /** When the next key picture should come, if groups go on as the last one; null when unknown. */
  dueInMs(nowMs: number): number | null {
    const ageMs = this.ageMs(nowMs);
    return ageMs === null || this.#lengthMs === null ? null : this.#lengthMs - ageMs;
  }

  #empty(): void {
    this.#packets = [];
    this.#bytes = 0;
    this.#room = 'left';
  }
}
