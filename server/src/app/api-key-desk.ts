/*
 * API keys: made by the operator's CLI or for a new owner, shown once, stored hashed; looked up at every request.
 */
import { buildId, type CameraId, ID_RANDOM_BYTES, type KeyId, type OwnerId } from '@sallyport/protocol/ids';
import type { Actor } from './actor.ts';
import { done, type Outcome, refuse } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { ApiKeyRecord, ApiKeyStore, Role } from './ports/store.ts';
import type { ApiKeys } from './ports/token-port.ts';

export type ApiKeyDeskDeps = {
  readonly store: ApiKeyStore;
  readonly keys: ApiKeys;
  readonly clock: Clock;
  readonly randomness: Randomness;
};

export type KeyRequest = {
  readonly role: Role;
  readonly label: string;
  readonly agency: string | null;
  readonly ownerId: OwnerId | null;
  /** For the role `publisher`, and only for it. */
  readonly cameraId?: CameraId | null;
};

export class ApiKeyDesk {
  readonly #deps: ApiKeyDeskDeps;
  #onRevoked: (id: KeyId) => Promise<void> = async () => {};

  constructor(deps: ApiKeyDeskDeps) {
    this.#deps = deps;
  }

  /** Makes a key. `agency`, `owner` and `publisher` keys MUST name what they are for: throws RangeError otherwise. */
  async create(request: KeyRequest, by: KeyId | null): Promise<{ readonly id: KeyId; readonly text: string }> {
    if ((request.role === 'agency') !== (request.agency !== null))
      throw new RangeError('a key of role agency, and no other, names an agency: --agency <code>');
    if ((request.role === 'owner') !== (request.ownerId !== null))
      throw new RangeError('a key of role owner, and no other, names an owner');
    const { cameraId = null } = request;
    if ((request.role === 'publisher') !== (cameraId !== null))
      throw new RangeError('a key of role publisher, and no other, names a camera');
    const { store, keys, clock, randomness } = this.#deps;
    const minted = keys.mint(request.role);
    const id = buildId('key', randomness.bytes(ID_RANDOM_BYTES));
    const record: ApiKeyRecord = { id, ...request, cameraId, hash: minted.hash, createdAtMs: clock.nowMs() };
    const draft = { type: 'admin.changed', what: 'key-created', keyId: by } as const;
    await store.addKey(record, { draft, opening: { createdKey: id, role: request.role, label: request.label } });
    return { id, text: minted.text };
  }

  /** Calls `listener` when a key has been revoked; the revocation waits for it. One listener: whoever lets keys' holders stay. */
  onRevoked(listener: (id: KeyId) => Promise<void>): void {
    this.#onRevoked = listener;
  }

  /** Ends a key for good: requests with it are refused from the moment this resolves. Its record stays. */
  async revoke(id: KeyId, by: KeyId): Promise<Outcome<{ readonly id: KeyId }>> {
    const draft = { type: 'admin.changed', what: 'key-revoked', keyId: by } as const;
    const revoked = await this.#deps.store.revokeKey(id, { draft, opening: { revokedKey: id } });
    if (revoked === 'revoked') await this.#onRevoked(id);
    return revoked === 'revoked'
      ? done({ id })
      : refuse('not-found', 'There is no such key, or it is revoked already.');
  }

  /** The actor behind a key, or null when it is malformed, unknown or revoked. */
  async authenticate(text: string): Promise<Actor | null> {
    const parsed = this.#deps.keys.parse(text);
    if (parsed === null) return null;
    const record = await this.#deps.store.readKeyByHash(parsed.hash);
    if (record === null || record.role !== parsed.role || !this.#deps.keys.matches(text, record.hash)) return null;
    const { id, role, agency, ownerId, cameraId } = record;
    return { id, role, agency, ownerId, cameraId };
  }
}
