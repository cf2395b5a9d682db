/*
 * Server nonces for possession proofs (RFC 9449 section 9): an HMAC over the minute, under a secret of this process.
 * Nothing is stored per client. Used by the possession check and by whoever hands nonces out.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Randomness } from '../app/ports/randomness.ts';
import type { Nonces } from '../app/ports/token-port.ts';
import { NONCE_BUCKET_MS } from './token-limits.ts';

const SECRET_BYTES = 32;
const NONCE_BYTES = 18;

export class NonceSource implements Nonces {
  readonly #secret: Uint8Array;
  /** A clock that goes back does not bring an old nonce back to life. */
  #newestBucket = 0;

  constructor(randomness: Randomness) {
    this.#secret = randomness.bytes(SECRET_BYTES);
  }

  current(nowMs: number): string {
    return this.#make(this.#advance(nowMs)).toString('base64url');
  }

  /** True for the nonce of this bucket or the one before, so at an age of at most 120 s. */
  accepts(nonce: string, nowMs: number): boolean {
    const given = Buffer.from(nonce, 'base64url');
    if (given.length !== NONCE_BYTES) return false;
    const bucket = this.#advance(nowMs);
    const isCurrent = timingSafeEqual(given, this.#make(bucket));
    const isPrevious = timingSafeEqual(given, this.#make(bucket - 1));
    return isCurrent || isPrevious;
  }

  #advance(nowMs: number): number {
    const bucket = Math.floor(nowMs / NONCE_BUCKET_MS);
    if (bucket > this.#newestBucket) this.#newestBucket = bucket;
    return this.#newestBucket;
  }

  #make(bucket: number): Buffer {
    return createHmac('sha256', this.#secret).update(`sallyport nonce ${bucket}`).digest().subarray(0, NONCE_BYTES);
  }
}
