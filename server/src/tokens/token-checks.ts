/*
 * The checks an access token of any kind passes, as one ordered table (RFC 9068 section 4, RFC 8725). Pure: text, issuers
 * and the time in, a result out. Anything but the word 'pass' refuses; the first refusal names the reason.
 */
import { CONSENT_TOKEN_TYPE } from '@sallyport/protocol/consent-token';
import { limits } from '@sallyport/protocol/limits';
import { z } from 'zod';
import type { Checked, TokenRefusal } from '../app/ports/token-port.ts';
import { type CompactJws, parseCompact, signatureHolds } from './compact-jws.ts';
import type { TrustedIssuer } from './issuer-keys.ts';
import { hashJti } from './token-hash.ts';
import { ISSUER_CLOCK_LEEWAY_MS, SIGNATURE_ALGORITHM } from './token-limits.ts';

export type TokenConditions = {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly audience: string;
  readonly nowMs: number;
};

/** What every kind of token says of its time. */
export type Timed = { readonly issuedAtMs: number; readonly notBeforeMs: number; readonly expiresAtMs: number };
export type Said<T> = { readonly aud: string | readonly string[]; readonly token: T };

/** Reads a kind of token out of signed claims; null when they are not those of that kind, or out of bounds. */
export type ClaimsReader<T extends Timed> = (claims: unknown, issuer: TrustedIssuer) => Said<T> | null;

/** A token on its way through the table: nothing in it is trusted until every row has passed. */
type Candidate = {
  readonly text: string;
  readonly jws: CompactJws;
  readonly issuer: TrustedIssuer | null;
  /** Null when the claims are not those of the kind that is asked for. */
  readonly said: Said<Timed> | null;
};
type Check = (candidate: Candidate, conditions: TokenConditions) => 'pass' | TokenRefusal;

const checks: readonly (readonly [name: string, check: Check])[] = [
  ['type', ({ jws }) => (isAccessTokenType(jws.header['typ']) ? 'pass' : 'wrong-type')],
  ['algorithm', ({ jws }) => (jws.header['alg'] === SIGNATURE_ALGORITHM ? 'pass' : 'bad-signature')],
  ['issuer', ({ issuer }) => (issuer !== null ? 'pass' : 'wrong-issuer')],
  ['key', (candidate, { nowMs }) => (findKey(candidate, nowMs) !== null ? 'pass' : 'unknown-key')],
  ['signature', (candidate, { nowMs }) => (isSigned(candidate, nowMs) ? 'pass' : 'bad-signature')],
  ['claims', ({ said }) => (said !== null ? 'pass' : 'claims')],
  ['audience', ({ said }, { audience }) => (said && names(said.aud, audience) ? 'pass' : 'wrong-audience')],
  ['life', ({ said }) => (said && livesShort(said.token) ? 'pass' : 'claims')],
  ['begun', ({ said }, { nowMs }) => (said && hasBegun(said.token, nowMs) ? 'pass' : 'not-yet-valid')],
  ['not expired', ({ said }, { nowMs }) => (said && nowMs < said.token.expiresAtMs ? 'pass' : 'expired')],
];

/** Runs the table over untrusted text. Never throws; `tokenHash` of a refusal comes from the unverified jti. */
export function checkToken<T extends Timed>(
  text: string,
  read: ClaimsReader<T>,
  conditions: TokenConditions,
): Checked<T> {
  const jws = parseCompact(text, limits.tokenBytesMax);
  if (jws === null) return { ok: false, why: 'malformed', tokenHash: null };
  const issuer = findIssuer(jws, conditions);
  const said = issuer === null ? null : read(jws.claims, issuer);
  const candidate: Candidate = { text, jws, issuer, said };
  for (const [, check] of checks) {
    const answer = check(candidate, conditions);
    if (answer !== 'pass') return { ok: false, why: answer, tokenHash: readUnverifiedHash(jws) };
  }
  if (said === null) return { ok: false, why: 'claims', tokenHash: readUnverifiedHash(jws) };
  return { ok: true, token: said.token };
}

/** The times of the registered claims in milliseconds, the leeway for issuers' clocks in them. */
export function readTimes(claims: {
  readonly iat: number;
  readonly nbf?: number | undefined;
  readonly exp: number;
}): Timed {
  return {
    issuedAtMs: Math.floor(claims.iat * 1_000),
    notBeforeMs: Math.ceil((claims.nbf ?? claims.iat) * 1_000) - ISSUER_CLOCK_LEEWAY_MS,
    expiresAtMs: Math.floor(claims.exp * 1_000),
  };
}

/** RFC 9068 section 2.1 allows the short and the full media type; media types ignore case. */
function isAccessTokenType(typ: unknown): boolean {
  if (typeof typ !== 'string') return false;
  const name = typ.toLowerCase();
  return name === CONSENT_TOKEN_TYPE || name === `application/${CONSENT_TOKEN_TYPE}`;
}

function findIssuer({ claims }: CompactJws, { issuers }: TokenConditions): TrustedIssuer | null {
  const name = claims['iss'];
  return typeof name === 'string' ? (issuers.get(name) ?? null) : null;
}

const kidSchema = z.string().max(256).optional();

/** Keys come from the issuer's configuration alone; `jku`, `x5u`, `x5c` and `jwk` in the header are not looked at. */
function findKey({ jws, issuer }: Candidate, nowMs: number) {
  const kid = kidSchema.safeParse(jws.header['kid']);
  return issuer !== null && kid.success ? issuer.keys.find(kid.data ?? null, nowMs) : null;
}

function isSigned(candidate: Candidate, nowMs: number): boolean {
  const key = findKey(candidate, nowMs);
  return key !== null && signatureHolds(candidate.text, key);
}

function names(aud: string | readonly string[], audience: string): boolean {
  return typeof aud === 'string' ? aud === audience : aud.includes(audience);
}

function livesShort({ issuedAtMs, expiresAtMs }: Timed): boolean {
  return issuedAtMs < expiresAtMs && expiresAtMs - issuedAtMs <= limits.tokenLifeMsMax;
}

/** A token from the future is refused even where its `nbf` is not: its issuer's clock, or ours, is wrong. */
function hasBegun({ notBeforeMs, issuedAtMs }: Timed, nowMs: number): boolean {
  return notBeforeMs <= nowMs && issuedAtMs - ISSUER_CLOCK_LEEWAY_MS <= nowMs;
}

const jtiSchema = z.object({ jti: z.string().min(1).max(128) });

function readUnverifiedHash({ claims }: CompactJws): string | null {
  const parsed = jtiSchema.safeParse(claims);
  return parsed.success ? hashJti(parsed.data.jti) : null;
}
