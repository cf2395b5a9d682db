/*
 * One signing key in one file: `token-<kid>.pem`, PKCS #8, mode 0600, with the time it was made in a line above the
 * PEM block (RFC 7468 section 2 allows text there). Written atomically; used by the key ring alone.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { thumbprint, toPublicJwk } from './jwk-thumbprint.ts';
import { KEY_FILE_BYTES_MAX, KEY_FILES_MAX } from './token-limits.ts';

export type StoredKey = { readonly kid: string; readonly privateKey: KeyObject; readonly createdAtMs: number };

/** The key directory cannot be used as it is. The message names the file and what to do; the server must not start. */
export class KeyFileFault extends Error {
  override readonly name = 'KeyFileFault';
}

const KEY_FILE = /^token-([A-Za-z0-9_-]{43})\.pem$/;
const UNFINISHED_FILE = /^token-[A-Za-z0-9_-]{43}\.pem\.new$/;
const CREATED_LINE = /^Created: (\d{1,13})$/m;

/**
 * Reads every key in the directory, which is made when absent; files left by an unfinished write are removed. Throws
 * KeyFileFault for a key that others may read, that is damaged or that is not what its name says.
 */
export async function readKeyFiles(directory: string): Promise<readonly StoredKey[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = await readdir(directory);
  const keyNames = names.filter((name) => KEY_FILE.test(name)).sort();
  if (keyNames.length > KEY_FILES_MAX) {
    throw new KeyFileFault(`${directory} holds ${keyNames.length} token keys; at most ${KEY_FILES_MAX} are expected`);
  }
  for (const name of names) if (UNFINISHED_FILE.test(name)) await rm(join(directory, name), { force: true });
  const keys: StoredKey[] = [];
  for (const name of keyNames) keys.push(await readKeyFile(join(directory, name), KEY_FILE.exec(name)?.[1] ?? ''));
  return keys;
}

async function readKeyFile(path: string, kid: string): Promise<StoredKey> {
  const text = await readPrivateText(path);
  const created = CREATED_LINE.exec(text)?.[1];
  if (created === undefined) throw new KeyFileFault(`${path} does not say when it was created; remove it`);
  const privateKey = parsePrivateKey(path, text);
  if (thumbprint(toPublicJwk(privateKey)) !== kid) throw new KeyFileFault(`${path} holds another key than it is named`);
  return { kid, privateKey, createdAtMs: Number(created) };
}

async function readPrivateText(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > KEY_FILE_BYTES_MAX) throw new KeyFileFault(`${path} is not a key file`);
    if ((facts.mode & 0o077) !== 0) {
      throw new KeyFileFault(`${path} may be read by others; remove it if it may have leaked, else chmod 600`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function parsePrivateKey(path: string, text: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text.slice(text.indexOf('-----BEGIN')));
  } catch (cause) {
    throw new KeyFileFault(`${path} is damaged; restore it or remove it`, { cause });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new KeyFileFault(`${path} is not a P-256 key`);
  return key;
}

/** Writes a key so that it is durable and whole when this resolves, or not there at all. */
export async function writeKeyFile(directory: string, key: StoredKey): Promise<void> {
  const path = keyPath(directory, key.kid);
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const unfinished = `${path}.new`;
  await using(await open(unfinished, 'wx', 0o600), async (file) => {
    await file.writeFile(`Signs consent tokens. Keep it secret.\nCreated: ${key.createdAtMs}\n${pem}`);
    await file.sync();
  });
  await rename(unfinished, path);
  await using(await open(directory, 'r'), (folder) => folder.sync());
}

/** Removes a key that no living token needs. Idempotent. */
export async function removeKeyFile(directory: string, kid: string): Promise<void> {
  await rm(keyPath(directory, kid), { force: true });
}

const keyPath = (directory: string, kid: string): string => join(directory, `token-${kid}.pem`);

async function using(file: FileHandle, work: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(file);
  } finally {
    await file.close();
  }
}
