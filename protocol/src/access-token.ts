/*
 * What all access tokens of this server share (RFC 9068): the registered claims and how they are bounded. Schemas only;
 * consent-token.ts and publish-token.ts say what each kind allows.
 */
import { z } from 'zod';
import { nameSchema } from './primitives.ts';

/** SHA-256 in base64url without padding: a JWK thumbprint (RFC 7638) or an access token's hash. */
export const thumbprintSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** RFC 7519 NumericDate: seconds, fractions allowed. The bound keeps milliseconds inside JavaScript's dates. */
const secondsSchema = z.number().min(0).max(8_640_000_000);

/** Actions and datatypes of an RFC 9396 authorization detail. */
export const detailWordsSchema = z.array(z.string().min(1).max(64)).min(1).max(8);

/** Laid into the schema of each kind of token; unknown claims are tolerated, known ones are bounded. */
export const registeredClaims = {
  iss: z.string().min(1).max(512),
  aud: z.union([z.string().max(512), z.array(z.string().max(512)).min(1).max(16)]),
  sub: nameSchema,
  client_id: nameSchema,
  jti: z.string().min(1).max(128),
  iat: secondsSchema,
  nbf: secondsSchema.optional(),
  exp: secondsSchema,
  cnf: z.looseObject({ jkt: thumbprintSchema }),
};
