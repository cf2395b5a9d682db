/*
 * What one viewer received of one stream, from headers alone: loss, duplicates, jitter (RFC 3550, A.8), frames, freezes as
 * browsers count them, and latency where the server stamps the capture time. No I/O, no clock.
 */
import type { Distribution } from '../distribution.ts';
import { MissingPackets } from './missing-packets.ts';
import { type RtpHeader, sequenceStep } from './rtp-header.ts';

const TICKS_PER_MS = 90;
const SEQUENCES = 65_536;
/** A hole beyond that is a new beginning, not loss that could be asked for. */
const GAP_MAX = 3_000;
/** W3C webrtc-stats, freezeCount: longer than three frames and than one frame and 150 ms. */
const FREEZE_EXTRA_MS = 150;
const FREEZE_FRAMES = 3;
/** A newcomer is first shown the pictures since the last key picture: their age is no latency. */
const LATENCY_AFTER_MS = 2_000;
const START_MS = 1_000;
const FRAME_MS_AT_FIRST = 40;

export class Reception {
  readonly #latencyMs: Distribution;
  readonly missing = new MissingPackets();
  packets = 0;
  bytes = 0;
  duplicates = 0;
  lost = 0;
  /**
   * Of these, the holes of the first second: a newcomer is shown the packets since the last key picture, and when the next
   * key picture comes before they are through, the rest is left out on purpose.
   */
  lostAtStart = 0;
  frames = 0;
  freezes = 0;
  freezeMs = 0;
  jitterTicks = 0;
  /** On the caller's monotonic clock; 0 before there was one. */
  firstPacketAtMs = 0;
  firstFrameAtMs = 0;
  lastPacketAtMs = 0;
  #highest = -1;
  #cycles = 0;
  #transitTicks: number | null = null;
  #timestamp = 0;
  #frameTimestamp: number | null = null;
  #frameAtMs = 0;
  #frameMs = FRAME_MS_AT_FIRST;
  #isFrameWhole = true;
  /** What the last receiver report told. */
  #reported = { lost: 0, packets: 0 };

  /** Latencies are added to `latencyMs`, which the viewers of a process share. */
  constructor(latencyMs: Distribution) {
    this.#latencyMs = latencyMs;
  }

  /** Highest sequence number with its wraps, as a receiver report tells it. */
  get highestSequence(): number {
    return this.#cycles * SEQUENCES + Math.max(0, this.#highest);
  }

  /** Takes a packet of the stream; `wallOffsetMs` added to `nowMs` gives the wall clock. */
  take(header: RtpHeader, bytes: number, nowMs: number, wallOffsetMs: number): void {
    this.lastPacketAtMs = nowMs;
    const place = this.#place(header.sequence, nowMs);
    if (place === 'duplicate') {
      this.duplicates += 1;
      return;
    }
    this.packets += 1;
    this.bytes += bytes;
    if (place === 'late') return;
    if (this.firstPacketAtMs === 0) this.firstPacketAtMs = nowMs;
    if (header.timestamp !== this.#timestamp) {
      this.#timestamp = header.timestamp;
      this.#isFrameWhole = place === 'next';
    } else if (place === 'gap') this.#isFrameWhole = false;
    this.#measureJitter(header.timestamp, nowMs);
    if (header.marker) this.#endFrame(header, nowMs, wallOffsetMs);
  }

  /** A retransmission brought this packet of the stream. */
  mend(sequence: number): void {
    this.#find(sequence);
  }

  /** Loss since the last call as a share, for a receiver report. */
  takeFractionLost(): number {
    const lost = this.lost - this.#reported.lost;
    const packets = this.packets - this.#reported.packets;
    this.#reported = { lost: this.lost, packets: this.packets };
    return lost <= 0 ? 0 : lost / (lost + packets);
  }

  #place(sequence: number, nowMs: number): 'next' | 'gap' | 'late' | 'duplicate' {
    if (this.#highest < 0) {
      this.#highest = sequence;
      return 'next';
    }
    const step = sequenceStep(this.#highest, sequence);
    if (step <= 0) {
      // A replay of the last key picture brings all of its packets again.
      return this.#find(sequence) ? 'late' : 'duplicate';
    }
    if (step > 1 && step <= GAP_MAX) {
      this.lost += step - 1;
      if (this.#isStart(nowMs)) this.lostAtStart += step - 1;
      this.missing.note((this.#highest + 1) & 0xffff, step - 1, nowMs);
    }
    if (sequence < this.#highest) this.#cycles += 1;
    this.#highest = sequence;
    return step > 1 ? 'gap' : 'next';
  }

  #find(sequence: number): boolean {
    const sinceMs = this.missing.found(sequence);
    if (sinceMs === null) return false;
    this.lost -= 1;
    if (this.#isStart(sinceMs)) this.lostAtStart -= 1;
    return true;
  }

  #isStart(atMs: number): boolean {
    return atMs - this.firstPacketAtMs < START_MS;
  }

  #measureJitter(timestamp: number, nowMs: number): void {
    const transit = nowMs * TICKS_PER_MS - timestamp;
    if (this.#transitTicks !== null) {
      // Half a second and more is a wrap of the time stamp or a break, not jitter.
      const change = Math.abs(transit - this.#transitTicks);
      if (change < 45_000) this.jitterTicks += (change - this.jitterTicks) / 16;
    }
    this.#transitTicks = transit;
  }

  #endFrame(header: RtpHeader, nowMs: number, wallOffsetMs: number): void {
    this.frames += 1;
    if (this.firstFrameAtMs === 0 && this.#isFrameWhole) this.firstFrameAtMs = nowMs;
    if (this.#frameTimestamp !== null) {
      const gapMs = nowMs - this.#frameAtMs;
      if (gapMs > Math.max(FREEZE_FRAMES * this.#frameMs, this.#frameMs + FREEZE_EXTRA_MS)) {
        this.freezes += 1;
        this.freezeMs += gapMs;
      }
      const spacingMs = ((header.timestamp - this.#frameTimestamp) | 0) / TICKS_PER_MS;
      if (spacingMs > 0 && spacingMs < 1_000) this.#frameMs += (spacingMs - this.#frameMs) / 8;
    }
    this.#frameTimestamp = header.timestamp;
    this.#frameAtMs = nowMs;
    if (header.capturedAtMs > 0 && nowMs - this.firstPacketAtMs > LATENCY_AFTER_MS) {
      this.#latencyMs.add(nowMs + wallOffsetMs - header.capturedAtMs);
    }
  }
}
