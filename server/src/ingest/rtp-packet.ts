/*
 * RTP packets (RFC 3550, 5.1): read with every optional part, written with a header extension at most. Pure; malformed
 * input gives null.
 */

export type RtpPacket = {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** A view without padding; may be empty. */
  readonly payload: Uint8Array;
};

const HEADER_BYTES = 12;

/** Reads one packet: contributing sources, a header extension and padding are taken off. Null when it does not add up. */
export function parseRtpPacket(bytes: Uint8Array): RtpPacket | null {
  if (bytes.length < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  if (first >> 6 !== 2) return null;
  let start = HEADER_BYTES + 4 * (first & 15);
  if (first & 0x10) {
    if (start + 4 > bytes.length) return null;
    start += 4 + 4 * view.getUint16(start + 2);
  }
  let end = bytes.length;
  if (first & 0x20) {
    const padding = view.getUint8(end - 1);
    if (padding === 0) return null;
    end -= padding;
  }
  if (start > end) return null;
  const second = view.getUint8(1);
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payload: bytes.subarray(start, end),
  };
}

const NO_EXTENSION = new Uint8Array(0);

/** Writes a packet with the plain 12-byte header; sequence and timestamp are taken modulo 2^16 and 2^32. */
export function buildRtpPacket(packet: RtpPacket): Uint8Array {
  return writeRtpPacket(packet, [packet.payload]);
}

/**
 * As `buildRtpPacket`, of a payload that lies in pieces: each byte of a picture is copied once on its way. `extension` is
 * a whole block (RFC 3550, 5.3.1), of four bytes times its number of words.
 */
export function writeRtpPacket(
  head: Omit<RtpPacket, 'payload'>,
  pieces: readonly Uint8Array[],
  extension: Uint8Array = NO_EXTENSION,
): Uint8Array {
  let at = HEADER_BYTES + extension.length;
  for (const piece of pieces) at += piece.length;
  const bytes = Buffer.allocUnsafe(at);
  bytes[0] = extension.length > 0 ? 0x90 : 0x80;
  bytes[1] = head.payloadType | (head.marker ? 0x80 : 0);
  bytes.writeUInt16BE(head.sequence & 0xffff, 2);
  bytes.writeUInt32BE(head.timestamp >>> 0, 4);
  bytes.writeUInt32BE(head.ssrc >>> 0, 8);
  bytes.set(extension, HEADER_BYTES);
  at = HEADER_BYTES + extension.length;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** How far `to` is ahead of `from` on a 16-bit circle: -32768 .. 32767. */
export function sequenceDelta(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** How far `to` is ahead of `from` on a 32-bit circle: -2^31 .. 2^31 - 1. */
export function timestampDelta(from: number, to: number): number {
  return (to - from) | 0;
}
