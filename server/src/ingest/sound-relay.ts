/*
 * From a camera's sound to the media server's: own SSRC, sequence and time across all reconnects, as for the picture.
 * One per `start` of a source that may pull sound. No I/O but the sink.
 */
import type { Clock } from '../app/ports/clock.ts';
import type { FeedSink } from '../app/ports/feed-sink.ts';
import { limits } from './limits.ts';
import { buildRtpPacket, parseRtpPacket } from './rtp-packet.ts';
import type { RtpTimeline } from './rtp-timeline.ts';

export class SoundRelay {
  readonly #sink: FeedSink;
  readonly #timeline: RtpTimeline;
  readonly #clock: Clock;
  readonly #payloadType: number;
  #cameraSsrc: number | null = null;

  /** `timeline` MUST be the one of this sink; `payloadType` is the incoming one. Begins where the last relay ended. */
  constructor(sink: FeedSink, timeline: RtpTimeline, clock: Clock, payloadType: number) {
    this.#sink = sink;
    this.#timeline = timeline;
    this.#clock = clock;
    this.#payloadType = payloadType;
    timeline.restart();
  }

  /** Takes one RTP packet; any bytes are safe. */
  accept(bytes: Uint8Array): void {
    const packet = parseRtpPacket(bytes);
    if (packet?.payloadType !== this.#payloadType || packet.payload.length > limits.payloadBytesMax) return;
    if (packet.ssrc !== this.#cameraSsrc) this.#timeline.restart();
    this.#cameraSsrc = packet.ssrc;
    const placed = this.#timeline.place(packet.sequence, packet.timestamp, this.#clock.monotonicMs());
    if (placed === null || packet.payload.length === 0) return;
    const { ssrc, payloadType } = this.#sink;
    const sequence = this.#timeline.takeSequence(placed.missing);
    // RFC 3551, 4.1: the marker begins a stretch of sound, which is a good place for a player to settle its delay anew.
    const marker = packet.marker || placed.continuity === 'broken';
    this.#sink.send(buildRtpPacket({ ...packet, ssrc, payloadType, sequence, marker, timestamp: placed.timestamp }));
  }
}
