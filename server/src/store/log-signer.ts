/*
 * The log's Ed25519 key: kept in the data directory, made once, used to sign checkpoints. Touches files at opening
 * only; used by the worker thread.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checkpoint, formatCheckpoint } from '@sallyport/protocol/checkpoint';
import {
  buildVerifierKey,
  ED25519,
  formatNote,
  formatVerifierKey,
  type VerifierKey,
} from '@sallyport/protocol/signed-note';
import { StoreError } from './store-error.ts';

export const keyPath = (directory: string): string => join(directory, 'keys', 'ledger.pem');
export const verifierKeyPath = (directory: string): string => join(directory, 'ledger.vkey');

export class LogSigner {
  readonly key: VerifierKey;
  readonly #secret: KeyObject;

  constructor(origin: string, secret: KeyObject) {
    const { x = '' } = createPublicKey(secret).export({ format: 'jwk' });
    this.key = buildVerifierKey(origin, ED25519, Buffer.from(x, 'base64url'));
    this.#secret = secret;
  }

  /** The checkpoint as a signed note (C2SP tlog-checkpoint). */
  signCheckpoint(tree: Omit<Checkpoint, 'origin'>): string {
    const text = formatCheckpoint({ origin: this.key.name, ...tree });
    const signature = sign(null, Buffer.from(text), this.#secret);
    return formatNote({ text, signatures: [{ name: this.key.name, keyId: this.key.id, signature }] });
  }
}

/**
 * Reads the key, or makes one for a ledger without entries. Throws `wrong-key` when entries exist and their key is gone:
 * a new key would be a new log under an old name.
 */
export function openLogSigner(directory: string, origin: string, ledgerSize: number): LogSigner {
  const path = keyPath(directory);
  if (!existsSync(path)) {
    if (ledgerSize > 0) {
      throw new StoreError('wrong-key', `the ledger has ${ledgerSize} entries, but its signing key ${path} is missing`);
    }
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(path, pem, { mode: 0o600, flag: 'wx', flush: true });
  }
  const signer = new LogSigner(origin, readKey(path));
  writeFileSync(verifierKeyPath(directory), `${formatVerifierKey(signer.key)}\n`, { flush: true });
  return signer;
}

function readKey(path: string): KeyObject {
  try {
    const secret = createPrivateKey(readFileSync(path));
    if (secret.asymmetricKeyType === 'ed25519') return secret;
  } catch (cause) {
    throw new StoreError('wrong-key', `the signing key ${path} cannot be read`, { cause });
  }
  throw new StoreError('wrong-key', `the signing key ${path} is not an Ed25519 key`);
}
