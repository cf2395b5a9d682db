/*
 * A camera's address as it is kept: the URL, and for `rtsps` the certificate it is pinned to, sealed as one. Used by the
 * enrolment, which seals it, and by the camera's feed, which opens it.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import { z } from 'zod';
import type { CameraSecrets } from './ports/camera-secrets.ts';
import type { CameraAddress } from './ports/camera-source.ts';

const keptSchema = z.strictObject({ url: z.string(), certificateSha256: z.string().optional() });

export function sealAddress(secrets: CameraSecrets, { cameraId, url, certificateSha256 }: CameraAddress): string {
  return secrets.seal(cameraId, JSON.stringify({ url, certificateSha256 }));
}

/** Null when it cannot be opened with this server's key, or was altered. */
export function unsealAddress(secrets: CameraSecrets, cameraId: CameraId, sealed: string): CameraAddress | null {
  const text = secrets.unseal(cameraId, sealed);
  if (text === null) return null;
  const { url, certificateSha256 } = keptSchema.parse(JSON.parse(text));
  return { cameraId, url, ...(certificateSha256 === undefined ? {} : { certificateSha256 }) };
}
