/*
 * Finds where a decoder can begin: takes SPS and PPS out of the payloads, remembers them, and says which payload starts
 * a key picture, so that the relay can put the sets back directly in front of it. No I/O.
 * A camera may repeat its SPS in front of ordinary pictures; passed on as it is, the media server would take each for a
 * key frame and start new viewers on a picture that cannot be decoded.
 */
import { BitReader, rawBytes } from './bit-reader.ts';
import { buildStapA, NAL_IDR, NAL_PPS, NAL_SLICE, NAL_SPS, startedNalTypes, wholeNals } from './h264-payload.ts';
import type { ParameterSets } from './parameter-sets.ts';

const NAL_SEI = 6;
const SEI_RECOVERY_POINT = 6;
const NAL_FU_A = 28;
/** slice_type of slices that refer to no other picture (7.4.3): I and SI. */
const INTRA_SLICES = new Set([2, 4, 7, 9]);
const SLICE_HEAD_BYTES = 16;

export type KeyPictureSight = {
  /** What is left to pass on, or null when the payload held parameter sets alone. */
  readonly payload: Uint8Array | null;
  readonly picture: 'key-starts' | 'goes-on';
};

export class KeyPictures {
  readonly #sets: ParameterSets;
  /** Parameter sets were seen and no slice since: an intra picture now is a way in even when it is no IDR. */
  #announced: 'yes' | 'with-recovery-point' | 'no' = 'no';
  #keyTimestamp: number | null = null;

  constructor(sets: ParameterSets) {
    this.#sets = sets;
  }

  /** Forgets where it was; the sets stay. Call at every break in the stream. */
  restart(): void {
    this.#announced = 'no';
    this.#keyTimestamp = null;
  }

  /** Looks at the next payload. Slices of one picture share its timestamp. */
  see(payload: Uint8Array, timestamp: number): KeyPictureSight {
    const types = startedNalTypes(payload);
    const rest = types.some(isParameterSet) ? this.#takeSets(payload) : payload;
    if (rest === null || isSetFragment(rest)) return { payload: null, picture: 'goes-on' };
    const starts = this.#startsKey(rest, types) && timestamp !== this.#keyTimestamp;
    if (starts) this.#keyTimestamp = timestamp;
    if (types.some((type) => type >= NAL_SLICE && type <= NAL_IDR)) this.#announced = 'no';
    return { payload: rest, picture: starts ? 'key-starts' : 'goes-on' };
  }

  #takeSets(payload: Uint8Array): Uint8Array | null {
    this.#announced = 'yes';
    const others: Uint8Array[] = [];
    for (const nal of wholeNals(payload)) {
      if (isParameterSet((nal[0] ?? 0) & 31)) this.#sets.learn(nal);
      else others.push(nal);
    }
    const [only] = others;
    if (only === undefined) return null;
    return others.length === 1 ? only : buildStapA(others);
  }

  #startsKey(payload: Uint8Array, types: readonly number[]): boolean {
    if (types.includes(NAL_IDR)) return true;
    if (this.#announced === 'no') return false;
    if (wholeNals(payload).some((nal) => ((nal[0] ?? 0) & 31) === NAL_SEI && nal[1] === SEI_RECOVERY_POINT)) {
      this.#announced = 'with-recovery-point';
    }
    if (!types.includes(NAL_SLICE)) return false;
    return this.#announced === 'with-recovery-point' || sliceHeads(payload).some(isIntraSlice);
  }
}

const isParameterSet = (type: number): boolean => type === NAL_SPS || type === NAL_PPS;

/** A set too big for one packet cannot be learned from its fragments, and is not passed on in pieces either. */
function isSetFragment(payload: Uint8Array): boolean {
  return ((payload[0] ?? 0) & 31) === NAL_FU_A && isParameterSet((payload[1] ?? 0) & 31);
}

/** The slices that begin here, each with one byte in front where its NAL header would be. */
function sliceHeads(payload: Uint8Array): readonly Uint8Array[] {
  if (((payload[0] ?? 0) & 31) === NAL_FU_A) return [payload.subarray(1)];
  return wholeNals(payload).filter((nal) => ((nal[0] ?? 0) & 31) === NAL_SLICE);
}

function isIntraSlice(slice: Uint8Array): boolean {
  try {
    const reader = new BitReader(rawBytes(slice.subarray(0, SLICE_HEAD_BYTES)));
    return reader.unsigned() === 0 && INTRA_SLICES.has(reader.unsigned());
  } catch {
    return false;
  }
}
