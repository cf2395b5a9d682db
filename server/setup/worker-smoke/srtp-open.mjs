// Opens one SRTP packet of a DTLS server (RFC 3711 key derivation, RFC 7714 AES-128-GCM), to see that the
// worker's encryption layer agrees with the standard and not only with itself. Pure; used by main.mjs.
import { createCipheriv, createDecipheriv } from 'node:crypto';

const keyBytes = 16;
const saltBytes = 12;
const tagBytes = 16;
const fixedHeaderBytes = 12;
const label = { key: 0, salt: 2 };

/** Gives the RTP payload of the server's `packet`; throws when it is not authentic. Roll-over counter 0. */
export function openServerPacket(packet, exported) {
  const masterKey = exported.subarray(keyBytes, 2 * keyBytes);
  const masterSalt = exported.subarray(2 * keyBytes + saltBytes, 2 * keyBytes + 2 * saltBytes);
  const key = derive(masterKey, masterSalt, label.key, keyBytes);
  const nonce = derive(masterKey, masterSalt, label.salt, saltBytes);
  xorInto(nonce, packet.subarray(8, 12), 2);
  xorInto(nonce, packet.subarray(2, 4), 10);
  const header = headerBytesOf(packet);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAAD(packet.subarray(0, header));
  decipher.setAuthTag(packet.subarray(packet.length - tagBytes));
  return Buffer.concat([decipher.update(packet.subarray(header, packet.length - tagBytes)), decipher.final()]);
}

function derive(masterKey, masterSalt, purpose, bytes) {
  const counter = Buffer.alloc(16);
  masterSalt.copy(counter);
  counter[7] ^= purpose;
  return createCipheriv('aes-128-ctr', masterKey, counter).update(Buffer.alloc(bytes));
}

function xorInto(target, source, at) {
  for (const [index, byte] of source.entries()) target[at + index] ^= byte;
}

function headerBytesOf(packet) {
  const sources = fixedHeaderBytes + 4 * (packet[0] & 0x0f);
  return (packet[0] & 0x10) === 0 ? sources : sources + 4 + 4 * packet.readUInt16BE(sources + 2);
}
