/*
 * API keys: `sp_<role>_<43 characters>`, the characters being 256 random bits in base64url. Shown once, stored as a
 * hash. Because a key is random and not a password, one SHA-256 is enough: nobody can guess 256 bits, however fast.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Randomness } from '../app/ports/randomness.ts';
import type { Role } from '../app/ports/store.ts';
import type { ApiKeys, MintedApiKey } from '../app/ports/token-port.ts';

const SECRET_BYTES = 32;
const roles: Readonly<Record<Role, true>> = {
  operator: true,
  dispatch: true,
  agency: true,
  vendor: true,
  owner: true,
  auditor: true,
  publisher: true,
};
const API_KEY = /^sp_([a-z]{1,16})_[A-Za-z0-9_-]{43}$/;

export class ApiKeyMint implements ApiKeys {
  readonly #randomness: Randomness;

  constructor(randomness: Randomness) {
    this.#randomness = randomness;
  }

  mint(role: Role): MintedApiKey {
    const text = `sp_${role}_${Buffer.from(this.#randomness.bytes(SECRET_BYTES)).toString('base64url')}`;
    return { text, hash: hashApiKey(text) };
  }

  parse(text: string): { readonly role: Role; readonly hash: string } | null {
    return parseApiKey(text);
  }

  matches(text: string, storedHash: string): boolean {
    return matchesApiKey(text, storedHash);
  }
}

/** The role a key claims, and its hash; null when it is not written like a key. The store says whether it exists. */
export function parseApiKey(text: string): { readonly role: Role; readonly hash: string } | null {
  const role = API_KEY.exec(text)?.[1];
  return role !== undefined && isRole(role) ? { role, hash: hashApiKey(text) } : null;
}

/** Compares in constant time; false for a stored hash that is not one. */
export function matchesApiKey(text: string, storedHash: string): boolean {
  const given = Buffer.from(hashApiKey(text), 'utf8');
  const stored = Buffer.from(storedHash, 'utf8');
  return given.length === stored.length && timingSafeEqual(given, stored);
}

/** SHA-256 in hex over the whole text, so that the role cannot be changed either. */
export function hashApiKey(text: string): string {
  return hash('sha256', text, 'hex');
}

function isRole(text: string): text is Role {
  return Object.hasOwn(roles, text);
}
