/*
 * Which time of the camera a transcoded packet has. ffmpeg keeps the distances but begins at a number of its own: its
 * first packet out is the first it could decode of what went in. Where that leads to a delay that cannot be, ffmpeg has
 * begun with another one, and nothing is claimed. No I/O, no clock.
 */
import { limits } from './limits.ts';
import { parseRtpPacket, timestampDelta } from './rtp-packet.ts';
import type { ForeignTrack } from './transcode-arguments.ts';

type Fed = { readonly timestamp: number; readonly atMs: number };

export class TranscodedTime {
  readonly #codec: ForeignTrack['codec'];
  readonly #inHz: number;
  readonly #outHz: number;
  #firstIn: Fed | null = null;
  #firstOut: number | null = null;
  /** How long the last packets in took to come out is told by these, newest last. */
  readonly #fed: Fed[] = [];

  constructor({ codec, clockRateHz }: Pick<ForeignTrack, 'codec' | 'clockRateHz'>, outHz: number) {
    this.#codec = codec;
    this.#inHz = clockRateHz;
    this.#outHz = outHz;
  }

  /** A packet of the camera is handed to ffmpeg. */
  fed(packet: Uint8Array, nowMs: number): void {
    const read = parseRtpPacket(packet);
    if (!read || this.#fed.at(-1)?.timestamp === read.timestamp) return;
    const fed = { timestamp: read.timestamp, atMs: nowMs };
    if (this.#firstIn === null && canBeginWith(this.#codec, read.payload)) this.#firstIn = fed;
    if (this.#firstIn === null) return;
    this.#fed.push(fed);
    if (this.#fed.length > limits.transcodedTimesMax) this.#fed.shift();
  }

  /** The camera's timestamp of a packet that came out; null when it cannot be told. */
  cameraTimestampOf(packet: Uint8Array, nowMs: number): number | null {
    const timestamp = parseRtpPacket(packet)?.timestamp;
    if (timestamp === undefined || this.#firstIn === null) return null;
    this.#firstOut ??= timestamp;
    const ticks = Math.round((timestampDelta(this.#firstOut, timestamp) * this.#inHz) / this.#outHz);
    const cameraTimestamp = (this.#firstIn.timestamp + ticks) >>> 0;
    return this.#isPlausible(cameraTimestamp, nowMs) ? cameraTimestamp : null;
  }

  /** Nothing comes out before it went in, nor long after. */
  #isPlausible(cameraTimestamp: number, nowMs: number): boolean {
    const source = this.#fed.findLast(({ timestamp }) => timestampDelta(timestamp, cameraTimestamp) >= 0);
    if (source === undefined || nowMs - source.atMs > limits.transcodedLateMsMax) return false;
    // A packet of sound holds several of those that come out.
    return timestampDelta(source.timestamp, cameraTimestamp) <= this.#inHz / 10;
  }
}

/** AAC and JPEG begin with any frame; H.265 with a random access picture. Of MPEG-4 it is not known. */
function canBeginWith(codec: ForeignTrack['codec'], payload: Uint8Array): boolean {
  if (codec === 'H265') return beginsH265(payload);
  return codec !== 'MP4V-ES';
}

/** RFC 7798, 4.4: a NAL unit by itself, several in one packet (48), or the first piece of one (49). */
function beginsH265(payload: Uint8Array): boolean {
  const type = ((payload[0] ?? 0) >> 1) & 63;
  if (type === 49) return ((payload[2] ?? 0) & 0x80) !== 0 && isRandomAccess((payload[2] ?? 0) & 63);
  if (type !== 48) return isRandomAccess(type);
  for (let at = 2; at + 2 < payload.length; at += 2 + (((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0))) {
    if (isRandomAccess(((payload[at + 2] ?? 0) >> 1) & 63)) return true;
  }
  return false;
}

/** ITU-T H.265, table 7-1: BLA, IDR and CRA. */
const isRandomAccess = (type: number): boolean => type >= 16 && type <= 21;
