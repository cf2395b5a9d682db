/*
 * Issues our consent tokens and verifies those of every trusted issuer, ours among them.
 * Holds no state of its own; made by compose, used by the use cases through the ConsentTokens port.
 */
import {
  CAMERA_VIEW,
  type CameraGrant,
  CONSENT_TOKEN_TYPE,
  type ConsentTokenClaims,
} from '@sallyport/protocol/consent-token';
import { agencyCodeSchema } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import jwt from 'jsonwebtoken';
import type { Randomness } from '../app/ports/randomness.ts';
import type { ConsentTokens, IssuedToken, TokenGrant, TokenResult } from '../app/ports/token-port.ts';
import type { TrustedIssuer } from './issuer-keys.ts';
import type { KeyRing } from './key-ring.ts';
import { checkToken } from './token-checks.ts';
import { hashJti } from './token-hash.ts';
import { SIGNATURE_ALGORITHM } from './token-limits.ts';

export type ConsentTokenSettings = {
  /** Our name as an issuer, and the audience every token must name: the server's public URL. */
  readonly issuer: string;
  readonly audience: string;
  readonly keyRing: KeyRing;
  /** Outside issuers; none of them may carry our name. */
  readonly trustedIssuers: readonly TrustedIssuer[];
  readonly randomness: Randomness;
};

const JTI_BYTES = 18;
const SECOND_MS = 1_000;

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
    requireBounds(grant);
    const { issuer, audience, keyRing, randomness } = this.#settings;
    const jti = Buffer.from(randomness.bytes(JTI_BYTES)).toString('base64url');
    const iat = Math.floor(nowMs / SECOND_MS);
    const exp = Math.floor((nowMs + grant.lifeMs) / SECOND_MS);
    const claims = buildClaims(grant, { iss: issuer, aud: audience, jti, iat, nbf: iat, exp });
    const { kid, privateKey } = keyRing.active;
    const token = jwt.sign(claims, privateKey, {
      algorithm: SIGNATURE_ALGORITHM,
      header: { alg: SIGNATURE_ALGORITHM, typ: CONSENT_TOKEN_TYPE, kid },
    });
    if (token.length > limits.tokenBytesMax) throw new RangeError(`the token takes ${token.length} bytes`);
    return { token, jti, tokenHash: hashJti(jti), expiresAtMs: exp * SECOND_MS };
  }

  verify(text: string, nowMs: number): TokenResult {
    return checkToken(text, { issuers: this.#issuers, audience: this.#settings.audience, nowMs });
  }
}

/** In our own tokens the OAuth client is the agency whose key asked for the token. */
function ownAgency(clientId: string): string | null {
  return agencyCodeSchema.safeParse(clientId).data ?? null;
}

function requireBounds({ lifeMs, cameras }: TokenGrant): void {
  if (!(lifeMs >= SECOND_MS && lifeMs <= limits.tokenLifeMsMax))
    throw new RangeError(`a token cannot live ${lifeMs} ms`);
  if (cameras.length < 1 || cameras.length > limits.camerasPerTokenMax) {
    throw new RangeError(`a token cannot name ${cameras.length} cameras`);
  }
  if (new Set(cameras.map(({ cameraId }) => cameraId)).size !== cameras.length) {
    throw new RangeError('a token names each camera once');
  }
}

type Registered = Pick<ConsentTokenClaims, 'iss' | 'aud' | 'jti' | 'iat' | 'nbf' | 'exp'>;

function buildClaims({ viewer, agency, jkt, cameras }: TokenGrant, registered: Registered): ConsentTokenClaims {
  return {
    ...registered,
    sub: viewer,
    client_id: agency,
    cnf: { jkt },
    authorization_details: cameras.map(buildDetail),
  };
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
