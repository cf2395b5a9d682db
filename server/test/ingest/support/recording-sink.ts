// A feed sink that keeps what it is sent, so that tests can look at it, and can ask for key frames.
import { EventEmitter, once } from 'node:events';
import type { FeedSink } from '../../../src/app/ports/feed-sink.ts';
import { parseRtpPacket, type RtpPacket } from '../../../src/ingest/rtp-packet.ts';

export class RecordingSink implements FeedSink {
  readonly ssrc = 0x1234_5678;
  readonly payloadType = 101;
  readonly packets: RtpPacket[] = [];
  readonly #arrivals = new EventEmitter();
  #onRtcp: (packet: Uint8Array) => void = () => {};

  send(packet: Uint8Array): void {
    const read = parseRtpPacket(packet);
    if (!read) throw new Error('not an RTP packet');
    this.packets.push(read);
    this.#arrivals.emit('packet');
  }

  onRtcp(listener: (packet: Uint8Array) => void): void {
    this.#onRtcp = listener;
  }

  /** Hands the source a picture loss indication for this feed, as the media server does. */
  requestKeyFrame(): void {
    this.feedback(pli(this.ssrc));
  }

  feedback(rtcp: Uint8Array): void {
    this.#onRtcp(rtcp);
  }

  /** Resolves when at least so many packets came. */
  async untilPackets(count: number): Promise<void> {
    while (this.packets.length < count) await once(this.#arrivals, 'packet');
  }
}

/** RFC 4585, 6.3.1. */
export function pli(ssrc: number): Uint8Array {
  const packet = Buffer.alloc(12);
  packet[0] = 0x81;
  packet[1] = 206;
  packet.writeUInt16BE(2, 2);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

/** RFC 5104, 4.3.1. */
export function fir(ssrc: number): Uint8Array {
  const packet = Buffer.alloc(20);
  packet[0] = 0x84;
  packet[1] = 206;
  packet.writeUInt16BE(4, 2);
  packet.writeUInt32BE(ssrc, 12);
  return packet;
}
