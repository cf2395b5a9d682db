/*
 * Bits and Exp-Golomb codes of H.264 (ITU-T H.264, 7.2 and 9.1). Pure; used to read parameter sets and slice headers.
 */

const LONGEST_CODE_BITS = 31;

/** Reads bits, most significant first. Every read throws RangeError past the end or on an endless code. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bit(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) throw new RangeError('past the end');
    const bit = (byte >> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return bit;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i += 1) value = value * 2 + this.bit();
    return value;
  }

  /** ue(v) */
  unsigned(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      zeros += 1;
      if (zeros > LONGEST_CODE_BITS) throw new RangeError('code too long');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v) */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}

/** The bytes after a NAL unit's header, without its emulation prevention bytes (7.4.1.1). */
export function rawBytes(nal: Uint8Array): Uint8Array {
  const raw: number[] = [];
  for (let i = 1; i < nal.length; i += 1) {
    const emulation = i > 2 && nal[i] === 3 && nal[i - 1] === 0 && nal[i - 2] === 0;
    if (!emulation) raw.push(nal[i] ?? 0);
  }
  return Uint8Array.from(raw);
}
