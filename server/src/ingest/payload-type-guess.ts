/*
 * Corrects a description that names another payload type than the camera sends. Believes the description as long as its
 * type is ever seen; when only one other comes, again and again, that one is meant. No I/O; one for each connection.
 */
import { limits } from './limits.ts';

/** RTCP that came to the RTP port looks like these types (RFC 5761, 4). */
const isRtcpType = (type: number): boolean => type >= 64 && type <= 95;

export class PayloadTypeGuess {
  readonly #described: number;
  #sent: number | 'as-described' | null = null;
  #candidate = { type: -1, seen: 0 };

  constructor(described: number) {
    this.#described = described;
  }

  /** Writes the described type into a packet that has the one meant by it; in place. Any bytes are safe. */
  correct(packet: Uint8Array): void {
    const second = packet[1];
    if (second === undefined || this.#sent === 'as-described') return;
    const type = second & 0x7f;
    if (type === this.#described) {
      // Also after a guess: what was guessed was then a second format, and no wrong one.
      this.#sent = 'as-described';
      return;
    }
    this.#sent ??= this.#guess(type);
    if (this.#sent === type) packet[1] = (second & 0x80) | this.#described;
  }

  #guess(type: number): number | null {
    if (isRtcpType(type)) return null;
    const seen = this.#candidate.type === type ? this.#candidate.seen + 1 : 1;
    this.#candidate = { type, seen };
    return seen >= limits.payloadTypeGuessAfter ? type : null;
  }
}
