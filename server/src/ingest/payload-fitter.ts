/*
 * Makes payloads fit the network: passes small ones on, cuts big ones, and cuts the fragments of a big NAL unit anew
 * instead of one by one, which would nearly double the packets of a camera that fills its Ethernet frames. No I/O.
 * Holds at most one payload's worth of bytes, and only until the next fragment of the same NAL unit.
 */
import { splitPayload } from './h264-payload.ts';

const NAL_FU_A = 28;
const START = 0x80;
const END = 0x40;

export type Fitted = {
  /** One after the other they are the payload; views of what was put in, good until the next call. */
  readonly pieces: readonly Uint8Array[];
  readonly timestamp: number;
  readonly marker: boolean;
};

/** A NAL unit whose fragments are being cut anew. */
type Recut = {
  readonly indicator: number;
  readonly type: number;
  readonly timestamp: number;
  readonly started: 'sent' | 'unsent';
  /** What no fragment has taken yet: less than fills one. */
  readonly tail: Uint8Array;
};

const NOTHING = new Uint8Array();

export class PayloadFitter {
  readonly #bytesMax: number;
  #recut: Recut | null = null;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The payloads to send now. Their NAL units are those put in, also across calls. */
  fit(payload: Uint8Array, timestamp: number, marker: boolean): readonly Fitted[] {
    const header = payload[1] ?? 0;
    const isFragment = ((payload[0] ?? 0) & 31) === NAL_FU_A && payload.length > 2;
    const recut = this.#recut;
    const continues =
      isFragment &&
      recut !== null &&
      !(header & START) &&
      (header & 31) === recut.type &&
      timestamp === recut.timestamp;
    if (continues) return this.#cut(recut, payload.subarray(2), header, marker);
    const before = this.flush();
    if (isFragment && header & START && !(header & END) && payload.length > this.#bytesMax) {
      const indicator = payload[0] ?? 0;
      const begun: Recut = { indicator, type: header & 31, timestamp, started: 'unsent', tail: NOTHING };
      return [...before, ...this.#cut(begun, payload.subarray(2), header, marker)];
    }
    const parts = splitPayload(payload, this.#bytesMax);
    const last = parts.length - 1;
    const fitted = parts.map((part, i) => ({ pieces: [part], timestamp, marker: marker && i === last }));
    return [...before, ...fitted];
  }

  /** What is held back, as an unfinished fragment: the rest of its NAL unit will not come. */
  flush(): readonly Fitted[] {
    const recut = this.#recut;
    this.#recut = null;
    if (!recut || recut.tail.length === 0) return [];
    const { timestamp } = recut;
    return [{ pieces: [buildHeader(recut, 0), recut.tail], timestamp, marker: false }];
  }

  /** Forgets what is held back. */
  drop(): void {
    this.#recut = null;
  }

  /** Takes the next bytes of the NAL unit; `header` is that of the fragment they came in. */
  #cut(recut: Recut, bytes: Uint8Array, header: number, marker: boolean): readonly Fitted[] {
    const { timestamp } = recut;
    const room = this.#bytesMax - 2;
    const fitted: Fitted[] = [];
    let held = recut;
    let at = 0;
    while (held.tail.length + bytes.length - at > room) {
      const next = at + room - held.tail.length;
      const pieces = [buildHeader(held, 0), held.tail, bytes.subarray(at, next)];
      fitted.push({ pieces, timestamp, marker: false });
      held = { ...held, started: 'sent', tail: NOTHING };
      at = next;
    }
    if (header & END) {
      fitted.push({ pieces: [buildHeader(held, END), held.tail, bytes.subarray(at)], timestamp, marker });
      this.#recut = null;
    } else {
      // A copy: the bytes belong to the camera's packet.
      this.#recut = { ...held, tail: Buffer.concat([held.tail, bytes.subarray(at)]) };
    }
    return fitted;
  }
}

function buildHeader({ indicator, type, started }: Recut, end: number): Uint8Array {
  return Uint8Array.of(indicator, (started === 'unsent' ? START : 0) | end | type);
}
