/* Sessions as owners and auditors may list them: an owner their own cameras', an auditor all, each reading recorded. */
import { limits } from '@sallyport/protocol/limits';
import type { SessionView } from '@sallyport/protocol/session';
import type { Actor } from './actor.ts';
import { done, type Outcome } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { CameraStore, EntryAppender, SessionStore } from './ports/store.ts';

export type SessionsDeps = {
  readonly store: SessionStore & CameraStore & EntryAppender;
  readonly clock: Clock;
};

export class Sessions {
  readonly #deps: SessionsDeps;

  constructor(deps: SessionsDeps) {
    this.#deps = deps;
  }

  /** Newest first; `beforeIndex` is the ledger index of the last start already seen. */
  async list(
    actor: Actor,
    page: { readonly limit: number; readonly beforeIndex: number | null },
  ): Promise<Outcome<{ readonly items: readonly SessionView[] }>> {
    const { store, clock } = this.#deps;
    if (actor.role !== 'owner') {
      const draft = { type: 'audit.read', what: 'sessions', keyId: actor.id } as const;
      await store.append({ draft, opening: null }, clock.nowMs());
      return done({ items: await store.listSessions({ cameraIds: null, ...page }) });
    }
    const filter = { ownerId: actor.ownerId, enrolledBy: null, ownership: null, limit: limits.pageSizeMax };
    const own = await store.listCameras(filter);
    const cameraIds = own.filter((one) => one.ownerId === actor.ownerId).map((one) => one.id);
    return done({ items: await store.listSessions({ cameraIds, ...page }) });
  }
}
