/*
 * A viewer's key and its possession proofs (RFC 9449), as the page makes them: one P-256 key a viewer, one proof for each
 * join and renewal. `node:crypto` signs them, in a fraction of WebCrypto's time.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { PROOF_METHOD } from '@sallyport/protocol/wire-version';

export type ViewerKey = {
  readonly privateKey: KeyObject;
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
  /** RFC 7638 thumbprint; a token is bound to it. */
  readonly thumbprint: string;
};

export function makeViewerKey(): ViewerKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return {
    privateKey,
    jwk: { kty: 'EC', crv: 'P-256', x, y },
    thumbprint: hashText(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`),
  };
}

export type ProofParts = {
  readonly token: string;
  readonly htu: string;
  readonly nonce: string;
  readonly nowMs: number;
};

/** A compact JWT of type `dpop+jwt`. */
export function makeProof({ privateKey, jwk }: ViewerKey, { token, htu, nonce, nowMs }: ProofParts): string {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk };
  const claims = {
    jti: randomUUID(),
    htm: PROOF_METHOD,
    htu,
    iat: Math.floor(nowMs / 1_000),
    ath: hashText(token),
    nonce,
  };
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const hashText = (text: string): string => createHash('sha256').update(text).digest('base64url');
