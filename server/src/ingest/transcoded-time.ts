/*
 * Which time of the camera a transcoded packet has. ffmpeg keeps the distances but begins at a number of its own: its
 * first packet out is the first that went in. Pure but for what it keeps.
 */
import { parseRtpPacket, timestampDelta } from './rtp-packet.ts';

export class TranscodedTime {
  readonly #inHz: number;
  readonly #outHz: number;
  #firstIn: number | null = null;
  #firstOut: number | null = null;

  constructor(inHz: number, outHz: number) {
    this.#inHz = inHz;
    this.#outHz = outHz;
  }

  /** A packet of this time has been handed to ffmpeg. */
  fed(timestamp: number): void {
    this.#firstIn ??= timestamp;
  }

  /** The camera's timestamp of a packet that came out; null when it cannot be told. */
  cameraTimestampOf(packet: Uint8Array): number | null {
    const timestamp = parseRtpPacket(packet)?.timestamp;
    if (timestamp === undefined || this.#firstIn === null) return null;
    this.#firstOut ??= timestamp;
    const ticks = Math.round((timestampDelta(this.#firstOut, timestamp) * this.#inHz) / this.#outHz);
    return (this.#firstIn + ticks) >>> 0;
  }
}
