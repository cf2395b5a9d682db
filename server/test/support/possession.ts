/*
 * A viewer's key and possession proofs for tests, made with WebCrypto as the SDK makes them in a browser, and without
 * any code of the server. Every part of a proof can be replaced to forge it.
 */
import { randomUUID } from 'node:crypto';

type JsonMap = Readonly<Record<string, unknown>>;

export type ViewerKey = {
  /** Cannot be exported. */
  readonly privateKey: CryptoKey;
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
  /** RFC 7638 thumbprint. */
  readonly jkt: string;
};

export type ProofParts = {
  /** The token the proof covers; sets `ath` unless that is given. */
  readonly accessToken: string;
  readonly htu: string;
  /** Left out of the proof when absent. */
  readonly nonce?: string;
  readonly nowMs: number;
  /** `GET` unless given, as on the control connection. */
  readonly htm?: string;
  readonly ath?: string;
  readonly jti?: string;
  /** Laid over the header and the claims; a member set to undefined is left out. */
  readonly header?: JsonMap;
  readonly claims?: JsonMap;
};

const ES256 = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Makes a fresh P-256 key whose private half cannot leave WebCrypto. */
export async function makeViewerKey(): Promise<ViewerKey> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const { x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  if (x === undefined || y === undefined) throw new Error('WebCrypto exported no point');
  const jwk = { kty: 'EC', crv: 'P-256', x, y } as const;
  const jkt = await hashText(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`);
  return { privateKey: pair.privateKey, jwk, jkt };
}

/** Makes a proof after RFC 9449 section 4.2. */
export async function makeProof(key: ViewerKey, parts: ProofParts): Promise<string> {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk, ...parts.header };
  const claims = {
    jti: parts.jti ?? randomUUID(),
    htm: parts.htm ?? 'GET',
    htu: parts.htu,
    iat: Math.floor(parts.nowMs / 1_000),
    ath: parts.ath ?? (await hashText(parts.accessToken)),
    nonce: parts.nonce,
    ...parts.claims,
  };
  return signJwt(header, claims, key.privateKey);
}

/** Signs any header and claims with ES256, whatever the header says. */
export async function signJwt(header: unknown, claims: unknown, privateKey: CryptoKey): Promise<string> {
  const input = `${encodeJson(header)}.${encodeJson(claims)}`;
  const signature = await crypto.subtle.sign(ES256, privateKey, new TextEncoder().encode(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

/** JSON in base64url, one part of a compact JWT. */
export function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

/** SHA-256 in base64url: `ath` and thumbprints. */
export async function hashText(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Buffer.from(digest).toString('base64url');
}
