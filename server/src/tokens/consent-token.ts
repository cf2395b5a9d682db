/*
 * Issues our consent tokens and verifies those of every trusted issuer, ours among them.
 * Holds no state of its own; made by compose, used by the use cases through the ConsentTokens port.
 */
import { CAMERA_VIEW, type CameraGrant, type ConsentTokenClaims } from '@sallyport/protocol/consent-token';
import { agencyCodeSchema } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { ConsentTokens, IssuedToken, TokenGrant, TokenResult } from '../app/ports/token-port.ts';
import { readConsentClaims } from './consent-claims.ts';
import type { TrustedIssuer } from './issuer-keys.ts';
import { type Signer, signToken } from './sign-token.ts';
import { checkToken } from './token-checks.ts';

export type ConsentTokenSettings = Signer & {
  /** Outside issuers; none of them may carry our name. */
  readonly trustedIssuers: readonly TrustedIssuer[];
};

/** Throws RangeError when two issuers share a name: the keys of one would then vouch for the other. */
export class ConsentTokenDesk implements ConsentTokens {
  readonly #settings: ConsentTokenSettings;
  readonly #issuers: ReadonlyMap<string, TrustedIssuer>;

  constructor(settings: ConsentTokenSettings) {
    this.#settings = settings;
    const own: TrustedIssuer = { issuer: settings.issuer, keys: settings.keyRing, agencyOf: ownAgency };
    const issuers = new Map([own, ...settings.trustedIssuers].map((issuer) => [issuer.issuer, issuer]));
    if (issuers.size !== settings.trustedIssuers.length + 1) throw new RangeError('two token issuers share a name');
    this.#issuers = issuers;
  }

  issue(grant: TokenGrant, nowMs: number): IssuedToken {
    requireCameras(grant);
    const { viewer, agency, jkt, lifeMs, cameras } = grant;
    const details = { authorization_details: cameras.map(buildDetail) };
    return signToken(this.#settings, { sub: viewer, client_id: agency, cnf: { jkt }, ...details }, lifeMs, nowMs);
  }

  verify(text: string, nowMs: number): TokenResult {
    const { audience } = this.#settings;
    return checkToken(text, readConsentClaims, { issuers: this.#issuers, audience, nowMs });
  }
}

/** In our own tokens the OAuth client is the agency whose key asked for the token. */
function ownAgency(clientId: string): string | null {
  return agencyCodeSchema.safeParse(clientId).data ?? null;
}

function requireCameras({ cameras }: TokenGrant): void {
  if (cameras.length < 1 || cameras.length > limits.camerasPerTokenMax) {
    throw new RangeError(`a token cannot name ${cameras.length} cameras`);
  }
  if (new Set(cameras.map(({ cameraId }) => cameraId)).size !== cameras.length) {
    throw new RangeError('a token names each camera once');
  }
}

function buildDetail(grant: CameraGrant): ConsentTokenClaims['authorization_details'][number] {
  return {
    type: CAMERA_VIEW,
    identifier: grant.cameraId,
    actions: [...grant.actions],
    datatypes: [...grant.datatypes],
    incident: grant.incidentId,
    consent: grant.consentId,
    charter: grant.charterId,
  };
}
