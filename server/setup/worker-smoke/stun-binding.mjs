// One ICE connectivity check (RFC 8445 over STUN, RFC 8489): the request that nominates our address, and the
// check of the answer. Pure; used by main.mjs, which must pass it before a worker accepts DTLS.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const magicCookie = 0x2112a442;
const headerBytes = 20;
const integrityBytes = 24;
const fingerprintBytes = 8;
const fingerprintXor = 0x5354554e;
const type = { request: 0x0001, success: 0x0101 };
const attribute = {
  username: 0x0006,
  integrity: 0x0008,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  controlling: 0x802a,
};

/** Builds a nominating Binding request from `localUfrag` to the agent with `remote` {ufrag, pwd}. */
export function buildBindingRequest(localUfrag, remote) {
  const body = Buffer.concat([
    attributeOf(attribute.username, Buffer.from(`${remote.ufrag}:${localUfrag}`)),
    attributeOf(attribute.priority, Buffer.from([0x6e, 0xff, 0xff, 0xff])),
    attributeOf(attribute.controlling, randomBytes(8)),
    attributeOf(attribute.useCandidate, Buffer.alloc(0)),
  ]);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(type.request, 0);
  header.writeUInt32BE(magicCookie, 4);
  randomBytes(12).copy(header, 8);
  const signed = Buffer.concat([withLength(header, body.length + integrityBytes), body]);
  const integrity = attributeOf(attribute.integrity, createHmac('sha1', remote.pwd).update(signed).digest());
  const covered = Buffer.concat([withLength(header, body.length + integrityBytes + fingerprintBytes), body, integrity]);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(covered) ^ fingerprintXor) >>> 0);
  return Buffer.concat([covered, attributeOf(attribute.fingerprint, fingerprint)]);
}

/** Tells whether `packet` is a success answer to `request`, signed with the remote agent's password. */
export function isSuccessFor(packet, request, pwd) {
  if (packet.length < headerBytes || packet.readUInt16BE(0) !== type.success) return false;
  if (!packet.subarray(4, headerBytes).equals(request.subarray(4, headerBytes))) return false;
  for (let at = headerBytes; at + 4 <= packet.length; ) {
    const bytes = packet.readUInt16BE(at + 2);
    if (packet.readUInt16BE(at) === attribute.integrity && bytes === 20) {
      const signed = withLength(packet.subarray(0, at), at - headerBytes + integrityBytes);
      const expected = createHmac('sha1', pwd).update(signed).digest();
      return timingSafeEqual(expected, packet.subarray(at + 4, at + 24));
    }
    at += 4 + Math.ceil(bytes / 4) * 4;
  }
  return false;
}

function attributeOf(code, value) {
  const encoded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  encoded.writeUInt16BE(code, 0);
  encoded.writeUInt16BE(value.length, 2);
  value.copy(encoded, 4);
  return encoded;
}

function withLength(message, length) {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(length, 2);
  return copy;
}
