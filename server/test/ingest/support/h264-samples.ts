// H.264 for tests: real parameter sets, made-up slices, RTP around them, and NAL units put together again.
import { buildRtpPacket } from '../../../src/ingest/rtp-packet.ts';

/** 1280x720, constrained baseline, level 3.1, as x264 writes it. */
export const SPS = Buffer.from('Z0LAH9oBQBbsBagICAoAAAMAAgAAAwB4HjBlQA==', 'base64');
export const PPS = Buffer.from('aM4PyA==', 'base64');
export const SPROP = `${SPS.toString('base64')},${PPS.toString('base64')}`;

/** A NAL unit of a type, filled to a length; its second byte says "first slice, I" or "first slice, P". */
export function nal(type: number, length: number, slice: 'I' | 'P' = 'P'): Buffer {
  const bytes = Buffer.alloc(length, 0x5a);
  bytes[0] = 0x60 | type;
  // ue(0) is `1`; slice_type 7 (I) is `0001000`, 5 (P) is `00110`.
  if (length > 1) bytes[1] = slice === 'I' ? 0b1000_1000 : 0b1001_1000;
  return bytes;
}

export const idr = (length = 200): Buffer => nal(5, length, 'I');
export const slice = (length = 100): Buffer => nal(1, length);

export type SampleTrack = { sequence: number; timestamp: number; ssrc: number; payloadType: number };

/** Makes RTP packets that follow each other, 3,000 ticks (a thirtieth of a second) a picture. */
export class SampleCamera {
  readonly track: SampleTrack;

  constructor(track: Partial<SampleTrack> = {}) {
    this.track = { sequence: 65_530, timestamp: 4_294_960_000, ssrc: 0xcafe, payloadType: 96, ...track };
  }

  /** One packet of the current picture. */
  packet(payload: Uint8Array, marker = true): Uint8Array {
    const { sequence, timestamp, ssrc, payloadType } = this.track;
    this.track.sequence = (sequence + 1) & 0xffff;
    return buildRtpPacket({ payloadType, marker, sequence, timestamp, ssrc, payload });
  }

  /** Each NAL unit in a packet of its own, the last with the marker; then the next picture. */
  picture(nals: readonly Uint8Array[]): readonly Uint8Array[] {
    const packets = nals.map((one, index) => this.packet(one, index === nals.length - 1));
    this.nextPicture();
    return packets;
  }

  nextPicture(pictures = 1): void {
    this.track.timestamp = (this.track.timestamp + 3_000 * pictures) >>> 0;
  }
}

/** Puts NAL units together from payloads (RFC 6184), as a receiver that loses nothing would; throws on a broken one. */
export function reassemble(payloads: readonly Uint8Array[]): readonly Buffer[] {
  const nals: Buffer[] = [];
  let open: Buffer[] | null = null;
  for (const payload of payloads) {
    const bytes = Buffer.from(payload);
    const type = (bytes[0] ?? 0) & 31;
    if (type === 28) {
      const header = bytes[1] ?? 0;
      if ((header & 0xc0) === 0xc0) throw new Error('a fragment is start and end at once');
      if (header & 0x80) open = [Buffer.from([((bytes[0] ?? 0) & 0xe0) | (header & 31)])];
      if (!open) throw new Error('a fragment without a start');
      open.push(bytes.subarray(2));
      if (header & 0x40) {
        nals.push(Buffer.concat(open));
        open = null;
      }
    } else {
      if (open) throw new Error('a fragment without an end');
      if (type === 24) nals.push(...unpack(bytes));
      else nals.push(bytes);
    }
  }
  if (open) throw new Error('a fragment without an end');
  return nals;
}

function unpack(aggregate: Buffer): readonly Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 1; at < aggregate.length; at += 2 + aggregate.readUInt16BE(at)) {
    nals.push(aggregate.subarray(at + 2, at + 2 + aggregate.readUInt16BE(at)));
  }
  return nals;
}

/** Cuts a NAL unit into FU-A payloads of at most `bytesMax`, as cameras do. */
export function fragment(unit: Buffer, bytesMax: number): readonly Buffer[] {
  if (unit.length <= bytesMax) return [unit];
  const first = unit[0] ?? 0;
  const payloads: Buffer[] = [];
  for (let at = 1; at < unit.length; at += bytesMax - 2) {
    const start = at === 1 ? 0x80 : 0;
    const end = at + bytesMax - 2 >= unit.length ? 0x40 : 0;
    const head = Buffer.from([(first & 0xe0) | 28, start | end | (first & 31)]);
    payloads.push(Buffer.concat([head, unit.subarray(at, at + bytesMax - 2)]));
  }
  return payloads;
}
