/*
 * The public keys of an outside issuer, as its JWK set (RFC 7517) gives them. Pure.
 * Keys of other kinds, and keys not meant for signatures, are passed over: issuers publish mixed sets.
 */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { IssuerKeys } from './issuer-keys.ts';
import { parsePublicJwk, thumbprint } from './jwk-thumbprint.ts';
import { KEYS_PER_ISSUER_MAX, SIGNATURE_ALGORITHM } from './token-limits.ts';

const jwksSchema = z.looseObject({ keys: z.array(z.unknown()).min(1).max(KEYS_PER_ISSUER_MAX) });
const labelsSchema = z.looseObject({
  kid: z.string().min(1).max(256).optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
});

export type JwksResult =
  | { readonly ok: true; readonly keys: JwksKeys }
  | { readonly ok: false; readonly problem: string };

/** A fixed set of ES256 keys by their `kid`; a key without one goes by its thumbprint. */
export class JwksKeys implements IssuerKeys {
  readonly #byKid: ReadonlyMap<string, KeyObject>;

  private constructor(byKid: ReadonlyMap<string, KeyObject>) {
    this.#byKid = byKid;
  }

  /** Refuses a set that holds a secret, that names one kid twice, or in which no key is fit for ES256. */
  static parse(value: unknown): JwksResult {
    const set = jwksSchema.safeParse(value);
    if (!set.success) return { ok: false, problem: 'the JWK set needs a list "keys" of 1 to 32 keys' };
    const byKid = new Map<string, KeyObject>();
    for (const entry of set.data.keys) {
      const parsed = parsePublicJwk(entry);
      if (!parsed.ok && parsed.why === 'holds-secret') {
        return { ok: false, problem: 'the JWK set holds a secret key; publish its public half only' };
      }
      const labels = labelsSchema.safeParse(entry);
      if (!parsed.ok || !labels.success || !isForSignatures(labels.data)) continue;
      const kid = labels.data.kid ?? thumbprint(parsed.jwk);
      if (byKid.has(kid)) return { ok: false, problem: `the JWK set names the key ${kid} twice` };
      byKid.set(kid, parsed.key);
    }
    if (byKid.size === 0) return { ok: false, problem: 'the JWK set has no P-256 key for ES256 signatures' };
    return { ok: true, keys: new JwksKeys(byKid) };
  }

  find(kid: string | null): KeyObject | null {
    if (kid !== null) return this.#byKid.get(kid) ?? null;
    const [sole, ...others] = this.#byKid.values();
    return sole !== undefined && others.length === 0 ? sole : null;
  }
}

function isForSignatures({ use, alg }: z.infer<typeof labelsSchema>): boolean {
  return (use === undefined || use === 'sig') && (alg === undefined || alg === SIGNATURE_ALGORITHM);
}
