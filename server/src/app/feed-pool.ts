/*
 * Keeps one feed per camera alive exactly while a gate needs it (I4): the first holder opens the feed and starts the
 * pull, the last one to go stops both. Used by the gate keeper; shows the cameras' states to the API.
 */
import type { SourceStateName } from '@sallyport/protocol/camera';
import type { CameraId } from '@sallyport/protocol/ids';
import { appBounds } from './bounds.ts';
import { CameraFeed, type CameraFeedDeps, type CameraStatus } from './camera-feed.ts';
import type { CameraReading } from './ports/telemetry.ts';
import type { Feed } from './ports/valve.ts';

export type FeedLoss = 'source-lost' | 'worker-died';
export type FeedLease = { readonly feed: Feed /** Idempotent. */; release(): Promise<void> };

export class FeedPool {
  readonly #deps: CameraFeedDeps;
  readonly #feeds = new Map<CameraId, CameraFeed>();
  #onLost: (cameraId: CameraId, why: FeedLoss) => void = () => {};

  constructor(deps: CameraFeedDeps) {
    this.#deps = deps;
  }

  /** Tells when a camera's feed has been away too long or died. One listener: the keeper. */
  onLost(listener: (cameraId: CameraId, why: FeedLoss) => void): void {
    this.#onLost = listener;
  }

  /**
   * Holds the camera's feed, which plays when this resolves; with its sound, if it has one, where `audio` asks for it,
   * and only as long as somebody does. Null when the camera does not play within 6 s, cannot be
   * opened, or the signal is aborted; nothing is held then.
   */
  async acquire(
    cameraId: CameraId,
    signal: AbortSignal,
    { audio = false }: { readonly audio?: boolean } = {},
  ): Promise<FeedLease | null> {
    const feed = await this.#vacant(cameraId);
    const hearers = audio ? 1 : 0;
    feed.holders += 1;
    feed.hearers += hearers;
    await feed.settleSound();
    const playing = await feed.untilPlaying(appBounds.sourceWithinMs, signal);
    let released = false;
    const release = async () => {
      if (released) return;
      released = true;
      feed.holders -= 1;
      feed.hearers -= hearers;
      await (feed.holders === 0 ? feed.close() : feed.settleSound());
    };
    if (playing === null || signal.aborted) {
      await release();
      return null;
    }
    return { feed: playing, release };
  }

  /** The camera's URL changed: a pull that runs starts anew, seamlessly for its viewers. */
  async refresh(cameraId: CameraId): Promise<void> {
    await this.#feeds.get(cameraId)?.restart();
  }

  status(cameraId: CameraId): CameraStatus | null {
    return this.#feeds.get(cameraId)?.status() ?? null;
  }

  countStates(): Readonly<Record<SourceStateName, number>> {
    const counts = { idle: 0, connecting: 0, playing: 0, waiting: 0, refused: 0 };
    for (const feed of this.#feeds.values()) counts[feed.status()?.state.name ?? 'connecting'] += 1;
    return counts;
  }

  /** One reading for each camera that is held; as many as gates at most. */
  measure(): readonly CameraReading[] {
    return [...this.#feeds].flatMap(([cameraId, feed]) => {
      const status = feed.status();
      if (status === null) return [];
      const { bitsPerSecond, framesPerSecond, gopLengthMs, packetsLost, restarts, transcoding } = status.stats;
      return [{ cameraId, bitsPerSecond, framesPerSecond, gopLengthMs, packetsLost, restarts, transcoding }];
    });
  }

  async #vacant(cameraId: CameraId): Promise<CameraFeed> {
    for (;;) {
      const present = this.#feeds.get(cameraId);
      if (!present) break;
      if (!present.closing) return present;
      await present.closing;
    }
    const feed = new CameraFeed(cameraId, this.#deps, {
      lost: (why) => this.#onLost(cameraId, why),
      closed: () => {
        if (this.#feeds.get(cameraId) === feed) this.#feeds.delete(cameraId);
      },
    });
    this.#feeds.set(cameraId, feed);
    return feed;
  }
}
