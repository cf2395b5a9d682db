/*
 * Issues and verifies publish tokens: permissions to feed one camera. Ours alone; no outside issuer may let somebody
 * publish. Holds no state; made by compose, used by the use cases through the PublishTokens port.
 */
import { CAMERA_PUBLISH, type PublishToken, publishTokenClaimsSchema } from '@sallyport/protocol/publish-token';
import type { Checked, IssuedToken, PublishGrant, PublishTokens } from '../app/ports/token-port.ts';
import type { TrustedIssuer } from './issuer-keys.ts';
import { type Signer, signToken } from './sign-token.ts';
import { checkToken, readTimes, type Said } from './token-checks.ts';
import { hashJti } from './token-hash.ts';

export class PublishTokenDesk implements PublishTokens {
  readonly #signer: Signer;
  readonly #issuers: ReadonlyMap<string, TrustedIssuer>;

  constructor(signer: Signer) {
    this.#signer = signer;
    this.#issuers = new Map([[signer.issuer, { issuer: signer.issuer, keys: signer.keyRing, agencyOf: () => null }]]);
  }

  issue({ cameraId, grantedBy, jkt, lifeMs }: PublishGrant, nowMs: number): IssuedToken {
    const detail = { type: CAMERA_PUBLISH, identifier: cameraId, actions: ['publish'], datatypes: ['video', 'audio'] };
    const said = { sub: grantedBy, client_id: grantedBy, cnf: { jkt }, authorization_details: [detail] };
    return signToken(this.#signer, said, lifeMs, nowMs);
  }

  verify(text: string, nowMs: number): Checked<PublishToken> {
    const { audience } = this.#signer;
    return checkToken(text, readPublishClaims, { issuers: this.#issuers, audience, nowMs });
  }
}

function readPublishClaims(raw: unknown): Said<PublishToken> | null {
  const parsed = publishTokenClaimsSchema.safeParse(raw);
  if (!parsed.success) return null;
  const claims = parsed.data;
  const [detail] = claims.authorization_details;
  if (detail === undefined) return null;
  const token = {
    cameraId: detail.identifier,
    actions: detail.actions,
    grantedBy: claims.client_id,
    tokenHash: hashJti(claims.jti),
    jkt: claims.cnf.jkt,
    ...readTimes(claims),
  };
  return { aud: claims.aud, token };
}
