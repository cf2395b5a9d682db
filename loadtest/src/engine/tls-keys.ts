/*
 * The key schedule of TLS 1.2 with SHA-256 (RFC 5246, 5 and 6.3), extended master secret (RFC 7627) and the SRTP keys
 * exported from it (RFC 5764, 4.2). Pure.
 */
import { createHash, createHmac } from 'node:crypto';
import type { SrtpKeys, SrtpProfile } from './srtp.ts';
import { SRTP_KEY_BYTES } from './srtp.ts';

const MASTER_BYTES = 48;
const VERIFY_BYTES = 12;
/** Two AES-128 keys and two 4-byte salts; AEAD suites have no MAC keys. */
const KEY_BLOCK_BYTES = 40;

/** The pseudo-random function P_SHA256(secret, label + seed), so many bytes of it. */
export function prf(secret: Buffer, label: string, seed: Buffer, bytes: number): Buffer {
  const labelled = Buffer.concat([Buffer.from(label), seed]);
  const parts: Buffer[] = [];
  let chained = labelled;
  for (let have = 0; have < bytes; have += 32) {
    chained = createHmac('sha256', secret).update(chained).digest();
    parts.push(createHmac('sha256', secret).update(chained).update(labelled).digest());
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

export type Randoms = { readonly client: Buffer; readonly server: Buffer };

const hash = (transcript: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(transcript)).digest();

/** The master secret; the extended form binds it to the handshake so far. */
export function masterSecret(premaster: Buffer, randoms: Randoms, extendedOver: readonly Buffer[] | null): Buffer {
  if (extendedOver) return prf(premaster, 'extended master secret', hash(extendedOver), MASTER_BYTES);
  return prf(premaster, 'master secret', Buffer.concat([randoms.client, randoms.server]), MASTER_BYTES);
}

export type RecordKeys = { readonly key: Buffer; readonly salt: Buffer };

/** What protects the records of each side from the change of cipher on (AES-128-GCM). */
export function recordKeys(master: Buffer, randoms: Randoms): { client: RecordKeys; server: RecordKeys } {
  const block = prf(master, 'key expansion', Buffer.concat([randoms.server, randoms.client]), KEY_BLOCK_BYTES);
  return {
    client: { key: block.subarray(0, 16), salt: block.subarray(32, 36) },
    server: { key: block.subarray(16, 32), salt: block.subarray(36, 40) },
  };
}

/** The 12 bytes of a Finished message. */
export function finishedBytes(master: Buffer, side: 'client' | 'server', transcript: readonly Buffer[]): Buffer {
  return prf(master, `${side} finished`, hash(transcript), VERIFY_BYTES);
}

/** Master keys and salts of SRTP for both directions. */
export function exportSrtpKeys(
  master: Buffer,
  randoms: Randoms,
  profile: SrtpProfile,
): { client: SrtpKeys; server: SrtpKeys } {
  const { key, salt } = SRTP_KEY_BYTES[profile];
  const seed = Buffer.concat([randoms.client, randoms.server]);
  const block = prf(master, 'EXTRACTOR-dtls_srtp', seed, 2 * (key + salt));
  return {
    client: { key: block.subarray(0, key), salt: block.subarray(2 * key, 2 * key + salt) },
    server: { key: block.subarray(key, 2 * key), salt: block.subarray(2 * key + salt) },
  };
}
