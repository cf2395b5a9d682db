/*
 * Public EC keys as JSON (RFC 7517) and their thumbprints (RFC 7638). Pure.
 * Used by the key ring, the trusted issuers and the possession proofs.
 */
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { isCanonicalBase64url } from './compact-jws.ts';

/** The members a thumbprint is made of. */
export type EcPublicJwk = { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };

const coordinateSchema = z.string().length(43).refine(isCanonicalBase64url, 'must be 32 bytes in base64url');
const publicJwkSchema = z.looseObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinateSchema,
  y: coordinateSchema,
});

/** RFC 7518 section 6: every member that only a private or symmetric key has. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

export type ParsedJwk =
  | { readonly ok: true; readonly jwk: EcPublicJwk; readonly key: KeyObject }
  | { readonly ok: false; readonly why: 'not-p256' | 'holds-secret' };

/**
 * Reads an untrusted JWK as a P-256 public key whose point lies on the curve. A key that brings its private half is
 * refused: whoever shows it has lost it.
 */
export function parsePublicJwk(value: unknown): ParsedJwk {
  if (typeof value === 'object' && value !== null && SECRET_MEMBERS.some((member) => Object.hasOwn(value, member))) {
    return { ok: false, why: 'holds-secret' };
  }
  const parsed = publicJwkSchema.safeParse(value);
  if (!parsed.success) return { ok: false, why: 'not-p256' };
  const { kty, crv, x, y } = parsed.data;
  const jwk = { kty, crv, x, y };
  try {
    return { ok: true, jwk, key: createPublicKey({ key: jwk, format: 'jwk' }) };
  } catch {
    return { ok: false, why: 'not-p256' };
  }
}

/** Takes the public members out of a P-256 key, private or public. Throws TypeError for any other kind of key. */
export function toPublicJwk(key: KeyObject): EcPublicJwk {
  const { kty, crv, x, y } = key.export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) throw new TypeError('not a P-256 key');
  return { kty, crv, x, y };
}

/** SHA-256 thumbprint in base64url, over the required members in their order (RFC 7638 section 3). */
export function thumbprint({ crv, kty, x, y }: EcPublicJwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
}
