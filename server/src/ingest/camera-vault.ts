/*
 * Seals camera URLs, which hold passwords, for the store: AES-256-GCM under a key file of this deployment, bound to
 * the camera's id, so that a sealed URL cannot be moved to another camera. Fulfils the CameraSecrets port.
 * Format: `v1.<12-byte nonce>.<ciphertext and 16-byte tag>`, both base64url.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { CameraId } from '@sallyport/protocol/ids';
import type { CameraSecrets } from '../app/ports/camera-secrets.ts';
import type { Randomness } from '../app/ports/randomness.ts';
import { maskCredentials } from './mask-credentials.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const VAULT_KEY_BYTES = 32;

export class CameraVault implements CameraSecrets {
  readonly #key: Uint8Array;
  readonly #randomness: Randomness;

  /** Throws RangeError unless the key has 32 bytes. */
  constructor(key: Uint8Array, randomness: Randomness) {
    if (key.length !== VAULT_KEY_BYTES) throw new RangeError(`the camera key must have ${VAULT_KEY_BYTES} bytes`);
    this.#key = Uint8Array.from(key);
    this.#randomness = randomness;
  }

  seal(cameraId: CameraId, url: string): string {
    const nonce = this.#randomness.bytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(cameraId));
    const sealed = Buffer.concat([cipher.update(url, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${Buffer.from(nonce).toString('base64url')}.${sealed.toString('base64url')}`;
  }

  unseal(cameraId: CameraId, sealed: string): string | null {
    const parts = /^v1\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,16384})$/.exec(sealed);
    if (!parts) return null;
    const bytes = Buffer.from(parts[2] ?? '', 'base64url');
    const nonce = Buffer.from(parts[1] ?? '', 'base64url');
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(boundTo(cameraId));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      return decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return null;
    }
  }

  mask(url: string): string {
    return maskCredentials(url);
  }
}

const boundTo = (cameraId: CameraId): Buffer => Buffer.from(`sallyport camera url v1 ${cameraId}`, 'utf8');
