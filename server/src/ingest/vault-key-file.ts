/*
 * The key file behind the camera vault: made on first use, readable by the server's user alone, never overwritten.
 * Without it the sealed camera URLs are lost, so it belongs in the backup.
 */
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Randomness } from '../app/ports/randomness.ts';
import { CameraVault, VAULT_KEY_BYTES } from './camera-vault.ts';

export const VAULT_KEY_FILE = 'camera.key';

/**
 * Opens the vault of a data directory and makes its key when there is none (durable before it is used). Throws an
 * Error with instructions when the file is damaged or others may read it.
 */
export async function openCameraVault(dataDirectory: string, randomness: Randomness): Promise<CameraVault> {
  const path = join(dataDirectory, VAULT_KEY_FILE);
  if (!(await exists(path))) await createKey(dataDirectory, path, randomness);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new Error(`${path} may be read by others; it opens every camera's password. Run: chmod 600 ${path}`);
  }
  const key = await readFile(path);
  if (key.length !== VAULT_KEY_BYTES) {
    throw new Error(
      `${path} is damaged (${key.length} bytes instead of ${VAULT_KEY_BYTES}). Restore it from a backup.`,
    );
  }
  return new CameraVault(key, randomness);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return false;
    throw thrown;
  }
}

/** Written aside and linked into place, so that a power cut leaves no half key and two starts agree on one. */
async function createKey(directory: string, path: string, randomness: Randomness): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const aside = `${path}.${Buffer.from(randomness.bytes(6)).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(randomness.bytes(VAULT_KEY_BYTES));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(aside, path);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
  } finally {
    await unlink(aside);
  }
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
