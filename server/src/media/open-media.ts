/*
 * The media adapter's face: opens workers and watchdog, hands out feeds and valves, audits them, and closes everything.
 * Made once by the composition; the gate keeper sees it as FeedMaker and ValveMaker.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import { setLogEventListeners, workerBin } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import type { Log } from '../app/ports/log.ts';
import type { PublisherMaker } from '../app/ports/publisher.ts';
import type { StartReceipt } from '../app/ports/store.ts';
import type { Feed, FeedMaker, OfferCheck, OfferChecker, ValveMaker } from '../app/ports/valve.ts';
import { auditFeed, auditPublisher, type StrayConsumer } from './audit-valves.ts';
import { MediaFeed } from './feed.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault } from './media-fault.ts';
import type { ListenPoint } from './media-worker.ts';
import { MediaPublisher } from './publisher.ts';
import { parsePlayerOffer } from './sdp-player-offer.ts';
import { parsePublisherOffer } from './sdp-publisher-offer.ts';
import { MediaValve } from './valve.ts';
import { Watchdog } from './watchdog.ts';
import { within } from './within.ts';
import { WorkerPool } from './worker-pool.ts';

export type MediaOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly workers: number;
  /** UDP and TCP port of the first worker; each further one takes the next. */
  readonly rtcPort: number;
  readonly listenAddress: string;
  /** What viewers connect to; needed when `listenAddress` is `0.0.0.0` or `::`. */
  readonly announcedAddress?: string;
  /** A second address on the same ports, as a rule of the other IP version. */
  readonly alsoListenOn?: ListenPoint;
  /** The media workers are killed when this process has not been alive for that long; 10 s unless said otherwise. */
  readonly leaseMs?: number;
  /** See FeedOptions; 0 for relays that answer each request with a replay, about 350 for publishing browsers. */
  readonly keyFrameRequestDelayMs?: number;
  /** The mediasoup-worker binary; MEDIASOUP_WORKER_BIN or mediasoup's own unless said otherwise. */
  readonly binaryPath?: string;
  readonly onWorkerDeath?: (death: { readonly index: number; readonly pid: number }) => void;
};

export type WorkerUsage = {
  readonly pid: number;
  /** User and system time since the worker started. */
  readonly cpuSeconds: number;
  readonly residentBytesMax: number;
  /** Feeds and valves on it. */
  readonly load: number;
};

export interface Media extends FeedMaker, ValveMaker, OfferChecker, PublisherMaker {
  /** As the port says; MUST be given a feed of this very Media. Throws MediaFault. */
  openValve(feed: Feed, receipt: StartReceipt, playerOffer?: string | null): Promise<MediaValve>;
  openFeed(cameraId: CameraId): Promise<MediaFeed>;
  openPublisher(cameraId: CameraId, offer: string): Promise<MediaPublisher>;
  /** Consumers without an open valve or tap, over all feeds and publishers: MUST be empty (I1). Throws MediaFault when a worker does not say. */
  auditValves(): Promise<readonly StrayConsumer[]>;
  /** One row for each living worker that answers in time. */
  resourceUsage(): Promise<readonly WorkerUsage[]>;
  /** `ready` when a feed or valve can be opened now. */
  health(): 'ready' | 'no-worker' | 'unguarded' | 'closed';
  /** The routers the living workers know themselves: one for each feed, payload profile and publisher. */
  routerIds(): Promise<readonly string[]>;
  /** Process ids of the living workers. */
  workerPids(): readonly number[];
  /** The watchdog's process id; null while it is being replaced. */
  watchdogPid(): number | null;
  /** Shuts all valves and feeds, then ends workers and watchdog. Idempotent; never rejects. */
  close(): Promise<void>;
}

const LEASE_MS = 10_000;

/** Opens the media adapter, or throws MediaFault with what to do and leaves nothing running. */
export async function openMedia(options: MediaOptions): Promise<Media> {
  checkOptions(options);
  const { clock, log, leaseMs = LEASE_MS } = options;
  setLogEventListeners({
    onwarn: (namespace, text) => log.warn({ namespace }, text),
    onerror: (namespace, text) => log.error({ namespace }, text),
  });
  let pool: WorkerPool | null = null;
  const watchdog = await Watchdog.start({ clock, log, leaseMs, workers: () => pool?.identities() ?? [] });
  try {
    pool = await WorkerPool.start({
      clock,
      log,
      binaryPath: options.binaryPath ?? workerBin,
      workers: options.workers,
      rtcPort: options.rtcPort,
      listenOn: [
        { address: options.listenAddress, ...announced(options.announcedAddress) },
        ...(options.alsoListenOn ? [options.alsoListenOn] : []),
      ],
      onWorkerDeath: (death) => options.onWorkerDeath?.(death),
      onChanged: () => watchdog.beat(),
    });
    // The pool is known only now: from here on the watchdog knows the workers too.
    watchdog.beat();
    return new OpenMedia(options, pool, watchdog);
  } catch (error) {
    await watchdog.close();
    throw error;
  }
}

class OpenMedia implements Media {
  readonly #options: MediaOptions;
  readonly #pool: WorkerPool;
  readonly #watchdog: Watchdog;
  readonly #feeds = new Set<MediaFeed>();
  readonly #publishers = new Set<MediaPublisher>();
  /** Receipts that have opened a valve: each opens one. */
  readonly #used = new WeakSet<StartReceipt>();
  #openingFeeds = 0;
  #openingPublishers = 0;
  #closed: Promise<void> | null = null;

  constructor(options: MediaOptions, pool: WorkerPool, watchdog: Watchdog) {
    this.#options = options;
    this.#pool = pool;
    this.#watchdog = watchdog;
  }

  async openFeed(cameraId: CameraId): Promise<MediaFeed> {
    this.#refuseUnlessReady();
    if (this.#feeds.size + this.#openingFeeds >= mediaLimits.feedsMax) {
      throw new MediaFault('too-many', `more than ${mediaLimits.feedsMax} cameras at once`);
    }
    this.#openingFeeds += 1;
    try {
      const feed = await MediaFeed.open({
        clock: this.#options.clock,
        log: this.#options.log,
        worker: this.#pool.leastLoaded(),
        cameraId,
        keyFrameRequestDelayMs: this.#options.keyFrameRequestDelayMs ?? 0,
        onGone: (gone) => this.#feeds.delete(gone),
      });
      this.#feeds.add(feed);
      return feed;
    } finally {
      this.#openingFeeds -= 1;
    }
  }

  async openPublisher(cameraId: CameraId, offer: string): Promise<MediaPublisher> {
    this.#refuseUnlessReady();
    if (this.#publishers.size + this.#openingPublishers >= mediaLimits.publishersMax) {
      throw new MediaFault('too-many', `more than ${mediaLimits.publishersMax} publishers at once`);
    }
    this.#openingPublishers += 1;
    try {
      const worker = this.#pool.leastLoaded();
      const onGone = (gone: MediaPublisher) => this.#publishers.delete(gone);
      const publisher = await MediaPublisher.open({ clock: this.#options.clock, worker, cameraId, offer, onGone });
      if (!publisher.isGone) this.#publishers.add(publisher);
      return publisher;
    } finally {
      this.#openingPublishers -= 1;
    }
  }

  checkPublisherOffer(sdp: string): OfferCheck {
    return parsePublisherOffer(sdp);
  }

  checkOffer(sdp: string): OfferCheck {
    return parsePlayerOffer(sdp);
  }

  async openValve(feed: Feed, receipt: StartReceipt, playerOffer: string | null = null): Promise<MediaValve> {
    this.#refuseUnlessReady();
    if (!(feed instanceof MediaFeed) || !this.#feeds.has(feed)) {
      throw new MediaFault('feed-gone', 'the feed is closed, or is none of this server');
    }
    if (this.#used.has(receipt)) throw new MediaFault('bad-receipt', 'this receipt has opened a valve before');
    this.#used.add(receipt);
    const { clock, log } = this.#options;
    return await MediaValve.open({ clock, log, feed, receipt, playerOffer });
  }

  async auditValves(): Promise<readonly StrayConsumer[]> {
    const { clock } = this.#options;
    const feeds = [...this.#feeds].map((feed) => auditFeed(feed, clock));
    const publishers = [...this.#publishers].map((publisher) => auditPublisher(publisher, clock));
    return (await Promise.all([...feeds, ...publishers])).flat();
  }

  async resourceUsage(): Promise<readonly WorkerUsage[]> {
    const asked = this.#pool.workers().map(async (worker) => {
      const waited = await within(this.#options.clock, mediaLimits.closeStepMs, worker.resourceUsage());
      if (waited.how !== 'done') return [];
      const { cpuMs, residentBytesMax } = waited.value;
      return [{ pid: worker.identity.pid, cpuSeconds: cpuMs / 1_000, residentBytesMax, load: worker.load }];
    });
    return (await Promise.all(asked)).flat();
  }

  health(): 'ready' | 'no-worker' | 'unguarded' | 'closed' {
    if (this.#closed) return 'closed';
    if (!this.#watchdog.guarding) return 'unguarded';
    return this.#pool.workers().length === 0 ? 'no-worker' : 'ready';
  }

  async routerIds(): Promise<readonly string[]> {
    return (await Promise.all(this.#pool.workers().map((worker) => worker.routerIds()))).flat();
  }

  workerPids(): readonly number[] {
    return this.#pool.identities().map(({ pid }) => pid);
  }

  watchdogPid(): number | null {
    return this.#watchdog.pid;
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#feeds].map((feed) => feed.close()));
    await Promise.all([...this.#publishers].map((publisher) => publisher.close()));
    await this.#pool.close();
    await this.#watchdog.close();
  }

  #refuseUnlessReady(): void {
    const health = this.health();
    if (health !== 'ready') throw new MediaFault(health, `the media server is not ready: ${health}`);
  }
}

function announced(address: string | undefined): { readonly announcedAddress?: string } {
  return address === undefined ? {} : { announcedAddress: address };
}

function checkOptions(options: MediaOptions): void {
  const { workers, rtcPort, listenAddress, announcedAddress, leaseMs = LEASE_MS } = options;
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > mediaLimits.workersMax) {
    throw new MediaFault('bad-option', `the number of media workers must be 1 to ${mediaLimits.workersMax}`);
  }
  if (!Number.isSafeInteger(rtcPort) || rtcPort < 1 || rtcPort + workers - 1 > 65_535) {
    throw new MediaFault('bad-option', `the media ports ${rtcPort} to ${rtcPort + workers - 1} do not exist`);
  }
  if ((listenAddress === '0.0.0.0' || listenAddress === '::') && announcedAddress === undefined) {
    throw new MediaFault('bad-option', `${listenAddress} needs an announced address; set SALLYPORT_ANNOUNCED_ADDRESS`);
  }
  if (!Number.isSafeInteger(leaseMs) || leaseMs < 200) throw new MediaFault('bad-option', 'a lease is at least 200 ms');
}
