/*
 * The RTCP a viewer sends (RFC 3550, RFC 4585) and the one thing it reads, the time of a sender report. Pure.
 */

const TYPE = { senderReport: 200, receiverReport: 201, transportFeedback: 205, payloadFeedback: 206 } as const;
const FORMAT = { nack: 1, pli: 1 } as const;
/** One NACK item names a packet and 16 after it. */
const NACK_SPAN = 16;

export type ReceiverReport = {
  readonly sender: number;
  readonly media: number;
  /** Lost since the last report, as a share of 0 to 1. */
  readonly fractionLost: number;
  readonly lost: number;
  readonly highestSequence: number;
  readonly jitterTicks: number;
  /** The middle 32 bits of the last sender report's NTP time; 0 before one came. */
  readonly lastSenderReport: number;
  readonly sinceSenderReportMs: number;
};

export function buildReceiverReport(report: ReceiverReport): Buffer {
  const bytes = header(TYPE.receiverReport, 1, 32, report.sender);
  bytes.writeUInt32BE(report.media, 8);
  bytes[12] = Math.min(255, Math.floor(report.fractionLost * 256));
  bytes.writeIntBE(Math.max(-0x80_0000, Math.min(0x7f_ffff, report.lost)), 13, 3);
  bytes.writeUInt32BE(report.highestSequence >>> 0, 16);
  bytes.writeUInt32BE(Math.round(report.jitterTicks) >>> 0, 20);
  bytes.writeUInt32BE(report.lastSenderReport >>> 0, 24);
  bytes.writeUInt32BE(report.lastSenderReport === 0 ? 0 : Math.round(report.sinceSenderReportMs * 65.536) >>> 0, 28);
  return bytes;
}

/** Asks for packets again; `sequences` in ascending order around the circle. */
export function buildNack(sender: number, media: number, sequences: readonly number[]): Buffer {
  const items: { first: number; mask: number }[] = [];
  for (const sequence of sequences) {
    const last = items.at(-1);
    const ahead = last ? (sequence - last.first) & 0xffff : 0;
    if (last && ahead >= 1 && ahead <= NACK_SPAN) last.mask |= 1 << (ahead - 1);
    else items.push({ first: sequence, mask: 0 });
  }
  const bytes = header(TYPE.transportFeedback, FORMAT.nack, 12 + 4 * items.length, sender);
  bytes.writeUInt32BE(media, 8);
  items.forEach(({ first, mask }, at) => {
    bytes.writeUInt16BE(first, 12 + 4 * at);
    bytes.writeUInt16BE(mask, 14 + 4 * at);
  });
  return bytes;
}

/** Asks for a key picture. */
export function buildPli(sender: number, media: number): Buffer {
  const bytes = header(TYPE.payloadFeedback, FORMAT.pli, 12, sender);
  bytes.writeUInt32BE(media, 8);
  return bytes;
}

/** The middle 32 bits of a compound packet's sender report, for the next receiver report; null without one. */
export function readSenderReport(compound: Buffer): number | null {
  for (let at = 0; at + 8 <= compound.length; at += 4 * (compound.readUInt16BE(at + 2) + 1)) {
    if (compound.readUInt8(at + 1) !== TYPE.senderReport || at + 20 > compound.length) continue;
    return ((compound.readUInt16BE(at + 10) << 16) | compound.readUInt16BE(at + 12)) >>> 0;
  }
  return null;
}

function header(type: number, count: number, bytes: number, sender: number): Buffer {
  const packet = Buffer.alloc(bytes);
  packet[0] = 0x80 | count;
  packet[1] = type;
  packet.writeUInt16BE(bytes / 4 - 1, 2);
  packet.writeUInt32BE(sender, 4);
  return packet;
}
