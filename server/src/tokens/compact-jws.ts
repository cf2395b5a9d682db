/*
 * The compact form of a signed JWT (RFC 7515 section 7.1): strict reading of untrusted text, and the signature check.
 * Pure; used by the consent token and the possession proof. Nothing in a parsed text is to be trusted before
 * signatureHolds() has said true.
 */
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { SIGNATURE_ALGORITHM } from './token-limits.ts';

export type JsonObject = Readonly<Record<string, unknown>>;
export type CompactJws = { readonly header: JsonObject; readonly claims: JsonObject };

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/**
 * True for base64url without padding and with its spare bits zero. Without the last rule one signature could be
 * written in sixteen ways, and "the same token" would mean nothing.
 */
export function isCanonicalBase64url(text: string): boolean {
  return BASE64URL.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text;
}

/**
 * Reads the header and the unverified claims; null when the text is too long, not three canonical parts of base64url,
 * not UTF-8 JSON objects, or asks for extensions (`crit`, RFC 7515 section 4.1.11), of which we understand none.
 */
export function parseCompact(text: string, charsMax: number): CompactJws | null {
  if (text.length > charsMax) return null;
  const [headerPart, claimsPart, signature, ...rest] = text.split('.', 4);
  if (headerPart === undefined || claimsPart === undefined || signature === undefined || rest.length > 0) return null;
  if (!isCanonicalBase64url(signature)) return null;
  const header = readObject(headerPart);
  const claims = readObject(claimsPart);
  if (header === null || claims === null || Object.hasOwn(header, 'crit')) return null;
  return { header, claims };
}

function readObject(part: string): JsonObject | null {
  if (!isCanonicalBase64url(part)) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * True when `key` made the text's signature with ES256. The algorithm is ours, whatever the header says (RFC 8725
 * section 3.1); times, issuer and audience are the caller's to check, each with its own reason.
 */
export function signatureHolds(text: string, key: KeyObject): boolean {
  try {
    jwt.verify(text, key, { algorithms: [SIGNATURE_ALGORITHM], ignoreExpiration: true, ignoreNotBefore: true });
    return true;
  } catch {
    return false;
  }
}
