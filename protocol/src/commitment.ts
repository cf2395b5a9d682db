/*
 * The commitment that stands on a ledger entry for what the entry must not say: a salted hash. Pure. Whoever is given
 * the opening (salt and fields) can check it; once the opening is erased the commitment tells nothing.
 */

import { joinBytes, toBase64Url } from './bytes.ts';
import { canonicalJson } from './canonical-json.ts';
import { sha256 } from './sha256.ts';

/** Short values such as badge numbers are safe only because nobody can guess the salt. */
export const SALT_BYTES = 32;
const LABEL = new TextEncoder().encode('sallyport/commit/v1\n');

/** base64url(SHA-256(`sallyport/commit/v1\n` || salt || canonical JSON)). Throws RangeError for a salt not of 32 bytes. */
export function buildCommitment(salt: Uint8Array, fields: unknown): string {
  if (salt.length !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes`);
  return toBase64Url(sha256(joinBytes([LABEL, salt, new TextEncoder().encode(canonicalJson(fields))])));
}

export const opensCommitment = (commitment: string, salt: Uint8Array, fields: unknown): boolean =>
  salt.length === SALT_BYTES && buildCommitment(salt, fields) === commitment;
