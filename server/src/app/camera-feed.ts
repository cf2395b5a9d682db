/*
 * One camera's feed while somebody holds it: the producer in the media server and the pull, or the publisher, that fills
 * it. Its sound is taken only while a holder may hear it.
 * Made and counted by the feed pool.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import { appBounds } from './bounds.ts';
import { unsealAddress } from './camera-address.ts';
import { OutageRecorder } from './outage-recorder.ts';
import type { CameraSecrets } from './ports/camera-secrets.ts';
import type {
  CameraSource,
  CameraSourceFactory,
  FeedFacts,
  PublishedSources,
  SourceState,
  SourceStats,
} from './ports/camera-source.ts';
import type { Clock, Timer } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { CameraStore, EntryAppender } from './ports/store.ts';
import type { Telemetry } from './ports/telemetry.ts';
import type { Feed, FeedMaker } from './ports/valve.ts';

export type CameraFeedDeps = {
  readonly cameras: Pick<CameraStore, 'readCamera'>;
  readonly entries: EntryAppender;
  readonly secrets: CameraSecrets;
  readonly sources: CameraSourceFactory;
  /** For cameras that are published to the server. */
  readonly published: PublishedSources;
  readonly feeds: FeedMaker;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Telemetry;
};

export type CameraStatus = {
  readonly state: SourceState;
  readonly stats: SourceStats;
  readonly facts: FeedFacts | null;
  /** Gates that hold the feed. */
  readonly viewers: number;
};

type Events = {
  readonly lost: (why: 'source-lost' | 'worker-died') => void;
  readonly closed: () => void;
};

export class CameraFeed {
  /** Counted by the pool: all, and those who may hear the sound. */
  holders = 0;
  hearers = 0;
  /** Set once closing began; resolves when all is gone. */
  closing: Promise<void> | null = null;
  readonly #cameraId: CameraId;
  readonly #deps: CameraFeedDeps;
  readonly #events: Events;
  readonly #outages: OutageRecorder;
  readonly #opened: Promise<Feed | null>;
  readonly #waiters = new Set<() => void>();
  #source: CameraSource | null = null;
  #away: Timer | null = null;
  #pulls: 'picture' | 'picture-and-sound' = 'picture';
  #restarting: Promise<void> = Promise.resolve();

  constructor(cameraId: CameraId, deps: CameraFeedDeps, events: Events) {
    this.#cameraId = cameraId;
    this.#deps = deps;
    this.#events = events;
    this.#outages = new OutageRecorder(cameraId, deps.entries, deps.clock, deps.log);
    this.#opened = this.#open();
  }

  /** How the pull is doing; null before there is one. */
  status(): CameraStatus | null {
    const source = this.#source;
    if (source === null) return null;
    return { state: source.state, stats: source.stats(), facts: source.describe(), viewers: this.holders };
  }

  /** The feed once its source plays; null when it does not within `withinMs`, needs a person, or `signal` aborts. */
  async untilPlaying(withinMs: number, signal: AbortSignal): Promise<Feed | null> {
    const feed = await this.#opened;
    if (feed === null) return null;
    await new Promise<void>((resolve) => {
      const look = () => {
        const name = this.#source?.state.name ?? 'refused';
        if (name !== 'playing' && name !== 'refused' && !signal.aborted && !this.closing) return;
        done();
      };
      const done = () => {
        timer.cancel();
        this.#waiters.delete(look);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#deps.clock.after(withinMs, done);
      this.#waiters.add(look);
      signal.addEventListener('abort', done, { once: true });
      look();
    });
    return this.#source?.state.name === 'playing' && !signal.aborted && !this.closing ? feed : null;
  }

  /** Pulls from the address as it is stored now; the feed and its viewers stay. */
  restart(): Promise<void> {
    this.#restarting = this.#restarting.then(() => this.#repull());
    return this.#restarting;
  }

  /**
   * Makes the pull fit the hearers: cameras take no further track while they play, so it begins anew, one short freeze
   * for who is watching. Resolves when it has begun. Never rejects.
   */
  settleSound(): Promise<void> {
    this.#restarting = this.#restarting.then(async () => {
      const facts = this.#source?.describe();
      const isSilent = facts !== undefined && facts !== null && facts.audio === null;
      if (this.#source === null || this.#pulls === this.#wanted() || isSilent) return;
      await this.#repull();
    });
    return this.#restarting;
  }

  #wanted(): 'picture' | 'picture-and-sound' {
    return this.hearers > 0 ? 'picture-and-sound' : 'picture';
  }

  close(): Promise<void> {
    this.closing ??= this.#close();
    return this.closing;
  }

  async #open(): Promise<Feed | null> {
    try {
      const feed = await this.#deps.feeds.openFeed(this.#cameraId);
      feed.onDied(() => this.#died());
      await this.#pull(feed);
      return feed;
    } catch (failure) {
      this.#deps.log.error({ cameraId: this.#cameraId, failure: String(failure) }, 'feed could not be opened');
      return null;
    }
  }

  async #pull(feed: Feed): Promise<void> {
    const source = await this.#findSource();
    if (this.closing) return;
    source.onState((state) => this.#changed(source, state));
    this.#source = source;
    this.#pulls = this.#wanted();
    if (this.#pulls === 'picture') await feed.closeAudio();
    source.start(feed.sink, this.#pulls === 'picture' ? null : (codec) => feed.openAudio(codec));
  }

  async #findSource(): Promise<CameraSource> {
    const { cameras, secrets, sources, published } = this.#deps;
    const camera = await cameras.readCamera(this.#cameraId);
    if (camera?.sealedUrl === null) return published.open(this.#cameraId);
    const address = camera && unsealAddress(secrets, this.#cameraId, camera.sealedUrl);
    if (!address) throw new Error('the camera is not on record or its address cannot be opened with this key');
    return sources.open(address);
  }

  async #repull(): Promise<void> {
    const feed = await this.#opened;
    if (feed === null || this.closing) return;
    await this.#source?.stop();
    await this.#pull(feed).catch((failure) => {
      this.#deps.log.error({ cameraId: this.#cameraId, failure: String(failure) }, 'camera could not be pulled anew');
    });
  }

  #changed(source: CameraSource, state: SourceState): void {
    if (source !== this.#source || this.closing) return;
    const reason = 'reason' in state ? { reason: state.reason, text: state.text } : {};
    this.#deps.log.info({ cameraId: this.#cameraId, state: state.name, ...reason }, 'camera source');
    if (state.name === 'waiting') this.#deps.telemetry.sourceRestarted();
    if (state.name === 'waiting' || state.name === 'refused') this.#outages.away(source.stats().lastPacketAtMs);
    if (state.name === 'playing') {
      this.#outages.playing();
      this.#away?.cancel();
      this.#away = null;
    } else {
      this.#away ??= this.#deps.clock.after(appBounds.sourceLostAfterMs, () => this.#events.lost('source-lost'));
    }
    for (const look of [...this.#waiters]) look();
  }

  #died(): void {
    if (this.closing) return;
    this.#events.lost('worker-died');
    void this.close();
  }

  async #close(): Promise<void> {
    this.#away?.cancel();
    await Promise.resolve();
    for (const look of [...this.#waiters]) look();
    const feed = await this.#opened;
    await this.#restarting;
    await this.#source?.stop();
    await feed?.close();
    await this.#outages.close();
    this.#events.closed();
  }
}
