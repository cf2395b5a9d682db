/*
 * Our own signing keys: one active, the retired ones until their last token has expired. Kept in a directory that
 * survives restarts. Opened by compose; the active key signs consent tokens, the public ones are /.well-known/jwks.json.
 */
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { limits } from '@sallyport/protocol/limits';
import type { Jwks, RotateOutcome, TokenKeys } from '../app/ports/token-port.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { type EcPublicJwk, thumbprint, toPublicJwk } from './jwk-thumbprint.ts';
import { KeyFileFault, readKeyFiles, removeKeyFile, type StoredKey, writeKeyFile } from './key-file.ts';
import { KEY_RETIREMENT_MARGIN_MS, KEYS_MAX, SIGNATURE_ALGORITHM } from './token-limits.ts';

type RingKey = StoredKey & {
  readonly publicKey: KeyObject;
  readonly jwk: EcPublicJwk;
  /** Infinity for the active key. */
  readonly verifiesUntilMs: number;
};

const makePair = promisify(generateKeyPair);

/** ES256 keys with one active and at most seven retired; see KEYS_MAX. */
export class KeyRing implements IssuerKeys, TokenKeys {
  readonly #directory: string;
  /** Newest first, never empty; the first is active. */
  #keys: readonly RingKey[];
  #rotating: Promise<RotateOutcome> | null = null;

  private constructor(directory: string, keys: readonly RingKey[]) {
    this.#directory = directory;
    this.#keys = keys;
  }

  /**
   * Opens the ring kept in `directory`, making its first key when there is none and removing keys that no living token
   * needs. Throws KeyFileFault when a key is damaged, foreign or readable by others: a ring is never opened in part.
   */
  static async open(directory: string, nowMs: number): Promise<KeyRing> {
    const stored = [...(await readKeyFiles(directory))];
    if (stored.length === 0) stored.push(await makeKey(directory, nowMs));
    const ring = new KeyRing(directory, arrange(stored));
    await ring.#dropRetired(nowMs);
    if (ring.#keys.length > KEYS_MAX) {
      throw new KeyFileFault(`${directory} holds more than ${KEYS_MAX} keys with living tokens; remove the oldest`);
    }
    return ring;
  }

  /** The key that signs now. */
  get active(): { readonly kid: string; readonly privateKey: KeyObject } {
    return this.#newest;
  }

  find(kid: string | null, nowMs: number): KeyObject | null {
    const living = this.#living(nowMs);
    if (kid === null) return living.length === 1 ? this.#newest.publicKey : null;
    return living.find((key) => key.kid === kid)?.publicKey ?? null;
  }

  jwks(nowMs: number): Jwks {
    return {
      keys: this.#living(nowMs).map(({ jwk, kid }) => ({ ...jwk, kid, alg: SIGNATURE_ALGORITHM, use: 'sig' })),
    };
  }

  /** Calls that overlap share one rotation and its outcome. */
  rotate(nowMs: number): Promise<RotateOutcome> {
    this.#rotating ??= this.#rotate(nowMs).finally(() => {
      this.#rotating = null;
    });
    return this.#rotating;
  }

  async #rotate(nowMs: number): Promise<RotateOutcome> {
    await this.#dropRetired(nowMs);
    if (this.#keys.length >= KEYS_MAX) return { rotated: false, why: 'too-many-keys' };
    const previous = this.#newest;
    // The order of keys is the order of their times, so a clock that went back must not make the new key an old one.
    const next = await makeKey(this.#directory, Math.max(nowMs, previous.createdAtMs + 1));
    this.#keys = arrange([next, ...this.#keys]);
    return { rotated: true, kid: next.kid, previousKid: previous.kid };
  }

  async #dropRetired(nowMs: number): Promise<void> {
    const retired = this.#keys.filter((key) => nowMs >= key.verifiesUntilMs);
    this.#keys = this.#keys.filter((key) => !retired.includes(key));
    for (const key of retired) await removeKeyFile(this.#directory, key.kid);
  }

  #living(nowMs: number): readonly RingKey[] {
    return this.#keys.filter((key) => nowMs < key.verifiesUntilMs);
  }

  get #newest(): RingKey {
    const [newest] = this.#keys;
    if (newest === undefined) throw new Error('a key ring is never empty');
    return newest;
  }
}

async function makeKey(directory: string, createdAtMs: number): Promise<StoredKey> {
  const { privateKey, publicKey } = await makePair('ec', { namedCurve: 'P-256' });
  const key = { kid: thumbprint(toPublicJwk(publicKey)), privateKey, createdAtMs };
  await writeKeyFile(directory, key);
  return key;
}

/** Newest first; a key is retired when the next one is made, and dies with the longest token it can have signed. */
function arrange(stored: readonly StoredKey[]): readonly RingKey[] {
  const newestFirst = stored.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.kid < b.kid ? -1 : 1));
  return newestFirst.map(({ kid, privateKey, createdAtMs }, index) => {
    const successor = newestFirst[index - 1];
    const publicKey = createPublicKey(privateKey);
    const verifiesUntilMs =
      successor === undefined
        ? Number.POSITIVE_INFINITY
        : successor.createdAtMs + limits.tokenLifeMsMax + KEY_RETIREMENT_MARGIN_MS;
    return { kid, privateKey, createdAtMs, publicKey, jwk: toPublicJwk(publicKey), verifiesUntilMs };
  });
}
