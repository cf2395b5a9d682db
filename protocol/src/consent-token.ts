/*
 * The consent token: the claims it carries on the wire and what a verified one says. Schemas and types only.
 * An RFC 9068 access token whose RFC 9396 authorization details name the cameras, one element each; bound to the
 * viewer's key by `cnf.jkt` (RFC 9449). Unknown claims are tolerated, known ones are bounded.
 */
import { z } from 'zod';
import { detailWordsSchema, registeredClaims } from './access-token.ts';
import {
  type AgencyCode,
  type CameraId,
  type CharterId,
  type ConsentId,
  cameraIdSchema,
  charterIdSchema,
  consentIdSchema,
  type IncidentId,
  incidentIdSchema,
} from './ids.ts';
import { limits } from './limits.ts';

export const CONSENT_TOKEN_TYPE = 'at+jwt';
export const CAMERA_VIEW = 'camera_view';

const cameraViewSchema = z.looseObject({
  type: z.literal(CAMERA_VIEW),
  identifier: cameraIdSchema,
  actions: detailWordsSchema,
  datatypes: detailWordsSchema,
  incident: incidentIdSchema,
  consent: consentIdSchema,
  charter: charterIdSchema,
});
export type CameraViewDetail = Readonly<z.infer<typeof cameraViewSchema>>;

/** A permission for somebody else's resource that shares the token; it is not ours to judge. */
const foreignDetailSchema = z.looseObject({
  type: z
    .string()
    .max(128)
    .refine((type) => type !== CAMERA_VIEW),
});

export const consentTokenClaimsSchema = z.looseObject({
  ...registeredClaims,
  authorization_details: z
    .array(z.union([cameraViewSchema, foreignDetailSchema]))
    .min(1)
    .max(2 * limits.camerasPerTokenMax),
});
export type ConsentTokenClaims = Readonly<z.infer<typeof consentTokenClaimsSchema>>;

/** What a token allows for one camera. */
export type CameraGrant = {
  readonly cameraId: CameraId;
  readonly incidentId: IncidentId;
  readonly consentId: ConsentId;
  readonly charterId: CharterId;
  readonly actions: readonly string[];
  readonly datatypes: readonly string[];
};

/** A token whose signature, issuer, audience and time held when it was verified. */
export type ConsentToken = {
  readonly issuer: string;
  /** The officer, by the pseudonym the agency keeps. */
  readonly subject: string;
  readonly clientId: string;
  /** For our own tokens the `client_id`; for an outside issuer what the configuration says of that client. */
  readonly agency: AgencyCode;
  readonly jti: string;
  /** SHA-256 (hex) of the `jti`, as the ledger names the token. */
  readonly tokenHash: string;
  /** RFC 7638 thumbprint of the viewer's key. */
  readonly jkt: string;
  readonly issuedAtMs: number;
  /** The earliest instant it is accepted: `nbf` (else `iat`) less the leeway for issuers' clocks. */
  readonly notBeforeMs: number;
  /** The first instant it is no longer accepted. */
  readonly expiresAtMs: number;
  /** One per camera, each camera at most once; 1 to 16. */
  readonly grants: readonly CameraGrant[];
};
