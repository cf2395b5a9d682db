/*
 * A self-signed certificate for DTLS, as a browser makes one for its peer connections: P-256, known to the other side by
 * its fingerprint alone. Written in DER by hand, since `node:crypto` signs but does not issue.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const DAY_MS = 86_400_000;
const VALID_DAYS = 30;

const TAG = { integer: 0x02, bits: 0x03, oid: 0x06, utf8: 0x0c, utcTime: 0x17, sequence: 0x30, set: 0x31 } as const;
const OID_ECDSA_SHA256 = '2a8648ce3d040302';
const OID_COMMON_NAME = '550403';

export type Certificate = {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
  /** SHA-256 of the certificate as SDP writes it: upper-case pairs with colons. */
  readonly fingerprint: string;
};

/** Makes a key and its certificate; about a millisecond. One serves all viewers of a process. */
export function makeCertificate(nowMs: number): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(oid(OID_ECDSA_SHA256));
  const commonName = sequence(oid(OID_COMMON_NAME), tlv(TAG.utf8, Buffer.from('sallyport-loadtest')));
  const name = sequence(tlv(TAG.set, commonName));
  const serial = randomBytes(8);
  // Positive and without a leading zero, as DER wants integers.
  serial[0] = (serial[0]! & 0x7f) | 1;
  const signed = sequence(
    tlv(0xa0, tlv(TAG.integer, Buffer.from([2]))),
    tlv(TAG.integer, serial),
    algorithm,
    name,
    sequence(utcTime(nowMs - DAY_MS), utcTime(nowMs + VALID_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', signed, privateKey);
  const der = sequence(signed, algorithm, tlv(TAG.bits, Buffer.from([0]), signature));
  return { der, privateKey, fingerprint: fingerprintOf(der) };
}

/** SHA-256 over a certificate, as SDP writes it. */
export function fingerprintOf(der: Uint8Array): string {
  const hex = createHash('sha256').update(der).digest('hex').toUpperCase();
  return hex.replace(/..(?!$)/g, '$&:');
}

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  return bytes < 0x100 ? Buffer.from([0x81, bytes]) : Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(TAG.sequence, ...parts);
const oid = (hex: string): Buffer => tlv(TAG.oid, Buffer.from(hex, 'hex'));

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tlv(TAG.utcTime, Buffer.from(`${digits}Z`));
}
