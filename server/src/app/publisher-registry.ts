/*
 * Who feeds which published camera: one publisher a camera, found by the sources, cut when camera or key goes, taken over
 * by the same publisher when it comes again. Used by whip-publishers.ts and, through its port, by ingest.
 */
import type { CameraId, KeyId } from '@sallyport/protocol/ids';
import type { PublisherEndReason } from '@sallyport/protocol/reasons';
import { appBounds } from './bounds.ts';
import type { LivePublishers, PublisherConnection } from './ports/publisher.ts';
import type { ApiKeyStore, CameraStore } from './ports/store.ts';
import { Publication, type PublicationDeps } from './publication.ts';
import type { Publisher } from './publisher-evidence.ts';

export type RegistryDeps = PublicationDeps & {
  readonly store: Pick<CameraStore, 'readCamera'> & Pick<ApiKeyStore, 'readKey'>;
};

export type Connected =
  | { readonly how: 'connected'; readonly publication: Publication; readonly answer: string }
  | { readonly how: 'busy' | 'full' | 'stopping' | 'ended' | 'failed' | 'key-revoked' | 'no-camera' | 'not-published' };

export class PublisherRegistry implements LivePublishers {
  readonly #deps: RegistryDeps;
  readonly #places = new Map<CameraId, Publication>();
  readonly #listeners = new Map<CameraId, Set<() => void>>();
  readonly #wanted = new Map<CameraId, number>();
  #stopping = false;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  find(cameraId: CameraId): PublisherConnection | null {
    return this.#places.get(cameraId)?.connection ?? null;
  }

  /** Since when the camera is fed; null when it is not. */
  sinceMs(cameraId: CameraId): number | null {
    return this.#places.get(cameraId)?.sinceMs ?? null;
  }

  /** Connections and places held for some. */
  get size(): number {
    return this.#places.size;
  }

  onChange(cameraId: CameraId, listener: () => void): () => void {
    const listeners = this.#listeners.get(cameraId) ?? new Set();
    this.#listeners.set(cameraId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(cameraId) === listeners) this.#listeners.delete(cameraId);
    };
  }

  want(cameraId: CameraId): () => void {
    this.#count(cameraId, 1);
    let isOver = false;
    return () => {
      if (!isOver) this.#count(cameraId, -1);
      isOver = true;
    };
  }

  async cut(cameraId: CameraId, reason: PublisherEndReason): Promise<void> {
    await this.#places.get(cameraId)?.end(reason);
  }

  /** Ends whoever came with this key, or with a token this key has asked for. */
  async cutKey(keyId: KeyId): Promise<void> {
    const held = [...this.#places.values()].filter(({ publisher }) => publisher.keyId === keyId);
    await Promise.all(held.map((publication) => publication.end('key-revoked')));
  }

  /** Ends everybody, since the server stops; nobody is let in afterwards. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#places.values()].map((publication) => publication.end('server-stopped')));
  }

  /** Takes the camera's place for a publisher whose credential holds, and makes the connection. */
  async connect(publisher: Publisher, offer: string, remoteAddress: string): Promise<Connected> {
    const { cameraId } = publisher;
    for (let tries = 0; tries < appBounds.takeOverTriesMax; tries += 1) {
      const held = this.#places.get(cameraId);
      if (held === undefined) return this.#connect(publisher, offer, remoteAddress);
      if (held.publisher.identity !== publisher.identity && !held.ending) return { how: 'busy' };
      // A publisher that crashed comes again before its old connection has been given up.
      await held.end('taken-over');
    }
    return { how: 'busy' };
  }

  async #connect(publisher: Publisher, offer: string, remoteAddress: string): Promise<Connected> {
    if (this.#stopping) return { how: 'stopping' };
    if (this.#places.size >= appBounds.publishersMax) return { how: 'full' };
    const { cameraId } = publisher;
    const publication = new Publication(publisher, this.#deps, {
      ending: () => this.#changed(cameraId),
      ended: (ended) => {
        if (this.#places.get(cameraId) === ended) this.#places.delete(cameraId);
      },
    });
    this.#places.set(cameraId, publication);
    try {
      // Looked up with the place already taken: a withdrawal or revocation from here on finds it and cuts it.
      const refused = await this.#refusalOf(publisher);
      const connection = refused === null ? await publication.open(offer, { remoteAddress }) : null;
      if (refused === null && connection !== null) {
        this.#changed(cameraId);
        this.#tell(publication);
        return { how: 'connected', publication, answer: connection.answer };
      }
      await publication.end('left');
      return { how: refused ?? 'ended' };
    } catch (failure) {
      this.#deps.log.warn({ cameraId, failure: String(failure) }, 'a publisher could not be connected');
      await publication.end('left');
      return { how: 'failed' };
    }
  }

  async #refusalOf({ cameraId, keyId }: Publisher): Promise<'no-camera' | 'not-published' | 'key-revoked' | null> {
    const { store } = this.#deps;
    const [camera, key] = await Promise.all([store.readCamera(cameraId), store.readKey(keyId)]);
    if (key === null) return 'key-revoked';
    if (camera === null || camera.state !== 'enrolled') return 'no-camera';
    return camera.sealedUrl === null ? null : 'not-published';
  }

  #count(cameraId: CameraId, step: 1 | -1): void {
    const before = this.#wanted.get(cameraId) ?? 0;
    const after = before + step;
    if (after === 0) this.#wanted.delete(cameraId);
    else this.#wanted.set(cameraId, after);
    const publication = this.#places.get(cameraId);
    if (publication && (before === 0 || after === 0)) this.#tell(publication);
  }

  #tell({ publisher, events }: Publication): void {
    const type = this.#wanted.has(publisher.cameraId) ? 'wanted' : 'idle';
    events.hold(() => ({ type }));
  }

  #changed(cameraId: CameraId): void {
    for (const listener of [...(this.#listeners.get(cameraId) ?? [])]) listener();
  }
}
