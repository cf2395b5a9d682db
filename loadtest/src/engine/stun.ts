/*
 * The STUN half of ICE as a browser speaks it to an ICE-lite server: binding requests with USE-CANDIDATE, and telling an
 * answer from anything else (RFC 8489, RFC 8445). Pure but for the transaction id, which the caller brings.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const MAGIC_COOKIE = 0x2112_a442;
const FINGERPRINT_XOR = 0x5354_554e;
const HEADER_BYTES = 20;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  iceControlling: 0x802a,
} as const;
/** A peer-reflexive candidate of the first component (RFC 8445, 5.1.2). */
const PRIORITY = 0x6eff_ffff;

export type BindingRequest = {
  /** `<server's fragment>:<own fragment>`. */
  readonly username: string;
  /** The server's password. */
  readonly password: string;
  /** 8 bytes, the same for a viewer's whole life. */
  readonly tieBreaker: Buffer;
  /** 12 bytes, new for each request. */
  readonly transaction: Buffer;
};

/** Builds a request of the controlling side that nominates at once. */
export function buildBindingRequest({ username, password, tieBreaker, transaction }: BindingRequest): Buffer {
  const priority = Buffer.alloc(4);
  priority.writeUInt32BE(PRIORITY);
  const attributes = Buffer.concat([
    attribute(ATTRIBUTE.username, Buffer.from(username)),
    attribute(ATTRIBUTE.priority, priority),
    attribute(ATTRIBUTE.iceControlling, tieBreaker),
    attribute(ATTRIBUTE.useCandidate, Buffer.alloc(0)),
  ]);
  return seal(BINDING_REQUEST, transaction, attributes, password);
}

/** What a datagram is to a viewer that asked with `transaction`. */
export function readBindingAnswer(datagram: Buffer, password: string): 'success' | 'refused' | 'other' {
  if (datagram.length < HEADER_BYTES || datagram.readUInt32BE(4) !== MAGIC_COOKIE) return 'other';
  if (datagram.readUInt16BE(0) !== BINDING_SUCCESS) {
    return datagram.readUInt16BE(0) === 0x0111 ? 'refused' : 'other';
  }
  return hasIntegrity(datagram, password) ? 'success' : 'other';
}

function hasIntegrity(message: Buffer, password: string): boolean {
  for (let at = HEADER_BYTES; at + 4 <= message.length; ) {
    const type = message.readUInt16BE(at);
    const length = message.readUInt16BE(at + 2);
    if (type === ATTRIBUTE.messageIntegrity && length === 20 && at + 24 <= message.length) {
      const covered = Buffer.from(message.subarray(0, at));
      covered.writeUInt16BE(at + 24 - HEADER_BYTES, 2);
      const wanted = createHmac('sha1', password).update(covered).digest();
      return timingSafeEqual(wanted, message.subarray(at + 4, at + 24));
    }
    at += 4 + ((length + 3) & ~3);
  }
  return false;
}

/** Header, attributes, MESSAGE-INTEGRITY over them and FINGERPRINT over all (RFC 8489, 14.5 and 14.7). */
function seal(type: number, transaction: Buffer, attributes: Buffer, password: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(type, 0);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  transaction.copy(header, 8);
  header.writeUInt16BE(attributes.length + 24, 2);
  const integrity = createHmac('sha1', password).update(header).update(attributes).digest();
  const body = Buffer.concat([attributes, attribute(ATTRIBUTE.messageIntegrity, integrity)]);
  header.writeUInt16BE(body.length + 8, 2);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(Buffer.concat([header, body])) ^ FINGERPRINT_XOR) >>> 0);
  return Buffer.concat([header, body, attribute(ATTRIBUTE.fingerprint, fingerprint)]);
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + ((value.length + 3) & ~3));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}
