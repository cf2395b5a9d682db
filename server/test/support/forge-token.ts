/*
 * Makes tokens that no honest issuer would, for tests: any header and any claims, signed with any key.
 */
import { type KeyObject, sign } from 'node:crypto';
import { encodeJson } from './possession.ts';

export type JsonMap = Readonly<Record<string, unknown>>;

/** Signs with ECDSA and SHA-256 in the form JWS wants, whatever the header says. */
export function forgeToken(key: KeyObject, header: JsonMap, claims: unknown): string {
  const input = `${encodeJson(header)}.${encodeJson(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** Takes a compact token apart into header, claims and signature. */
export function openToken(token: string): {
  readonly header: JsonMap;
  readonly claims: JsonMap;
  readonly signature: string;
} {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return { header: decodeJson(header), claims: decodeJson(claims), signature };
}

const decodeJson = (part: string): JsonMap => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
