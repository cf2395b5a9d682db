/*
 * A camera's sender reports (RFC 3550, 6.4.1): which moment of its clock a timestamp of its RTP stands for. Pure; any
 * bytes are safe.
 */

export type SenderReport = {
  /** The camera's own wall clock in milliseconds; often wrong, but the same for both of its tracks. */
  readonly cameraMs: number;
  readonly timestamp: number;
};

const SENDER_REPORT = 200;
const LEAST_BYTES = 28;

/** The first sender report of a compound packet; null when there is none. */
export function readSenderReport(rtcp: Uint8Array): SenderReport | null {
  const view = new DataView(rtcp.buffer, rtcp.byteOffset, rtcp.byteLength);
  for (let at = 0; at + 4 <= rtcp.length; at += 4 + 4 * view.getUint16(at + 2)) {
    if (view.getUint8(at) >> 6 !== 2) return null;
    if (view.getUint8(at + 1) !== SENDER_REPORT) continue;
    if (at + LEAST_BYTES > rtcp.length) return null;
    const seconds = view.getUint32(at + 8);
    const fraction = view.getUint32(at + 12);
    // RFC 3550, 4: a sender without a clock writes zeros.
    if (seconds === 0 && fraction === 0) return null;
    return { cameraMs: seconds * 1_000 + (fraction * 1_000) / 2 ** 32, timestamp: view.getUint32(at + 16) };
  }
  return null;
}
