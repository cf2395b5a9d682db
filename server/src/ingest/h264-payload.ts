/*
 * RTP payloads of H.264 (RFC 6184, packetization modes 0 and 1): what is in them, and cutting big ones small. Pure.
 * Tolerant: malformed payloads give empty answers, never a throw.
 */

export const NAL_SLICE = 1;
export const NAL_IDR = 5;
export const NAL_SPS = 7;
export const NAL_PPS = 8;
const NAL_STAP_A = 24;
const NAL_FU_A = 28;

const FU_START = 0x80;
const FU_END = 0x40;

/** The types of the NAL units that begin in this payload, in order; empty for a continued fragment or nonsense. */
export function startedNalTypes(payload: Uint8Array): readonly number[] {
  const type = (payload[0] ?? 0) & 31;
  if (type >= 1 && type <= 23) return [type];
  if (type === NAL_STAP_A) return unpackStapA(payload).map((nal) => (nal[0] ?? 0) & 31);
  const header = payload[1];
  if (type === NAL_FU_A && header !== undefined && payload.length > 2 && header & FU_START) return [header & 31];
  return [];
}

/** True for the payload kinds of packetization modes 0 and 1, the ones that can be passed on. */
export function isUsablePayload(payload: Uint8Array): boolean {
  const type = (payload[0] ?? 0) & 31;
  if (type === NAL_FU_A) return payload.length > 2;
  if (type === NAL_STAP_A) return unpackStapA(payload).length > 0;
  return type >= 1 && type <= 23;
}

/** The whole NAL units in a payload: one, several from a STAP-A, none from a fragment. Views, not copies. */
export function wholeNals(payload: Uint8Array): readonly Uint8Array[] {
  const type = (payload[0] ?? 0) & 31;
  if (type >= 1 && type <= 23) return [payload];
  return type === NAL_STAP_A ? unpackStapA(payload) : [];
}

/** Stops at the first length that does not fit; what came before it is good. */
function unpackStapA(payload: Uint8Array): readonly Uint8Array[] {
  const nals: Uint8Array[] = [];
  let at = 1;
  while (at + 2 < payload.length) {
    const length = ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0);
    const end = at + 2 + length;
    if (length === 0 || end > payload.length) break;
    nals.push(payload.subarray(at + 2, end));
    at = end;
  }
  return nals;
}

/** Builds a STAP-A of whole NAL units, each under 64 kB; its NRI is the highest of theirs (RFC 6184, 5.7.1). */
export function buildStapA(nals: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(nals.reduce((sum, nal) => sum + 2 + nal.length, 1));
  let nri = 0;
  let at = 1;
  for (const nal of nals) {
    nri = Math.max(nri, (nal[0] ?? 0) & 0x60);
    payload[at] = nal.length >> 8;
    payload[at + 1] = nal.length & 0xff;
    payload.set(nal, at + 2);
    at += 2 + nal.length;
  }
  payload[0] = nri | NAL_STAP_A;
  return payload;
}

/**
 * Cuts one payload into payloads of at most `bytesMax` (at least 3): fragments of a NAL unit or of a fragment, the
 * units of an aggregate one by one. A payload that fits comes back as it is. Reassembled, the NAL units are the same.
 */
export function splitPayload(payload: Uint8Array, bytesMax: number): readonly Uint8Array[] {
  if (payload.length <= bytesMax) return [payload];
  const first = payload[0] ?? 0;
  const type = first & 31;
  if (type === NAL_STAP_A) return unpackStapA(payload).flatMap((nal) => splitPayload(nal, bytesMax));
  if (type === NAL_FU_A) {
    const header = payload[1] ?? 0;
    return cutFragments(payload.subarray(2), first, header & 31, header & (FU_START | FU_END), bytesMax);
  }
  return cutFragments(payload.subarray(1), (first & 0xe0) | NAL_FU_A, type, FU_START | FU_END, bytesMax);
}

/** `edges` says which ends of the NAL unit these bytes hold. */
function cutFragments(
  bytes: Uint8Array,
  indicator: number,
  type: number,
  edges: number,
  bytesMax: number,
): readonly Uint8Array[] {
  const room = bytesMax - 2;
  const fragments: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += room) {
    const part = bytes.subarray(at, at + room);
    const fragment = new Uint8Array(2 + part.length);
    const start = at === 0 ? edges & FU_START : 0;
    const end = at + room >= bytes.length ? edges & FU_END : 0;
    fragment[0] = indicator;
    fragment[1] = start | end | type;
    fragment.set(part, 2);
    fragments.push(fragment);
  }
  return fragments;
}
