/*
 * Which time of the camera a transcoded packet has. ffmpeg counts from the first packet that went in, but writes times
 * from a number of its own. That number stands in its first sender report, which it makes right after it has chosen it.
 * What little passes in between is less than from one picture to the next, so a picture is found exactly; sound, which
 * is cut anew, to a few milliseconds. Where the outcome is a delay that cannot be, nothing is claimed. No I/O, no clock.
 */
import { limits } from './limits.ts';
import type { TrackName } from './lip-sync.ts';
import { parseRtpPacket, timestampDelta } from './rtp-packet.ts';
import { readSenderReport } from './sender-report.ts';

type Fed = { readonly timestamp: number; readonly atMs: number };

export class TranscodedTime {
  readonly #kind: TrackName;
  readonly #inHz: number;
  readonly #outHz: number;
  /** Newest last. */
  readonly #fed: Fed[] = [];
  #firstFed: number | null = null;
  #firstReport: number | null = null;
  /** One moment, as it is called on both sides. */
  #pair: { readonly inside: number; readonly outside: number } | null = null;

  constructor(kind: TrackName, inHz: number, outHz: number) {
    this.#kind = kind;
    this.#inHz = inHz;
    this.#outHz = outHz;
  }

  /** A packet of the camera is handed to ffmpeg. */
  fed(packet: Uint8Array, nowMs: number): void {
    const timestamp = parseRtpPacket(packet)?.timestamp;
    if (timestamp === undefined || this.#fed.at(-1)?.timestamp === timestamp) return;
    this.#firstFed ??= timestamp;
    this.#fed.push({ timestamp, atMs: nowMs });
    if (this.#fed.length > limits.transcodedTimesMax) this.#fed.shift();
  }

  /** RTCP of ffmpeg. */
  reported(rtcp: Uint8Array): void {
    this.#firstReport ??= readSenderReport(rtcp)?.timestamp ?? null;
  }

  /** The camera's timestamp of a packet that came out; null when it cannot be told. */
  cameraTimestampOf(packet: Uint8Array, nowMs: number): number | null {
    const timestamp = parseRtpPacket(packet)?.timestamp;
    if (timestamp === undefined) return null;
    this.#pair ??= this.#findPair(timestamp);
    if (this.#pair === null) return null;
    const cameraTimestamp = (this.#pair.inside + this.#toInside(this.#pair.outside, timestamp)) >>> 0;
    return this.#isPlausible(cameraTimestamp, nowMs) ? cameraTimestamp : null;
  }

  /** The first picture out is the first of those in that is not before the time it seems to have. */
  #findPair(outside: number): { readonly inside: number; readonly outside: number } | null {
    if (this.#firstFed === null || this.#firstReport === null) return null;
    const seems = (this.#firstFed + this.#toInside(this.#firstReport, outside)) >>> 0;
    if (this.#kind === 'sound') return { inside: seems, outside };
    const roundingTicks = this.#inHz / 1_000;
    const source = this.#fed.find(({ timestamp }) => timestampDelta(seems, timestamp) >= -roundingTicks);
    return source ? { inside: source.timestamp, outside } : null;
  }

  #toInside(from: number, to: number): number {
    return Math.round((timestampDelta(from, to) * this.#inHz) / this.#outHz);
  }

  /** Nothing comes out before it went in, nor long after. */
  #isPlausible(cameraTimestamp: number, nowMs: number): boolean {
    const source = this.#fed.findLast(({ timestamp }) => timestampDelta(timestamp, cameraTimestamp) >= 0);
    if (source === undefined || nowMs - source.atMs > limits.transcodedLateMsMax) return false;
    // A packet of sound holds several of those that come out.
    return timestampDelta(source.timestamp, cameraTimestamp) <= this.#inHz / 10;
  }
}
