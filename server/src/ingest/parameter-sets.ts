/*
 * Remembers a camera's SPS and PPS, from its description and from the stream, and gives them as one list. No I/O.
 * The relay puts them in front of every key picture, because the media server calls nothing else a key frame.
 */
import { BitReader, rawBytes } from './bit-reader.ts';
import { NAL_PPS, NAL_SPS } from './h264-payload.ts';
import { limits } from './limits.ts';

/** Up to here only identifiers are read: an SPS's comes after three bytes, a PPS's at once. */
const ID_BYTES = 16;

export class ParameterSets {
  /** By type and id, so that a changed set replaces its forerunner and several PPS stand side by side. */
  readonly #sets = new Map<string, Uint8Array>();

  /** Takes a NAL unit of type 7 or 8 (copied); nonsense and giants are passed over. */
  learn(nal: Uint8Array): void {
    const key = keyOf(nal);
    if (key === null || nal.length > limits.parameterSetBytesMax) return;
    if (!this.#sets.has(key) && this.#sets.size >= limits.parameterSetsMax) this.#sets.clear();
    this.#sets.set(key, Uint8Array.from(nal));
  }

  forget(): void {
    this.#sets.clear();
  }

  /** SPS first, as a decoder needs them; empty unless both kinds are known. */
  list(): readonly Uint8Array[] {
    const all = [...this.#sets.entries()];
    const sps = all.filter(([key]) => key.startsWith('sps'));
    const pps = all.filter(([key]) => key.startsWith('pps'));
    return sps.length === 0 || pps.length === 0 ? [] : [...sps, ...pps].map(([, nal]) => nal);
  }

  /** The SPS to describe the feed by; null when none is known. */
  sps(): Uint8Array | null {
    for (const [key, nal] of this.#sets) if (key.startsWith('sps')) return nal;
    return null;
  }
}

function keyOf(nal: Uint8Array): string | null {
  const type = (nal[0] ?? 0) & 31;
  if (type !== NAL_SPS && type !== NAL_PPS) return null;
  try {
    const reader = new BitReader(rawBytes(nal.subarray(0, ID_BYTES)));
    if (type === NAL_SPS) reader.bits(24);
    return `${type === NAL_SPS ? 'sps' : 'pps'}:${reader.unsigned()}`;
  } catch {
    return null;
  }
}
