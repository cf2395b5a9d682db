/*
 * The feeds of one control connection, from the join that is still being decided to the end of its session. Knows what
 * belongs to whom and how many there may be; says and asks nothing itself. Used by a conversation.
 */
import type { CameraId, SessionId } from '@sallyport/protocol/ids';
import type { EndReason } from '@sallyport/protocol/reasons';

/** What the keeper said about a gate before its offer was on the way; told right after the offer. */
type Early = { closedBy: EndReason | null; untilMs: number | null };

export type Feed = {
  readonly cameraId: CameraId;
  /** Null while the join is being decided. */
  sessionId: SessionId | null;
  /** The viewer has asked to leave; the camera may be joined anew. */
  leaving: boolean;
  /** The first frame has been reported. */
  presented: boolean;
  readonly early: Early;
};

export class FeedList {
  readonly #feeds = new Set<Feed>();
  readonly #feedsMax: number;

  constructor(feedsMax: number) {
    this.#feedsMax = feedsMax;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** Holds a place for a join. A feed that is being left still takes one, but no longer holds its camera. */
  reserve(cameraId: CameraId): Feed | 'too-many-feeds' | 'already-joined' {
    for (const feed of this.#feeds) if (feed.cameraId === cameraId && !feed.leaving) return 'already-joined';
    if (this.#feeds.size >= this.#feedsMax) return 'too-many-feeds';
    const early = { closedBy: null, untilMs: null };
    const feed: Feed = { cameraId, sessionId: null, leaving: false, presented: false, early };
    this.#feeds.add(feed);
    return feed;
  }

  /** Gives the place back. Idempotent. */
  release(feed: Feed): void {
    this.#feeds.delete(feed);
  }

  /** The feed of a session of this connection; null for anybody else's, and for one that has ended. */
  find(sessionId: SessionId): Feed | null {
    for (const feed of this.#feeds) if (feed.sessionId === sessionId) return feed;
    return null;
  }

  /** Empties the list; answers the sessions that were in it. */
  takeSessions(): readonly SessionId[] {
    const sessionIds = [...this.#feeds].flatMap(({ sessionId }) => (sessionId === null ? [] : [sessionId]));
    this.#feeds.clear();
    return sessionIds;
  }
}
