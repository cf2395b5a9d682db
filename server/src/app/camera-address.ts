/*
 * A camera's address as it is kept: the URL, for `rtsps` the certificate it is pinned to, and where an ONVIF
 * camera is asked for key frames, sealed as one. Used by the
 * enrolment, which seals it, and by the camera's feed, which opens it.
 */
import { rtspTransportSchema } from '@sallyport/protocol/camera';
import type { CameraId } from '@sallyport/protocol/ids';
import { z } from 'zod';
import type { CameraSecrets } from './ports/camera-secrets.ts';
import type { CameraAddress } from './ports/camera-source.ts';

const keptSchema = z.strictObject({
  url: z.string(),
  certificateSha256: z.string().optional(),
  rtspTransport: rtspTransportSchema.optional(),
  keyFrames: z
    .strictObject({ serviceUrl: z.string(), media: z.enum(['ver10', 'ver20']), profile: z.string() })
    .optional(),
});

export function sealAddress(secrets: CameraSecrets, { cameraId, ...kept }: CameraAddress): string {
  return secrets.seal(cameraId, JSON.stringify(kept));
}

/** Null when it cannot be opened with this server's key, or was altered. */
export function unsealAddress(secrets: CameraSecrets, cameraId: CameraId, sealed: string): CameraAddress | null {
  const text = secrets.unseal(cameraId, sealed);
  if (text === null) return null;
  return buildAddress(cameraId, keptSchema.parse(JSON.parse(text)));
}

type Given = { readonly [K in 'certificateSha256' | 'rtspTransport' | 'keyFrames']?: CameraAddress[K] | undefined };

/** What was not given is left out. */
export function buildAddress(
  cameraId: CameraId,
  { url, certificateSha256, rtspTransport, keyFrames }: Given & { readonly url: string },
): CameraAddress {
  return {
    cameraId,
    url,
    ...(certificateSha256 === undefined ? {} : { certificateSha256 }),
    ...(rtspTransport === undefined ? {} : { rtspTransport }),
    ...(keyFrames === undefined ? {} : { keyFrames }),
  };
}
