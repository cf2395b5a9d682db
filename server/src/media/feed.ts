/*
 * A camera's feed: one router with one plain transport and one H.264 producer for life, and the valves that hang on it.
 * A router of its own means that the last step before killing a worker takes down one camera and not all of them.
 * Opened by open-media.ts; valve.ts takes packets out of it.
 */
import { randomInt } from 'node:crypto';
import type { CameraId } from '@sallyport/protocol/ids';
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import type { Feed } from '../app/ports/valve.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault } from './media-fault.ts';
import type { MediaWorker } from './media-worker.ts';
import { OnceSignal } from './once-signal.ts';
import { PayloadRouters } from './payload-routers.ts';
import { buildProducerParameters, H264_PAYLOAD_TYPE, routerCodecs } from './router-codecs.ts';
import { UdpSink } from './udp-sink.ts';
import { acquireWithin } from './within.ts';

const LOOPBACK = '127.0.0.1';

export type FeedOptions = {
  readonly clock: Clock;
  readonly worker: MediaWorker;
  readonly cameraId: CameraId;
  /** The least time between two key-frame requests to the source; 0 asks each time one is needed. */
  readonly keyFrameRequestDelayMs: number;
  /** Called once when the feed has been closed or has died. */
  readonly onGone: (feed: MediaFeed) => void;
};

/** A valve as its feed sees it: something with a consumer that can be shut. */
export type FeedOutlet = { readonly consumerId: string; close(): Promise<unknown> };

type FeedParts = { readonly router: types.Router; readonly producer: types.Producer; readonly sink: UdpSink };

export class MediaFeed implements Feed {
  readonly cameraId: CameraId;
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly producer: types.Producer;
  readonly sink: UdpSink;
  /** The same feed under payload types that players chose. */
  readonly payloadRouters: PayloadRouters;
  /** The open valves, from before their consumer may flow until it is shut. */
  readonly outlets = new Set<FeedOutlet>();
  /** Valves being opened: their consumer may exist already and not be known by name. */
  readonly openings = new Set<Promise<unknown>>();
  readonly #died = new OnceSignal<void>();
  readonly #onGone: (feed: MediaFeed) => void;
  #state: 'open' | 'closing' | 'gone' = 'open';
  #closed: Promise<void> | null = null;

  private constructor(options: FeedOptions, parts: FeedParts) {
    this.cameraId = options.cameraId;
    this.worker = options.worker;
    this.router = parts.router;
    this.producer = parts.producer;
    this.sink = parts.sink;
    this.#onGone = options.onGone;
    this.payloadRouters = new PayloadRouters({
      clock: options.clock,
      router: parts.router,
      producer: parts.producer,
      make: (codecs) => options.worker.createRouter(codecs),
    });
    this.worker.load += 1;
    parts.router.observer.on('close', () => this.#end());
  }

  /** Opens a feed on a worker, or leaves nothing behind: rejects with MediaFault `timed-out` or the worker's error. */
  static async open(options: FeedOptions): Promise<MediaFeed> {
    const { clock, worker } = options;
    const making = worker.createRouter(routerCodecs);
    const router = await acquireWithin(clock, mediaLimits.requestMs, 'making a router', making, (late) => late.close());
    let sink: UdpSink | null = null;
    try {
      const filled = acquireWithin(clock, mediaLimits.requestMs, 'opening a feed', fill(router, options), dropLate);
      const parts = await filled;
      sink = parts.sink;
      if (router.closed) throw new MediaFault('feed-gone', 'the worker died while the feed was opened');
      return new MediaFeed(options, { router, ...parts });
    } catch (error) {
      router.close();
      sink?.close();
      throw error;
    }
  }

  get state(): 'open' | 'closing' | 'gone' {
    return this.#state;
  }

  onDied(listener: () => void): void {
    this.#died.listen(listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  async #shut(): Promise<void> {
    this.#died.mute();
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    // They should have been closed before; a picture must not outlive its feed because somebody forgot.
    await Promise.allSettled(this.openings);
    await Promise.all([...this.outlets].map((outlet) => outlet.close()));
    this.payloadRouters.close();
    this.router.close();
  }

  /** The router is gone: by our own close, by a valve that escalated, or with its worker. */
  #end(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.payloadRouters.close();
    this.worker.load -= 1;
    this.sink.close();
    this.#onGone(this);
    this.#died.fire();
  }
}

async function fill(router: types.Router, options: FeedOptions): Promise<Omit<FeedParts, 'router'>> {
  const ssrc = randomInt(1, 0xffff_ffff);
  const transport = await router.createPlainTransport({
    listenInfo: { protocol: 'udp', ip: LOOPBACK, recvBufferSize: mediaLimits.sinkReceiveBytes },
    rtcpMux: true,
    comedia: false,
  });
  const sink = await UdpSink.open(ssrc, H264_PAYLOAD_TYPE, transport.tuple.localPort);
  try {
    await transport.connect({ ip: LOOPBACK, port: sink.localPort });
    const producer = await transport.produce({
      kind: 'video',
      rtpParameters: buildProducerParameters(ssrc),
      keyFrameRequestDelay: options.keyFrameRequestDelayMs,
    });
    return { producer, sink };
  } catch (error) {
    sink.close();
    throw error;
  }
}

/** A late one hangs on a router that has been closed; its socket goes with it. */
function dropLate(late: { readonly sink: UdpSink }): void {
  late.sink.close();
}
