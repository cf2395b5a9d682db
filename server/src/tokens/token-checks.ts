/*
 * The checks a consent token passes, as one ordered table (RFC 9068 section 4, RFC 8725). Pure: text, issuers and the
 * time in, a result out. Anything but the word 'pass' refuses; the first refusal names the reason.
 */
import {
  CAMERA_VIEW,
  type CameraGrant,
  type CameraViewDetail,
  CONSENT_TOKEN_TYPE,
  type ConsentToken,
  type ConsentTokenClaims,
  consentTokenClaimsSchema,
} from '@sallyport/protocol/consent-token';
import { limits } from '@sallyport/protocol/limits';
import { z } from 'zod';
import type { TokenRefusal, TokenResult } from '../app/ports/token-port.ts';
import { type CompactJws, parseCompact, signatureHolds } from './compact-jws.ts';
import type { TrustedIssuer } from './issuer-keys.ts';
import { hashJti } from './token-hash.ts';
import { ISSUER_CLOCK_LEEWAY_MS, SIGNATURE_ALGORITHM } from './token-limits.ts';

export type TokenConditions = {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly audience: string;
  readonly nowMs: number;
};

/** A token on its way through the table: nothing in it is trusted until every row has passed. */
type Candidate = {
  readonly text: string;
  readonly jws: CompactJws;
  readonly issuer: TrustedIssuer | null;
  /** Null when the claims are not those of a consent token. */
  readonly said: Said | null;
};
type Said = { readonly claims: ConsentTokenClaims; readonly token: ConsentToken };
type Check = (candidate: Candidate, conditions: TokenConditions) => 'pass' | TokenRefusal;

const checks: readonly (readonly [name: string, check: Check])[] = [
  ['type', ({ jws }) => (isConsentTokenType(jws.header['typ']) ? 'pass' : 'wrong-type')],
  ['algorithm', ({ jws }) => (jws.header['alg'] === SIGNATURE_ALGORITHM ? 'pass' : 'bad-signature')],
  ['issuer', ({ issuer }) => (issuer !== null ? 'pass' : 'wrong-issuer')],
  ['key', (candidate, { nowMs }) => (findKey(candidate, nowMs) !== null ? 'pass' : 'unknown-key')],
  ['signature', (candidate, { nowMs }) => (isSigned(candidate, nowMs) ? 'pass' : 'bad-signature')],
  ['claims', ({ said }) => (said !== null ? 'pass' : 'claims')],
  ['audience', ({ said }, { audience }) => (said && names(said.claims.aud, audience) ? 'pass' : 'wrong-audience')],
  ['cameras', ({ said }) => (said && namesCamerasOnce(said.token.grants) ? 'pass' : 'claims')],
  ['life', ({ said }) => (said && livesShort(said.token) ? 'pass' : 'claims')],
  ['begun', ({ said }, { nowMs }) => (said && hasBegun(said.token, nowMs) ? 'pass' : 'not-yet-valid')],
  ['not expired', ({ said }, { nowMs }) => (said && nowMs < said.token.expiresAtMs ? 'pass' : 'expired')],
];

/** Runs the table over untrusted text. Never throws; `tokenHash` of a refusal comes from the unverified jti. */
export function checkToken(text: string, conditions: TokenConditions): TokenResult {
  const jws = parseCompact(text, limits.tokenBytesMax);
  if (jws === null) return { ok: false, why: 'malformed', tokenHash: null };
  const issuer = findIssuer(jws, conditions);
  const candidate: Candidate = { text, jws, issuer, said: issuer === null ? null : readClaims(jws, issuer) };
  for (const [, check] of checks) {
    const answer = check(candidate, conditions);
    if (answer !== 'pass') return { ok: false, why: answer, tokenHash: readUnverifiedHash(jws) };
  }
  if (candidate.said === null) return { ok: false, why: 'claims', tokenHash: readUnverifiedHash(jws) };
  return { ok: true, token: candidate.said.token };
}

/** RFC 9068 section 2.1 allows the short and the full media type; media types ignore case. */
function isConsentTokenType(typ: unknown): boolean {
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

function namesCamerasOnce(grants: readonly CameraGrant[]): boolean {
  const cameras = new Set(grants.map(({ cameraId }) => cameraId));
  return grants.length >= 1 && grants.length <= limits.camerasPerTokenMax && cameras.size === grants.length;
}

function livesShort({ issuedAtMs, expiresAtMs }: ConsentToken): boolean {
  return issuedAtMs < expiresAtMs && expiresAtMs - issuedAtMs <= limits.tokenLifeMsMax;
}

/** A token from the future is refused even where its `nbf` is not: its issuer's clock, or ours, is wrong. */
function hasBegun({ notBeforeMs, issuedAtMs }: ConsentToken, nowMs: number): boolean {
  return notBeforeMs <= nowMs && issuedAtMs - ISSUER_CLOCK_LEEWAY_MS <= nowMs;
}

/** Null when a claim is missing or out of bounds, or when the client may not speak for any agency. */
function readClaims({ claims: raw }: CompactJws, issuer: TrustedIssuer): Said | null {
  const parsed = consentTokenClaimsSchema.safeParse(raw);
  if (!parsed.success) return null;
  const claims = parsed.data;
  const agency = issuer.agencyOf(claims.client_id);
  if (agency === null) return null;
  const token: ConsentToken = {
    issuer: claims.iss,
    subject: claims.sub,
    clientId: claims.client_id,
    agency,
    jti: claims.jti,
    tokenHash: hashJti(claims.jti),
    jkt: claims.cnf.jkt,
    issuedAtMs: Math.floor(claims.iat * 1_000),
    notBeforeMs: Math.ceil((claims.nbf ?? claims.iat) * 1_000) - ISSUER_CLOCK_LEEWAY_MS,
    expiresAtMs: Math.floor(claims.exp * 1_000),
    grants: claims.authorization_details.filter(isCameraView).map(toGrant),
  };
  return { claims, token };
}

function isCameraView(detail: ConsentTokenClaims['authorization_details'][number]): detail is CameraViewDetail {
  return detail.type === CAMERA_VIEW;
}

function toGrant(detail: CameraViewDetail): CameraGrant {
  return {
    cameraId: detail.identifier,
    incidentId: detail.incident,
    consentId: detail.consent,
    charterId: detail.charter,
    actions: detail.actions,
    datatypes: detail.datatypes,
  };
}

const jtiSchema = z.object({ jti: z.string().min(1).max(128) });

function readUnverifiedHash({ claims }: CompactJws): string | null {
  const parsed = jtiSchema.safeParse(claims);
  return parsed.success ? hashJti(parsed.data.jti) : null;
}
