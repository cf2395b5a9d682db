/*
 * What can be read off an SRTP packet without opening it: the header and its one-byte extensions (RFC 3550, RFC 8285).
 * Runs for every packet of every viewer, hence one reused object and no copies. Pure.
 */

/** Extension ids of one offer; 0 where it has none. */
export type ExtensionIds = { readonly transportSequence: number; readonly captureTime: number };

export type RtpHeader = {
  sequence: number;
  timestamp: number;
  ssrc: number;
  marker: boolean;
  headerBytes: number;
  /** Transport-wide sequence number; -1 when the packet has none. */
  transportSequence: number;
  /** abs-capture-time on the wall clock in milliseconds; 0 when the packet has none. */
  capturedAtMs: number;
};

const FIXED_BYTES = 12;
const ONE_BYTE_PROFILE = 0xbede;
/** Seconds from 1900 (NTP) to 1970. */
const NTP_OFFSET_S = 2_208_988_800;

export const emptyHeader = (): RtpHeader => ({
  sequence: 0,
  timestamp: 0,
  ssrc: 0,
  marker: false,
  headerBytes: 0,
  transportSequence: -1,
  capturedAtMs: 0,
});

/** Reads a packet's header into `into`; false, with `into` undefined, when it does not add up. */
export function readRtpHeader(packet: Buffer, ids: ExtensionIds, into: RtpHeader): boolean {
  if (packet.length < FIXED_BYTES) return false;
  const first = packet[0]!;
  let at = FIXED_BYTES + (first & 15) * 4;
  into.marker = (packet[1]! & 0x80) !== 0;
  into.sequence = (packet[2]! << 8) | packet[3]!;
  into.timestamp = packet.readUInt32BE(4);
  into.ssrc = packet.readUInt32BE(8);
  into.transportSequence = -1;
  into.capturedAtMs = 0;
  if ((first & 0x10) !== 0) {
    if (at + 4 > packet.length) return false;
    const end = at + 4 + packet.readUInt16BE(at + 2) * 4;
    if (end > packet.length) return false;
    if (packet.readUInt16BE(at) === ONE_BYTE_PROFILE) readExtensions(packet, at + 4, end, ids, into);
    at = end;
  }
  into.headerBytes = at;
  return at <= packet.length;
}

function readExtensions(packet: Buffer, from: number, end: number, ids: ExtensionIds, into: RtpHeader): void {
  for (let at = from; at < end; ) {
    const byte = packet[at]!;
    const id = byte >> 4;
    if (byte === 0) {
      at += 1;
      continue;
    }
    const bytes = (byte & 15) + 1;
    if (at + 1 + bytes > end) return;
    if (id === ids.transportSequence && bytes === 2) into.transportSequence = packet.readUInt16BE(at + 1);
    else if (id === ids.captureTime && bytes >= 8) into.capturedAtMs = readNtpMs(packet, at + 1);
    at += 1 + bytes;
  }
}

/** A 64-bit NTP time as milliseconds since 1970. */
export function readNtpMs(bytes: Buffer, at: number): number {
  return (bytes.readUInt32BE(at) - NTP_OFFSET_S) * 1_000 + bytes.readUInt32BE(at + 4) / 4_294_967.296;
}

/** How far `to` is ahead of `from` on a 16-bit circle: -32768 .. 32767. */
export function sequenceStep(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}
