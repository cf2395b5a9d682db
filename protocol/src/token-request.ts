/*
 * POST /v1/tokens: an agency asks for a consent token for one viewer.
 */
import { z } from 'zod';
import { thumbprintSchema } from './access-token.ts';
import { cameraIdSchema, incidentIdSchema } from './ids.ts';
import { limits } from './limits.ts';
import { nameSchema } from './primitives.ts';

export const tokenRequestSchema = z.strictObject({
  incidentId: incidentIdSchema,
  cameraIds: z.array(cameraIdSchema).min(1).max(limits.camerasPerTokenMax),
  /** RFC 7638 thumbprint of the viewer's key, base64url. */
  jkt: thumbprintSchema,
  /** The officer, by the pseudonym the agency keeps; it goes into the token's `sub`. */
  viewer: nameSchema,
  lifeMs: z.int().min(1_000).max(limits.tokenLifeMsMax).default(limits.tokenLifeMs),
});
export type TokenRequest = Readonly<z.infer<typeof tokenRequestSchema>>;

export type TokenAnswer = { readonly token: string; readonly expiresAtMs: number };
