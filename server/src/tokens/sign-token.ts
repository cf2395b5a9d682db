/*
 * Signs an access token of any kind with the key ring's active key (RFC 9068). Holds no state; called by the desks that
 * know what their kind of token says.
 */
import { CONSENT_TOKEN_TYPE } from '@sallyport/protocol/consent-token';
import { limits } from '@sallyport/protocol/limits';
import jwt from 'jsonwebtoken';
import type { Randomness } from '../app/ports/randomness.ts';
import type { IssuedToken } from '../app/ports/token-port.ts';
import type { KeyRing } from './key-ring.ts';
import { hashJti } from './token-hash.ts';
import { SIGNATURE_ALGORITHM } from './token-limits.ts';

export type Signer = {
  /** Our name as an issuer, and the audience every token must name: the server's public URL. */
  readonly issuer: string;
  readonly audience: string;
  readonly keyRing: KeyRing;
  readonly randomness: Randomness;
};

const JTI_BYTES = 18;
const SECOND_MS = 1_000;

/** Signs `claims` together with the registered ones. Throws RangeError when the life or the size is out of bounds. */
export function signToken(signer: Signer, claims: object, lifeMs: number, nowMs: number): IssuedToken {
  if (!(lifeMs >= SECOND_MS && lifeMs <= limits.tokenLifeMsMax))
    throw new RangeError(`a token cannot live ${lifeMs} ms`);
  const jti = Buffer.from(signer.randomness.bytes(JTI_BYTES)).toString('base64url');
  const iat = Math.floor(nowMs / SECOND_MS);
  const exp = Math.floor((nowMs + lifeMs) / SECOND_MS);
  const { kid, privateKey } = signer.keyRing.active;
  const said = { iss: signer.issuer, aud: signer.audience, jti, iat, nbf: iat, exp, ...claims };
  const token = jwt.sign(said, privateKey, {
    algorithm: SIGNATURE_ALGORITHM,
    header: { alg: SIGNATURE_ALGORITHM, typ: CONSENT_TOKEN_TYPE, kid },
  });
  if (token.length > limits.tokenBytesMax) throw new RangeError(`the token takes ${token.length} bytes`);
  return { token, jti, tokenHash: hashJti(jti), expiresAtMs: exp * SECOND_MS };
}
