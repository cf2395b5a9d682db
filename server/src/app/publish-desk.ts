/*
 * The desk where permissions to feed a camera are made: tokens for publishers that hold a key, fixed keys for encoders
 * that do not. Only the owner, the vendor that enrolled the camera and, for the city's own cameras, the operator get them:
 * whoever publishes puts pictures before others' eyes in the owner's name. Taking a key back is open to the operator too.
 */
import type { CameraId, KeyId } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type {
  PublishKeyAnswer,
  PublishKeyRequest,
  PublishKeyView,
  PublishTokenRequest,
} from '@sallyport/protocol/publish-token';
import type { TokenAnswer } from '@sallyport/protocol/token-request';
import type { Actor } from './actor.ts';
import type { ApiKeyDesk } from './api-key-desk.ts';
import { mayKnow } from './camera-access.ts';
import { done, type Outcome, type Refusal, refuse } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { ApiKeyStore, CameraStore, EntryAppender, StoredCamera } from './ports/store.ts';
import type { PublishTokens } from './ports/token-port.ts';

export type PublishDeskDeps = {
  readonly store: CameraStore & ApiKeyStore & EntryAppender;
  readonly tokens: PublishTokens;
  readonly apiKeys: Pick<ApiKeyDesk, 'create' | 'revoke'>;
  readonly clock: Clock;
};

const unknown = refuse('not-found', 'There is no such camera, or this key may not know it.');
const unknownKey = refuse('not-found', 'There is no such publish key of this camera, or it is revoked already.');
const notYours = refuse(
  'forbidden',
  "Only the camera's owner and the vendor that enrolled it may say who feeds it; an operator only for a city camera.",
);

export class PublishDesk {
  readonly #deps: PublishDeskDeps;

  constructor(deps: PublishDeskDeps) {
    this.#deps = deps;
  }

  /** A token for one publisher's key; on record before it is handed out. */
  async issueToken(id: CameraId, request: PublishTokenRequest, actor: Actor): Promise<Outcome<TokenAnswer>> {
    const refused = await this.#refusal(id, actor);
    if (refused) return refused;
    const { tokens, store, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const { token, tokenHash, expiresAtMs } = tokens.issue({ cameraId: id, grantedBy: actor.id, ...request }, nowMs);
    const draft = {
      type: 'publish-token.issued',
      cameraId: id,
      keyId: actor.id,
      token: tokenHash,
      expiresAtMs,
    } as const;
    await store.append({ draft, opening: null }, nowMs);
    return done({ token, expiresAtMs });
  }

  async createKey(id: CameraId, { label }: PublishKeyRequest, actor: Actor): Promise<Outcome<PublishKeyAnswer>> {
    const refused = await this.#refusal(id, actor);
    if (refused) return refused;
    const { store, apiKeys } = this.#deps;
    if ((await store.listCameraKeys(id)).length >= limits.publishKeysMax)
      return refuse('conflict', `A camera has at most ${limits.publishKeysMax} publish keys; revoke one first.`);
    const request = { role: 'publisher', label, agency: null, ownerId: null, cameraId: id } as const;
    const created = await apiKeys.create(request, actor.id);
    return done({ id: created.id, publishKey: created.text });
  }

  async listKeys(id: CameraId, actor: Actor): Promise<Outcome<{ readonly items: readonly PublishKeyView[] }>> {
    const camera = await this.#known(id, actor);
    if (camera === null) return unknown;
    const keys = await this.#deps.store.listCameraKeys(id);
    return done({ items: keys.map(({ id: keyId, label, createdAtMs }) => ({ id: keyId, label, createdAtMs })) });
  }

  /** Whoever publishes with the key is cut before this resolves. */
  async revokeKey(id: CameraId, keyId: KeyId, actor: Actor): Promise<Outcome<{ readonly id: KeyId }>> {
    const camera = await this.#known(id, actor);
    if (camera === null) return unknown;
    const key = await this.#deps.store.readKey(keyId);
    return key?.cameraId === id ? this.#deps.apiKeys.revoke(keyId, actor.id) : unknownKey;
  }

  async #refusal(id: CameraId, actor: Actor): Promise<Refusal | null> {
    const camera = await this.#known(id, actor);
    if (camera === null) return unknown;
    if (!mayFeed(camera, actor)) return notYours;
    if (camera.state !== 'enrolled') return refuse('conflict', 'This camera has been withdrawn.');
    if (camera.sealedUrl !== null)
      return refuse(
        'conflict',
        'The server pulls this camera from its address; enrol it with "publish": true instead.',
      );
    return null;
  }

  async #known(id: CameraId, actor: Actor): Promise<StoredCamera | null> {
    const camera = await this.#deps.store.readCamera(id);
    return camera !== null && mayKnow(camera, actor) ? camera : null;
  }
}

function mayFeed(camera: StoredCamera, actor: Actor): boolean {
  if (actor.role === 'owner') return camera.ownerId === actor.ownerId;
  if (actor.role === 'vendor') return camera.enrolledBy === actor.id;
  return actor.role === 'operator' && camera.ownership === 'city';
}
