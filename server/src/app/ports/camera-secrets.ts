/*
 * Camera URLs at rest. They hold passwords, so the store keeps only what `seal` gives.
 * Fulfilled by ingest/, used by the enrolment and by whoever opens a source.
 */
import type { CameraId } from '@sallyport/protocol/ids';

export interface CameraSecrets {
  /** Encrypts a URL for one camera; two seals of one URL differ. */
  seal(cameraId: CameraId, url: string): string;
  /** The URL again, or null: altered, of another camera, of another key, or of an unknown version. */
  unseal(cameraId: CameraId, sealed: string): string | null;
  /** The URL fit to be shown: user, password and secret-looking parameters replaced. */
  mask(url: string): string;
}
