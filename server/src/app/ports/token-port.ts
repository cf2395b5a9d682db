/*
 * Tokens, possession proofs, nonces, signing keys and API keys as the use cases see them. Types only.
 * Every refusal is a value with its full reason; nothing a client sends makes these throw. Fulfilled by tokens/.
 */
import type { CameraGrant, ConsentToken } from '@sallyport/protocol/consent-token';
import type { AgencyCode, CameraId, KeyId } from '@sallyport/protocol/ids';
import type { PublishToken } from '@sallyport/protocol/publish-token';
import type { Role } from './store.ts';

export type TokenGrant = {
  /** The officer, by the pseudonym the agency keeps. */
  readonly viewer: string;
  readonly agency: AgencyCode;
  /** RFC 7638 thumbprint of the viewer's key. */
  readonly jkt: string;
  /** 1,000 to 900,000. */
  readonly lifeMs: number;
  /** 1 to 16, each camera once. */
  readonly cameras: readonly CameraGrant[];
};

export type IssuedToken = {
  readonly token: string;
  readonly jti: string;
  /** SHA-256 (hex) of the jti, for the ledger. */
  readonly tokenHash: string;
  readonly expiresAtMs: number;
};

export type TokenRefusal =
  | 'malformed'
  | 'bad-signature'
  | 'wrong-type'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'expired'
  | 'not-yet-valid'
  | 'unknown-key'
  | 'claims';

export type Checked<T> =
  | { readonly ok: true; readonly token: T }
  /** `tokenHash` comes from the unverified jti, when one could be read: for the audit, never for a decision. */
  | { readonly ok: false; readonly why: TokenRefusal; readonly tokenHash: string | null };
export type TokenResult = Checked<ConsentToken>;

export interface ConsentTokens {
  /** Signs one token for one viewer. Throws RangeError when the grant is outside its bounds. */
  issue(grant: TokenGrant, nowMs: number): IssuedToken;
  /** MUST answer `ok` only for a token that one trusted issuer signed, for this server, and that is in force now. */
  verify(text: string, nowMs: number): TokenResult;
}

export type PublishGrant = {
  readonly cameraId: CameraId;
  /** The API key that asks for the token. */
  readonly grantedBy: KeyId;
  /** RFC 7638 thumbprint of the publisher's key. */
  readonly jkt: string;
  /** 1,000 to 900,000. */
  readonly lifeMs: number;
};

export interface PublishTokens {
  /** Signs a permission to feed one camera. Throws RangeError when its life is out of bounds. */
  issue(grant: PublishGrant, nowMs: number): IssuedToken;
  /** MUST answer `ok` only for a publish token that this server signed and that is in force now. */
  verify(text: string, nowMs: number): Checked<PublishToken>;
}

export type PossessionClaim = {
  /** The proof as it arrived; null when there was none. */
  readonly proof: string | null;
  /** The token text it must cover (`ath`). */
  readonly accessToken: string;
  /** The thumbprint the verified token is bound to. */
  readonly jkt: string;
  /** The method the proof must name; on the control connection PROOF_METHOD. */
  readonly htm: string;
  /** The URL the proof must name; query and fragment do not count. */
  readonly htu: string;
};

export type PossessionRefusal =
  | 'missing'
  | 'malformed'
  | 'bad-signature'
  | 'wrong-key'
  | 'wrong-method'
  | 'wrong-url'
  | 'wrong-token'
  | 'stale'
  | 'replayed'
  /** The nonce is absent or too old: answer with `Nonces.current` and let the client try again. */
  | 'use-nonce'
  /** The replay window is full; nothing is wrong with the proof, but it cannot be remembered, so it is refused. */
  | 'overloaded';

export type PossessionResult =
  | { readonly ok: true; readonly jkt: string }
  | { readonly ok: false; readonly why: PossessionRefusal };

export interface PossessionChecker {
  /** Accepts a proof at most once. MUST remember it before it answers `ok`. */
  verify(claim: PossessionClaim, nowMs: number): PossessionResult;
}

export interface Nonces {
  /** The nonce to give out now; accepted for 60 to 120 s from here on. */
  current(nowMs: number): string;
}

/** A public signing key as RFC 7517 writes it. */
export type PublicSigningJwk = {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
};
export type Jwks = { readonly keys: readonly PublicSigningJwk[] };

export type RotateOutcome =
  | { readonly rotated: true; readonly kid: string; readonly previousKid: string }
  /** As many keys as the ring holds still have living tokens; wait 15 minutes. */
  | { readonly rotated: false; readonly why: 'too-many-keys' };

export interface TokenKeys {
  /** The keys tokens may be signed with now, the active one first; public members only. */
  jwks(nowMs: number): Jwks;
  /** Makes a new active key, durable before it signs; the old one verifies until its last token has expired. */
  rotate(nowMs: number): Promise<RotateOutcome>;
}

export type MintedApiKey = {
  /** Shown once, then forgotten. */
  readonly text: string;
  /** What is stored. */
  readonly hash: string;
};

export interface ApiKeys {
  mint(role: Role): MintedApiKey;
  /** The role a key claims and the hash to look it up by; null when it is not written like a key. */
  parse(text: string): { readonly role: Role; readonly hash: string } | null;
  /** Compares in constant time. */
  matches(text: string, storedHash: string): boolean;
}
