/*
 * Puts handshake messages together from fragments that come in any order, twice or not at all, and hands them out in
 * sequence (RFC 6347, 4.2.2 and 4.2.3). Bounded: no more messages ahead than a flight has. No I/O.
 */
import { buildHandshake, HANDSHAKE_HEADER_BYTES } from './dtls-messages.ts';

/** A server's flight has five; nobody needs more ahead. */
const AHEAD_MAX = 16;
/** The largest honest message is a certificate chain. */
const MESSAGE_BYTES_MAX = 64 * 1024;

export type HandshakeMessage = {
  readonly type: number;
  readonly body: Buffer;
  /** As one fragment, the form the transcript wants. */
  readonly whole: Buffer;
};

type Partial = { readonly type: number; readonly body: Buffer; readonly starts: Set<number>; have: number };

export class HandshakeInbox {
  readonly #partial = new Map<number, Partial>();
  #next = 0;

  /** Takes the body of one handshake record; gives what is complete and in order. */
  take(record: Buffer): readonly HandshakeMessage[] {
    for (let at = 0; at + HANDSHAKE_HEADER_BYTES <= record.length; ) at += this.#takeFragment(record.subarray(at));
    const complete: HandshakeMessage[] = [];
    for (let found = this.#partial.get(this.#next); found && found.have >= found.body.length; ) {
      complete.push({
        type: found.type,
        body: found.body,
        whole: buildHandshake(found.type, this.#next, found.body),
      });
      this.#partial.delete(this.#next);
      this.#next += 1;
      found = this.#partial.get(this.#next);
    }
    return complete;
  }

  /** Gives the bytes read. */
  #takeFragment(bytes: Buffer): number {
    const length = bytes.readUIntBE(1, 3);
    const sequence = bytes.readUInt16BE(4);
    const start = bytes.readUIntBE(6, 3);
    const fragment = bytes.subarray(HANDSHAKE_HEADER_BYTES, HANDSHAKE_HEADER_BYTES + bytes.readUIntBE(9, 3));
    const ahead = sequence - this.#next;
    if (ahead >= 0 && ahead < AHEAD_MAX && length <= MESSAGE_BYTES_MAX && start + fragment.length <= length) {
      let partial = this.#partial.get(sequence);
      if (!partial) {
        partial = { type: bytes.readUInt8(0), body: Buffer.alloc(length), starts: new Set(), have: 0 };
        this.#partial.set(sequence, partial);
      }
      if (partial.body.length === length && !partial.starts.has(start)) {
        partial.starts.add(start);
        fragment.copy(partial.body, start);
        partial.have += fragment.length;
      }
    }
    return HANDSHAKE_HEADER_BYTES + bytes.readUIntBE(9, 3);
  }
}
