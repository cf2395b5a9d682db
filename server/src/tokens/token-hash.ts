/*
 * How the ledger names a token without holding it. Pure.
 */
import { hash } from 'node:crypto';

/** SHA-256 (hex) of a token's jti. */
export function hashJti(jti: string): string {
  return hash('sha256', jti, 'hex');
}
