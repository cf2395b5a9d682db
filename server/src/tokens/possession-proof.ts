/*
 * Possession proofs (DPoP, RFC 9449): the check that whoever shows a consent token holds the key it is bound to.
 * One ordered table after section 4.3; anything but the word 'pass' refuses. Used through the PossessionChecker port.
 */
import { hash, type KeyObject } from 'node:crypto';
import { limits } from '@sallyport/protocol/limits';
import { z } from 'zod';
import type {
  PossessionChecker,
  PossessionClaim,
  PossessionRefusal,
  PossessionResult,
} from '../app/ports/token-port.ts';
import { parseCompact, signatureHolds } from './compact-jws.ts';
import { parsePublicJwk, thumbprint } from './jwk-thumbprint.ts';
import type { NonceSource } from './nonce-source.ts';
import { toProofUrl } from './proof-url.ts';
import type { ReplayWindow } from './replay-window.ts';
import { PROOF_CLOCK_WINDOW_MS, SIGNATURE_ALGORITHM } from './token-limits.ts';

const headerSchema = z.looseObject({
  typ: z.literal('dpop+jwt'),
  alg: z.literal(SIGNATURE_ALGORITHM),
  jwk: z.unknown(),
});
const claimsSchema = z.looseObject({
  jti: z.string().min(1).max(128),
  htm: z.string().min(1).max(32),
  htu: z.string().min(1).max(2_000),
  iat: z.number().min(0).max(8_640_000_000),
  ath: z.string().max(128).optional(),
  nonce: z.string().max(128).optional(),
});
type ProofClaims = z.infer<typeof claimsSchema>;

type Proof = { readonly text: string; readonly key: KeyObject; readonly jkt: string; readonly claims: ProofClaims };
type Memory = { readonly nonces: NonceSource; readonly replay: ReplayWindow };
type Conditions = Memory & { readonly claim: PossessionClaim; readonly nowMs: number };
type Check = (proof: Proof, conditions: Conditions) => 'pass' | PossessionRefusal;

/** The replay row stands last: only a proof that is right in every other way may take a place in the window. */
const checks: readonly (readonly [name: string, check: Check])[] = [
  ['signature', ({ text, key }) => (signatureHolds(text, key) ? 'pass' : 'bad-signature')],
  ['method', ({ claims }, { claim }) => (claims.htm === claim.htm ? 'pass' : 'wrong-method')],
  ['url', ({ claims }, { claim }) => (isSameUrl(claims.htu, claim.htu) ? 'pass' : 'wrong-url')],
  ['nonce', ({ claims }, { nonces, nowMs }) => (nonces.accepts(claims.nonce ?? '', nowMs) ? 'pass' : 'use-nonce')],
  ['time', ({ claims }, { nowMs }) => (isNear(claims.iat * 1_000, nowMs) ? 'pass' : 'stale')],
  ['token', ({ claims }, { claim }) => (claims.ath === hashToken(claim.accessToken) ? 'pass' : 'wrong-token')],
  ['key', ({ jkt }, { claim }) => (jkt === claim.jkt ? 'pass' : 'wrong-key')],
  ['replay', checkReplay],
];

/** Checks proofs against one source of nonces and one memory of used proofs. */
export class PossessionDesk implements PossessionChecker {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  verify(claim: PossessionClaim, nowMs: number): PossessionResult {
    return verifyPossession({ ...this.#memory, claim, nowMs });
  }
}

/** Runs the table over one proof. Never throws; a proof that passes is remembered and does not pass again. */
export function verifyPossession(conditions: Conditions): PossessionResult {
  const { proof: text } = conditions.claim;
  if (text === null || text === '') return { ok: false, why: 'missing' };
  const proof = parseProof(text);
  if (proof === null) return { ok: false, why: 'malformed' };
  for (const [, check] of checks) {
    const answer = check(proof, conditions);
    if (answer !== 'pass') return { ok: false, why: answer };
  }
  return { ok: true, jkt: proof.jkt };
}

/** Null when it is not a proof at all: form, type, algorithm, key or a claim that every proof has (rows 2 to 7). */
function parseProof(text: string): Proof | null {
  const jws = parseCompact(text, limits.proofBytesMax);
  if (jws === null) return null;
  const header = headerSchema.safeParse(jws.header);
  const claims = claimsSchema.safeParse(jws.claims);
  if (!header.success || !claims.success) return null;
  const parsed = parsePublicJwk(header.data.jwk);
  if (!parsed.ok) return null;
  return { text, key: parsed.key, jkt: thumbprint(parsed.jwk), claims: claims.data };
}

function isSameUrl(given: string, expected: string): boolean {
  const url = toProofUrl(given);
  return url !== null && url === toProofUrl(expected);
}

function isNear(iatMs: number, nowMs: number): boolean {
  return Math.abs(iatMs - nowMs) <= PROOF_CLOCK_WINDOW_MS;
}

/** RFC 9449 section 4.2, `ath`. */
function hashToken(accessToken: string): string {
  return hash('sha256', accessToken, 'base64url');
}

/** The key is part of the mark, so that nobody can use up the jti of another's proof. */
function checkReplay({ jkt, claims }: Proof, { replay, nowMs }: Conditions): 'pass' | PossessionRefusal {
  const answer = replay.admit(hash('sha256', `${jkt}.${claims.jti}`, 'base64url'), nowMs);
  if (answer === 'fresh') return 'pass';
  return answer === 'seen' ? 'replayed' : 'overloaded';
}
