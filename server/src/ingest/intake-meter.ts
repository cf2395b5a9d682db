/*
 * Measures what a camera sends: bit rate and frame rate over the last few seconds, and packets lost on the way in by
 * the holes in their sequence. No I/O, no clock; a ring of fixed size. One per relay.
 */
import { limits } from './limits.ts';
import { type RtpPacket, sequenceDelta, timestampDelta } from './rtp-packet.ts';

export type IntakeRates = {
  readonly bitsPerSecond: number;
  readonly framesPerSecond: number;
  /** 0..1 of the packets that should have come within the window. */
  readonly lossRatio: number;
};

type Slot = { index: number; bytes: number; frames: number; packets: number; lost: number };

const TICKS_PER_MS = 90;
const SLOT_MS = limits.meterWindowMs / limits.meterSlots;

export class IntakeMeter {
  /** One slot more than the window: the one being filled counts by the part of it that has passed. */
  readonly #slots: Slot[] = Array.from({ length: limits.meterSlots + 1 }, () => emptySlot(-1));
  #beganAtMs: number | null = null;
  #sequence: number | null = null;
  #timestamp: number | null = null;
  #packetsLost = 0;
  /** Times a picture was earlier than the packet right before it. */
  #timesBack = 0;

  /** Packets that never came, or too late to be of use, since the meter was made. */
  get packetsLost(): number {
    return this.#packetsLost;
  }

  /** Pictures come in another order than they are shown in; browsers that take WebRTC cannot show such a stream. */
  get hasBPictures(): boolean {
    return this.#timesBack >= limits.timesBackForB;
  }

  /** A new connection or a new SSRC: neither numbers nor rates go on over the break. */
  restart(): void {
    this.#sequence = null;
    this.#timestamp = null;
    this.#timesBack = 0;
    this.#beganAtMs = null;
    for (const at of this.#slots.keys()) this.#slots[at] = emptySlot(-1);
  }

  /** Counts a packet of the track, and says whether a picture begins with it. `nowMs` is monotonic. */
  see(
    { sequence, timestamp }: Pick<RtpPacket, 'sequence' | 'timestamp'>,
    sizeBytes: number,
    nowMs: number,
  ): 'new-picture' | 'same-picture' {
    if (this.#timestamp !== null && this.#sequence !== null && sequenceDelta(this.#sequence, sequence) === 1) {
      const aheadMs = timestampDelta(this.#timestamp, timestamp) / TICKS_PER_MS;
      if (aheadMs < 0 && aheadMs >= -limits.timestampBackMsMax) this.#timesBack += 1;
    }
    this.passOver(sequence, nowMs);
    const slot = this.#slot(nowMs);
    slot.bytes += sizeBytes;
    slot.packets += 1;
    // By time and not by marker: cameras set the marker on parameter sets, on every slice, or never.
    const isNew = timestamp !== this.#timestamp;
    if (isNew) slot.frames += 1;
    this.#timestamp = timestamp;
    return isNew ? 'new-picture' : 'same-picture';
  }

  /** Counts only the sequence number: a packet that shares it and is no picture. */
  passOver(sequence: number, nowMs: number): void {
    this.#beganAtMs ??= nowMs;
    const step = this.#sequence === null ? 1 : sequenceDelta(this.#sequence, sequence);
    // A duplicate, or late: it was counted when it was missed. Far back is a camera that began anew.
    if (step <= 0 && step >= -limits.meterGapMax) return;
    this.#sequence = sequence;
    if (step <= 1 || step > limits.meterGapMax) return;
    this.#packetsLost += step - 1;
    this.#slot(nowMs).lost += step - 1;
  }

  /** The rates over the window, or over the time since the first packet while that is shorter. Null before 1 s. */
  rates(nowMs: number): IntakeRates | null {
    const sinceMs = this.#beganAtMs === null ? 0 : nowMs - this.#beganAtMs;
    if (sinceMs < limits.meterLeastMs) return null;
    const newest = Math.floor(nowMs / SLOT_MS);
    const spanMs = Math.min(sinceMs, limits.meterWindowMs - SLOT_MS + (nowMs - newest * SLOT_MS));
    const sum = emptySlot(newest);
    for (const slot of this.#slots) {
      if (slot.index <= newest - limits.meterSlots || slot.index > newest) continue;
      sum.bytes += slot.bytes;
      sum.frames += slot.frames;
      sum.packets += slot.packets;
      sum.lost += slot.lost;
    }
    const due = sum.packets + sum.lost;
    return {
      bitsPerSecond: (sum.bytes * 8_000) / spanMs,
      framesPerSecond: (sum.frames * 1_000) / spanMs,
      lossRatio: due === 0 ? 0 : sum.lost / due,
    };
  }

  #slot(nowMs: number): Slot {
    const index = Math.floor(nowMs / SLOT_MS);
    const at = index % this.#slots.length;
    const held = this.#slots[at];
    if (held?.index === index) return held;
    const fresh = emptySlot(index);
    this.#slots[at] = fresh;
    return fresh;
  }
}

const emptySlot = (index: number): Slot => ({ index, bytes: 0, frames: 0, packets: 0, lost: 0 });
