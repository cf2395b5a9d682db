/*
 * Turns what a viewer brings (token and proof) into facts for the gate. Used at every join and renewal.
 * The proof is looked at only for a token that holds: a bad token must not fill the replay window.
 */
import type { ConsentToken } from '@sallyport/protocol/consent-token';
import type { AgencyCode, CameraId, IncidentId } from '@sallyport/protocol/ids';
import type { DenialCode } from '@sallyport/protocol/reasons';
import type { PossessionFact, Refused, TokenFact } from '../../domain/facts.ts';
import type { ConsentTokens, Nonces, PossessionChecker, PossessionRefusal, TokenRefusal } from '../ports/token-port.ts';
import type { Evidence } from './facts-gatherer.ts';

export type Brought = {
  readonly cameraId: CameraId;
  readonly token: string | null;
  /** How the token was brought; `bearer` counts only where the deployment allows it. */
  readonly scheme: 'dpop' | 'bearer';
  readonly proof: string | null;
  /** Method and URL the proof must name. */
  readonly htm: string;
  readonly htu: string;
  /** The viewer's own session description, to be answered where that can be done. */
  readonly playerOffer?: string | null;
};

export type Judged = {
  readonly evidence: Evidence;
  readonly agency: AgencyCode | null;
  readonly incidentId: IncidentId | null;
  readonly tokenHash: string | null;
  /** Set when the proof only lacks a fresh nonce: hand this one out and let the viewer try again. */
  readonly freshNonce: string | null;
};

export const tokenDenials: Readonly<Record<TokenRefusal, DenialCode>> = {
  malformed: 'token-malformed',
  claims: 'token-malformed',
  'wrong-type': 'token-malformed',
  'bad-signature': 'token-untrusted',
  'wrong-issuer': 'token-untrusted',
  'wrong-audience': 'token-untrusted',
  'unknown-key': 'token-untrusted',
  expired: 'token-expired',
  'not-yet-valid': 'token-not-yet-valid',
};

export const proofDenials: Readonly<Record<PossessionRefusal, DenialCode>> = {
  missing: 'possession-missing',
  malformed: 'possession-invalid',
  'bad-signature': 'possession-invalid',
  'wrong-method': 'possession-invalid',
  'wrong-url': 'possession-invalid',
  'wrong-token': 'possession-invalid',
  stale: 'possession-invalid',
  'use-nonce': 'possession-invalid',
  overloaded: 'possession-invalid',
  'wrong-key': 'possession-wrong-key',
  replayed: 'possession-replayed',
};

const refused = (code: DenialCode): Refused => ({ refused: code });

function toTokenFact(token: ConsentToken, cameraId: CameraId): TokenFact | Refused {
  const grant = token.grants.find((one) => one.cameraId === cameraId);
  if (!grant) return refused('token-wrong-camera');
  return {
    subject: token.subject,
    agency: token.agency,
    jkt: token.jkt,
    notBeforeMs: token.notBeforeMs,
    expiresAtMs: token.expiresAtMs,
    cameraId: grant.cameraId,
    incidentId: grant.incidentId,
    consentId: grant.consentId,
    charterId: grant.charterId,
    actions: grant.actions,
    datatypes: grant.datatypes,
  };
}

export class EvidenceJudge {
  readonly #tokens: ConsentTokens;
  readonly #possession: PossessionChecker;
  readonly #nonces: Nonces;
  readonly #bearer: 'allowed' | 'refused';

  constructor(
    tokens: ConsentTokens,
    possession: PossessionChecker,
    nonces: Nonces,
    bearer: 'allowed' | 'refused' = 'refused',
  ) {
    this.#tokens = tokens;
    this.#possession = possession;
    this.#nonces = nonces;
    this.#bearer = bearer;
  }

  judge(brought: Brought, nowMs: number): Judged {
    const nothing = { agency: null, incidentId: null, tokenHash: null, freshNonce: null };
    const unproven = refused('possession-missing');
    if (!brought.token) return { ...nothing, evidence: { token: refused('token-missing'), possession: unproven } };
    const verified = this.#tokens.verify(brought.token, nowMs);
    if (!verified.ok) {
      const token = refused(tokenDenials[verified.why]);
      return { ...nothing, tokenHash: verified.tokenHash, evidence: { token, possession: unproven } };
    }
    const token = toTokenFact(verified.token, brought.cameraId);
    const known = {
      agency: verified.token.agency,
      incidentId: 'refused' in token ? null : token.incidentId,
      tokenHash: verified.token.tokenHash,
    };
    if ('refused' in token) return { ...known, freshNonce: null, evidence: { token, possession: unproven } };
    if (brought.scheme === 'bearer') {
      const possession = this.#bearer === 'allowed' ? ({ scheme: 'bearer' } as const) : unproven;
      return { ...known, freshNonce: null, evidence: { token, possession } };
    }
    const { proof, htm, htu } = brought;
    const claim = { proof, accessToken: brought.token, jkt: verified.token.jkt, htm, htu };
    const proven = this.#possession.verify(claim, nowMs);
    const possession: PossessionFact | Refused = proven.ok
      ? { scheme: 'dpop', jkt: proven.jkt }
      : refused(proofDenials[proven.why]);
    const freshNonce = !proven.ok && proven.why === 'use-nonce' ? this.#nonces.current(nowMs) : null;
    return { ...known, freshNonce, evidence: { token, possession } };
  }
}
