/*
 * The publish token: a short permission to feed one camera, bound to the publisher's key by `cnf.jkt` (RFC 9449). An
 * RFC 9068 access token with one RFC 9396 detail of a type of its own, so that it opens no picture to anybody, and a
 * consent token feeds no camera. Also the requests that make tokens and keys. Schemas and types only.
 */
import { z } from 'zod';
import { detailWordsSchema, registeredClaims, thumbprintSchema } from './access-token.ts';
import { type CameraId, cameraIdSchema, type KeyId, keyIdSchema } from './ids.ts';
import { limits } from './limits.ts';
import { nameSchema } from './primitives.ts';

export const CAMERA_PUBLISH = 'camera_publish';

export const publishTokenClaimsSchema = z.looseObject({
  ...registeredClaims,
  /** The API key that asked for the token; revoking it cuts who came with the token. */
  client_id: keyIdSchema,
  authorization_details: z
    .array(
      z.looseObject({
        type: z.literal(CAMERA_PUBLISH),
        identifier: cameraIdSchema,
        actions: detailWordsSchema,
        datatypes: detailWordsSchema,
      }),
    )
    .length(1),
});
export type PublishTokenClaims = Readonly<z.infer<typeof publishTokenClaimsSchema>>;

/** A publish token whose signature, issuer, audience and time held when it was verified. */
export type PublishToken = {
  readonly cameraId: CameraId;
  readonly actions: readonly string[];
  readonly grantedBy: KeyId;
  /** SHA-256 (hex) of the `jti`, as the ledger names the token. */
  readonly tokenHash: string;
  /** RFC 7638 thumbprint of the publisher's key. */
  readonly jkt: string;
  readonly issuedAtMs: number;
  /** The earliest instant it is accepted. */
  readonly notBeforeMs: number;
  /** The first instant it is no longer accepted. */
  readonly expiresAtMs: number;
};

/** POST /v1/cameras/{id}/publish-tokens; answered like a consent token, by `TokenAnswer`. */
export const publishTokenRequestSchema = z.strictObject({
  jkt: thumbprintSchema,
  lifeMs: z.int().min(1_000).max(limits.tokenLifeMsMax).default(limits.tokenLifeMs),
});
export type PublishTokenRequest = Readonly<z.infer<typeof publishTokenRequestSchema>>;

/** POST /v1/cameras/{id}/publish-keys. */
export const publishKeyRequestSchema = z.strictObject({
  /** What people call it: `box in the back room`. */
  label: nameSchema,
});
export type PublishKeyRequest = Readonly<z.infer<typeof publishKeyRequestSchema>>;

/** The key's text is in this answer and nowhere else. */
export type PublishKeyAnswer = { readonly id: KeyId; readonly publishKey: string };
/** As GET lists the keys that are in force. */
export type PublishKeyView = { readonly id: KeyId; readonly label: string; readonly createdAtMs: number };
