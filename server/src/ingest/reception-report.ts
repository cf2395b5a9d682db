/*
 * What a camera is told about its packets: receiver reports (RFC 3550, 6.4 and A.8) with the name of who reports, and
 * requests for a key frame (RFC 4585, 6.3.1). Cameras over UDP stop sending to one who never reports. No I/O.
 */
import { limits } from './limits.ts';
import { sequenceDelta } from './rtp-packet.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const PAYLOAD_SPECIFIC = 206;
const CNAME = 1;
const PLI = 1;

type Sight = { readonly sequence: number; readonly timestamp: number };
type SenderReport = { readonly middle: number; readonly atMs: number };

export class Reception {
  readonly #ssrc: number;
  readonly #ticksPerMs: number;
  readonly #firstSequence: number;
  /** The highest sequence number seen, counted on over every wrap. */
  #highest: number;
  #received = 0;
  #before = { expected: 0, received: 0 };
  #transitTicks: number | null = null;
  #jitterTicks = 0;
  #senderReport: SenderReport | null = null;

  /** Of one sender, from its first packet on. */
  constructor(ssrc: number, firstSequence: number, clockRateHz: number) {
    this.#ssrc = ssrc;
    this.#ticksPerMs = clockRateHz / 1_000;
    this.#firstSequence = firstSequence;
    this.#highest = firstSequence;
  }

  /** Counts a packet as it comes, in whatever order. `nowMs` is monotonic. */
  see({ sequence, timestamp }: Sight, nowMs: number): void {
    this.#received += 1;
    const step = sequenceDelta(this.#highest & 0xffff, sequence);
    if (step > 0 && step <= limits.meterGapMax) this.#highest += step;
    const transit = (Math.round(nowMs * this.#ticksPerMs) - timestamp) | 0;
    if (this.#transitTicks !== null) {
      const moved = Math.abs((transit - this.#transitTicks) | 0);
      this.#jitterTicks += (moved - this.#jitterTicks) / 16;
    }
    this.#transitTicks = transit;
  }

  /** Takes RTCP of the camera, for the round trip it reckons by our report. Any bytes are safe. */
  hear(rtcp: Uint8Array, nowMs: number): void {
    const view = new DataView(rtcp.buffer, rtcp.byteOffset, rtcp.byteLength);
    if (rtcp.length < 28 || view.getUint8(0) >> 6 !== 2 || view.getUint8(1) !== SENDER_REPORT) return;
    if (view.getUint32(4) === this.#ssrc) this.#senderReport = { middle: view.getUint32(10), atMs: nowMs };
  }

  /** The 24-byte block about this sender, of the time since the last one. */
  block(nowMs: number): Buffer {
    const expected = this.#highest - this.#firstSequence + 1;
    const since = { expected: expected - this.#before.expected, received: this.#received - this.#before.received };
    this.#before = { expected, received: this.#received };
    const lostSince = Math.max(0, since.expected - since.received);
    const fraction = since.expected <= 0 ? 0 : Math.min(255, Math.floor((lostSince * 256) / since.expected));
    // Duplicates can make it negative; as much of it is told as 24 bits hold.
    const lost = Math.max(-0x80_0000, Math.min(0x7f_ffff, expected - this.#received));
    const block = Buffer.alloc(24);
    block.writeUInt32BE(this.#ssrc, 0);
    block.writeUInt8(fraction, 4);
    block.writeIntBE(lost, 5, 3);
    block.writeUInt32BE(this.#highest % 2 ** 32, 8);
    block.writeUInt32BE(Math.min(0xffff_ffff, Math.round(this.#jitterTicks)), 12);
    if (this.#senderReport) {
      block.writeUInt32BE(this.#senderReport.middle, 16);
      const delay = Math.round(((nowMs - this.#senderReport.atMs) * 65_536) / 1_000);
      block.writeUInt32BE(Math.min(0xffff_ffff, Math.max(0, delay)), 20);
    }
    return block;
  }
}

/** A receiver report with its source description, as RFC 3550 (6.1) wants them together; without a block it is empty. */
export function buildReport(ssrc: number, cname: string, block: Uint8Array | null): Buffer {
  const report = buildRtcp(RECEIVER_REPORT, block === null ? 0 : 1, ssrc, block ?? new Uint8Array());
  const name = Buffer.from(cname, 'latin1').subarray(0, 255);
  // At least one zero byte ends the list of items, and it is filled up to whole words.
  const items = Buffer.alloc(4 * Math.ceil((name.length + 3) / 4));
  items[0] = CNAME;
  items[1] = name.length;
  items.set(name, 2);
  return Buffer.concat([report, buildRtcp(SOURCE_DESCRIPTION, 1, ssrc, items)]);
}

/** Asks the sender `mediaSsrc` for a key frame. */
export function buildKeyFrameRequest(ssrc: number, mediaSsrc: number): Buffer {
  const media = Buffer.alloc(4);
  media.writeUInt32BE(mediaSsrc);
  return buildRtcp(PAYLOAD_SPECIFIC, PLI, ssrc, media);
}

/** `body` MUST be whole 32-bit words. */
function buildRtcp(type: number, countOrFormat: number, ssrc: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head[0] = 0x80 | countOrFormat;
  head[1] = type;
  head.writeUInt16BE(1 + body.length / 4, 2);
  head.writeUInt32BE(ssrc, 4);
  return Buffer.concat([head, body]);
}
