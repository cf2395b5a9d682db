/*
 * RTP payloads of H.265 (RFC 7798): whether a decoder can begin here. Pure; malformed payloads give `false`.
 * ffmpeg begins anywhere, and makes a grey picture of what refers to pictures it has never had.
 */

const NAL_AGGREGATE = 48;
const NAL_FRAGMENT = 49;
const FRAGMENT_START = 0x80;

const typeOf = (byte: number): number => (byte >> 1) & 63;

/** True when a key picture starts in this payload, or one of the parameter sets that stand in front of it. */
export function startsH265Entry(payload: Uint8Array): boolean {
  const type = typeOf(payload[0] ?? 0);
  if (type === NAL_FRAGMENT) {
    const header = payload[2] ?? 0;
    return (header & FRAGMENT_START) !== 0 && isEntry(header & 63);
  }
  if (type !== NAL_AGGREGATE) return payload.length > 2 && isEntry(type);
  for (let at = 2; at + 2 < payload.length; ) {
    const length = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
    if (isEntry(typeOf(payload[at + 2] ?? 0))) return true;
    at += 2 + length;
  }
  return false;
}

/** The pictures BLA, IDR and CRA (table 7-1 of H.265), and VPS, SPS and PPS. */
const isEntry = (type: number): boolean => (type >= 16 && type <= 21) || (type >= 32 && type <= 34);
