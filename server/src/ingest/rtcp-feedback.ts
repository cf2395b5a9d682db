/*
 * Finds requests for a key frame in RTCP from the media server: PLI (RFC 4585, 6.3.1) and FIR (RFC 5104, 4.3.1).
 * Pure and tolerant: reads as many packets of a compound as add up, ignores the rest.
 */

const HEADER_BYTES = 4;
const SENDERS_BYTES = 12;
const PAYLOAD_SPECIFIC = 206;
const PLI = 1;
const FIR = 4;

/** Whether a (compound) RTCP packet asks the given SSRC for a key frame. */
export function wantsKeyFrame(rtcp: Uint8Array, ssrc: number): boolean {
  const view = new DataView(rtcp.buffer, rtcp.byteOffset, rtcp.byteLength);
  let at = 0;
  while (at + HEADER_BYTES <= rtcp.length) {
    const first = view.getUint8(at);
    const end = at + 4 * (view.getUint16(at + 2) + 1);
    if (first >> 6 !== 2 || end > rtcp.length) return false;
    if (view.getUint8(at + 1) === PAYLOAD_SPECIFIC && end - at >= SENDERS_BYTES) {
      const format = first & 31;
      if (format === PLI && view.getUint32(at + 8) === ssrc) return true;
      if (format === FIR && namedInFir(view, at + SENDERS_BYTES, end, ssrc)) return true;
    }
    at = end;
  }
  return false;
}

/** FIR names its targets in 8-byte entries; the media SSRC of its header is unused. */
function namedInFir(view: DataView, start: number, end: number, ssrc: number): boolean {
  for (let at = start; at + 8 <= end; at += 8) if (view.getUint32(at) === ssrc) return true;
  return false;
}
