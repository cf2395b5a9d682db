/*
 * The capture time as an RTP header extension (abs-capture-time): when a picture came in from its camera, on the server's
 * wall clock. Viewers read it in the clear, so that latency can be measured by anyone, in production too. Pure.
 */

/** One-byte extensions (RFC 8285, 4.2), three words of them: id and length, eight bytes of NTP time, padding. */
const PROFILE_AND_WORDS = 0xbede_0003;
const BLOCK_BYTES = 16;
const NTP_OFFSET_S = 2_208_988_800;
const FRACTIONS = 2 ** 32;

/** Builds the whole extension block; `id` is 1..14, `wallMs` milliseconds since the epoch. */
export function buildCaptureTime(id: number, wallMs: number): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  const seconds = Math.floor(wallMs / 1_000);
  block.writeUInt32BE(PROFILE_AND_WORDS, 0);
  block[4] = (id << 4) | 7;
  block.writeUInt32BE((seconds + NTP_OFFSET_S) >>> 0, 5);
  block.writeUInt32BE(Math.floor((wallMs / 1_000 - seconds) * FRACTIONS) >>> 0, 9);
  return block;
}
