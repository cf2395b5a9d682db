/*
 * Makes payloads fit the network: passes small ones on, cuts big ones, and cuts the fragments of a big NAL unit anew
 * instead of one by one, which would nearly double the packets of a camera that fills its Ethernet frames. No I/O.
 * Holds at most one payload's worth of bytes, and only until the next fragment of the same NAL unit.
 */
import { splitPayload } from './h264-payload.ts';

const NAL_FU_A = 28;
const START = 0x80;
const END = 0x40;

export type Fitted = { readonly payload: Uint8Array; readonly timestamp: number; readonly marker: boolean };

/** A NAL unit whose fragments are being cut anew. */
type Recut = {
  readonly indicator: number;
  readonly type: number;
  readonly timestamp: number;
  readonly started: 'sent' | 'unsent';
  readonly tail: Uint8Array;
};

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
    if (continues) return this.#cut({ ...recut, tail: join(recut.tail, payload.subarray(2)) }, header, marker);
    const before = this.flush();
    if (isFragment && header & START && !(header & END) && payload.length > this.#bytesMax) {
      const indicator = payload[0] ?? 0;
      const begun: Recut = { indicator, type: header & 31, timestamp, started: 'unsent', tail: payload.subarray(2) };
      return [...before, ...this.#cut(begun, header, marker)];
    }
    const parts = splitPayload(payload, this.#bytesMax);
    const fitted = parts.map((part, i) => ({ payload: part, timestamp, marker: marker && i === parts.length - 1 }));
    return [...before, ...fitted];
  }

  /** What is held back, as an unfinished fragment: the rest of its NAL unit will not come. */
  flush(): readonly Fitted[] {
    const recut = this.#recut;
    this.#recut = null;
    if (!recut || recut.tail.length === 0) return [];
    const { timestamp } = recut;
    return [{ payload: fragmentOf(recut, recut.tail, 0), timestamp, marker: false }];
  }

  /** Forgets what is held back. */
  drop(): void {
    this.#recut = null;
  }

  #cut(recut: Recut, header: number, marker: boolean): readonly Fitted[] {
    const { timestamp } = recut;
    const room = this.#bytesMax - 2;
    const fitted: Fitted[] = [];
    let held = recut;
    while (held.tail.length > room) {
      fitted.push({ payload: fragmentOf(held, held.tail.subarray(0, room), 0), timestamp, marker: false });
      held = { ...held, started: 'sent', tail: held.tail.subarray(room) };
    }
    if (header & END) {
      fitted.push({ payload: fragmentOf(held, held.tail, END), timestamp, marker });
      this.#recut = null;
    } else {
      // A copy: the bytes belong to the camera's packet.
      this.#recut = { ...held, tail: Uint8Array.from(held.tail) };
    }
    return fitted;
  }
}

function fragmentOf(recut: Recut, bytes: Uint8Array, end: number): Uint8Array {
  const fragment = new Uint8Array(2 + bytes.length);
  fragment[0] = recut.indicator;
  fragment[1] = (recut.started === 'unsent' ? START : 0) | end | recut.type;
  fragment.set(bytes, 2);
  return fragment;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
