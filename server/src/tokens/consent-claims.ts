/*
 * Reads what a consent token says out of its signed claims. Pure; the table of token-checks.ts says whether to believe it.
 */
import {
  CAMERA_VIEW,
  type CameraGrant,
  type CameraViewDetail,
  type ConsentToken,
  type ConsentTokenClaims,
  consentTokenClaimsSchema,
} from '@sallyport/protocol/consent-token';
import { limits } from '@sallyport/protocol/limits';
import type { TrustedIssuer } from './issuer-keys.ts';
import { readTimes, type Said } from './token-checks.ts';
import { hashJti } from './token-hash.ts';

/**
 * Null when a claim is missing or out of bounds, when no camera is named or one twice, or when the client may not speak
 * for any agency.
 */
export function readConsentClaims(raw: unknown, issuer: TrustedIssuer): Said<ConsentToken> | null {
  const parsed = consentTokenClaimsSchema.safeParse(raw);
  if (!parsed.success) return null;
  const claims = parsed.data;
  const agency = issuer.agencyOf(claims.client_id);
  const grants = claims.authorization_details.filter(isCameraView).map(toGrant);
  if (agency === null || !namesCamerasOnce(grants)) return null;
  const token: ConsentToken = {
    issuer: claims.iss,
    subject: claims.sub,
    clientId: claims.client_id,
    agency,
    jti: claims.jti,
    tokenHash: hashJti(claims.jti),
    jkt: claims.cnf.jkt,
    ...readTimes(claims),
    grants,
  };
  return { aud: claims.aud, token };
}

function namesCamerasOnce(grants: readonly CameraGrant[]): boolean {
  const cameras = new Set(grants.map(({ cameraId }) => cameraId));
  return grants.length >= 1 && grants.length <= limits.camerasPerTokenMax && cameras.size === grants.length;
}

function isCameraView(detail: ConsentTokenClaims['authorization_details'][number]): detail is CameraViewDetail {
  return detail.type === CAMERA_VIEW;
}

function toGrant(detail: CameraViewDetail): CameraGrant {
  return {
    cameraId: detail.identifier,
    incidentId: detail.incident,
    consentId: detail.consent,
    charterId: detail.charter,
    actions: detail.actions,
    datatypes: detail.datatypes,
  };
}
