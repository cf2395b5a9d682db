/*
 * One sequence and one time line for a feed, whatever its camera does: reboots, new SSRCs, jumps, wraps. No I/O.
 * The media server takes one of each for a producer's whole life.
 */
import type { Randomness } from '../app/ports/randomness.ts';
import { limits } from './limits.ts';
import { sequenceDelta, timestampDelta } from './rtp-packet.ts';

/** All video (RFC 6184, 8.1). */
const VIDEO_CLOCK_HZ = 90_000;
/** The least step over a break: a thirtieth of a second. */
const BREAK_MS_MIN = 1_000 / 30;

export type Placed = {
  /** Where the packet stands on the feed's own time line. */
  readonly timestamp: number;
  /** `broken`: nothing before this packet belongs to it; pass nothing on until a key picture starts. */
  readonly continuity: 'whole' | 'broken';
  /** Packets lost on the way in, to be left out of the sequence so that viewers notice. */
  readonly missing: number;
};

type Incoming = { readonly sequence: number; readonly timestamp: number; readonly atMs: number };

export class RtpTimeline {
  readonly #ticksPerMs: number;
  #nextSequence: number;
  #timestamp: number;
  #offset = 0;
  #last: Incoming | null = null;
  /** When anything was last placed: the length of a break. */
  #lastAtMs: number | null = null;

  constructor(randomness: Randomness, clockRateHz: number = VIDEO_CLOCK_HZ) {
    this.#ticksPerMs = clockRateHz / 1_000;
    const view = new DataView(Uint8Array.from(randomness.bytes(6)).buffer);
    // Never 0: the media server would count a wrap before the first packet, and 65,536 packets lost for ever.
    // In the lower half, as RFC 3711 (3.3.1) advises, so that no early loss is taken for a wrap.
    this.#nextSequence = 1 + (view.getUint16(0) & 0x3fff);
    this.#timestamp = view.getUint32(2);
  }

  /** A new source, or a new SSRC: whatever comes next continues our own lines. */
  restart(): void {
    this.#last = null;
  }

  /** Places an incoming packet; null when it is a duplicate or too late to be of use. `nowMs` is monotonic. */
  place(sequence: number, timestamp: number, nowMs: number): Placed | null {
    const last = this.#last;
    const step = last ? sequenceDelta(last.sequence, sequence) : 0;
    if (last && step <= 0 && step >= -limits.sequenceGapMax) return null;
    const whole = last !== null && step > 0 && step <= limits.sequenceGapMax + 1;
    if (!last || !whole || isTimeJump(timestampDelta(last.timestamp, timestamp) / this.#ticksPerMs))
      this.#bridge(timestamp, nowMs);
    this.#last = { sequence, timestamp, atMs: nowMs };
    this.#lastAtMs = nowMs;
    this.#timestamp = (timestamp + this.#offset) >>> 0;
    return { timestamp: this.#timestamp, continuity: whole ? 'whole' : 'broken', missing: whole ? step - 1 : 0 };
  }

  /** The next sequence number on the way out, after leaving out `missing`. */
  takeSequence(missing: number): number {
    const sequence = (this.#nextSequence + missing) & 0xffff;
    this.#nextSequence = (sequence + 1) & 0xffff;
    return sequence;
  }

  /** Sets the offset so that this packet follows the last one by the time that has really passed. */
  #bridge(timestamp: number, nowMs: number): void {
    const passedMs = this.#lastAtMs === null ? 0 : Math.max(0, nowMs - this.#lastAtMs);
    // A break of hours must not run half around the circle, where "later" would read as "earlier".
    const ticks = Math.min(Math.round(Math.max(BREAK_MS_MIN, passedMs) * this.#ticksPerMs), 2 ** 30);
    this.#offset = (this.#timestamp + ticks - timestamp) >>> 0;
  }
}

function isTimeJump(ms: number): boolean {
  return ms > limits.timestampAheadMsMax || ms < -limits.timestampBackMsMax;
}
