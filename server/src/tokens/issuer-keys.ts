/*
 * What a verifier needs of an issuer: its public keys and the agency each of its clients speaks for. Types only;
 * fulfilled by the key ring for our own tokens and by the trusted issuers for others'.
 */
import type { KeyObject } from 'node:crypto';
import type { AgencyCode } from '@sallyport/protocol/ids';

export interface IssuerKeys {
  /**
   * The public key a token of this issuer names. Without a `kid` (RFC 7515 leaves it optional) the sole key, when
   * there is but one. Null when there is no such key, or when it has been retired by `nowMs`.
   */
  find(kid: string | null, nowMs: number): KeyObject | null;
}

export type TrustedIssuer = {
  readonly issuer: string;
  readonly keys: IssuerKeys;
  /** The agency a client may ask for; null for a client it may not speak for. */
  readonly agencyOf: (clientId: string) => AgencyCode | null;
};
