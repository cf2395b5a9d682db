/*
 * A publisher's connection: a router of its own with one WebRTC transport and what it sends, paused until somebody
 * watches. A router of its own, so that ending one publisher for good takes down nobody else.
 * Opened by open-media.ts; its packets leave by publisher-tap.ts.
 */
import { randomInt } from 'node:crypto';
import type { CameraId } from '@sallyport/protocol/ids';
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import type { PublisherConnection, PublisherTap, TapOutlet } from '../app/ports/publisher.ts';
import type { IceCredentials } from '../app/ports/valve.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault } from './media-fault.ts';
import type { MediaWorker } from './media-worker.ts';
import { OnceSignal } from './once-signal.ts';
import { MediaPublisherTap } from './publisher-tap.ts';
import { routerCodecs } from './router-codecs.ts';
import { buildPublisherAnswer } from './sdp-publisher-answer.ts';
import { type PublisherOffer, parsePublisherOffer } from './sdp-publisher-offer.ts';
import { acquireWithin, within } from './within.ts';

export type PublisherOptions = {
  readonly clock: Clock;
  readonly worker: MediaWorker;
  readonly cameraId: CameraId;
  readonly offer: string;
  /** Called once when it is gone. */
  readonly onGone: (publisher: MediaPublisher) => void;
};

type Parts = {
  readonly router: types.Router;
  readonly transport: types.WebRtcTransport;
  readonly picture: types.Producer;
  readonly sound: types.Producer | null;
};
type Loss = 'connection-lost' | 'worker-died';

export class MediaPublisher implements PublisherConnection {
  readonly cameraId: CameraId;
  readonly answer: string;
  readonly router: types.Router;
  readonly sound: 'OPUS' | null;
  /** For tests: what the worker says of them. */
  readonly producers: { readonly picture: types.Producer; readonly sound: types.Producer | null };
  readonly #options: PublisherOptions;
  readonly #transport: types.WebRtcTransport;
  readonly #lost = new OnceSignal<Loss>();
  readonly #connected = new OnceSignal<void>();
  #tapping: Promise<MediaPublisherTap | null> = Promise.resolve(null);
  #state: 'open' | 'gone' = 'open';

  private constructor(options: PublisherOptions, { router, transport, picture, sound }: Parts, offer: PublisherOffer) {
    this.cameraId = options.cameraId;
    this.router = router;
    this.producers = { picture, sound };
    this.sound = sound === null ? null : 'OPUS';
    this.#options = options;
    this.#transport = transport;
    this.answer = buildPublisherAnswer(offer, {
      ice: transport.iceParameters,
      candidates: transport.iceCandidates,
      fingerprints: transport.dtlsParameters.fingerprints,
      originId: String(randomInt(1, 2 ** 47)),
    });
    options.worker.load += 1;
    this.#watch();
  }

  /** Opens a connection, or leaves nothing behind: rejects with MediaFault `bad-offer`, `timed-out` or the worker's error. */
  static async open(options: PublisherOptions): Promise<MediaPublisher> {
    const { clock, worker } = options;
    const read = parsePublisherOffer(options.offer);
    if (!read.ok) throw new MediaFault('bad-offer', read.refused);
    const { offer } = read;
    const making = worker.createRouter(routerCodecs);
    const router = await acquireWithin(clock, mediaLimits.requestMs, 'making a router', making, (late) => late.close());
    try {
      const filled = acquireWithin(
        clock,
        mediaLimits.requestMs,
        'taking a publisher',
        fill(router, worker, offer),
        noop,
      );
      const parts = { router, ...(await filled) };
      if (router.closed) throw new MediaFault('feed-gone', 'the worker died while a publisher was taken');
      return new MediaPublisher(options, parts, offer);
    } catch (error) {
      // What is late hangs on this router and goes with it.
      router.close();
      throw error;
    }
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  /** The consumers of the tap that is open or being opened, if one is: the only ones there may be (I1). */
  async tapConsumerIds(): Promise<readonly string[]> {
    return (await this.#tapping)?.consumerIds ?? [];
  }

  async openTap(outlet: TapOutlet): Promise<PublisherTap> {
    if (this.#state === 'gone') throw new MediaFault('feed-gone', 'the publisher is gone');
    await (await this.#tapping)?.close();
    const { clock } = this.#options;
    const parts = {
      router: this.router,
      ...this.producers,
      onStuck: () => void this.close(),
      within: async (promise: Promise<unknown>) => {
        const waited = await within(clock, mediaLimits.closeStepMs, promise);
        return waited.how === 'done';
      },
    };
    const opening = MediaPublisherTap.open(parts, outlet);
    const release = (late: MediaPublisherTap) => void late.close();
    this.#tapping = opening.catch(() => null);
    return await acquireWithin(clock, mediaLimits.requestMs, 'opening a tap', opening, release);
  }

  async restartIce(): Promise<IceCredentials | null> {
    if (this.#state === 'gone') return null;
    const waited = await within(this.#options.clock, mediaLimits.requestMs, this.#transport.restartIce());
    if (waited.how !== 'done') return null;
    return { ufrag: waited.value.usernameFragment, password: waited.value.password };
  }

  onConnected(listener: () => void): void {
    this.#connected.listen(listener);
  }

  onLost(listener: (why: Loss) => void): void {
    this.#lost.listen(listener);
  }

  async close(): Promise<void> {
    this.#lost.mute();
    this.#connected.mute();
    this.#end();
  }

  #watch(): void {
    this.#transport.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#connected.fire();
      if (state === 'failed' || state === 'closed') this.#lose('connection-lost');
    });
    this.#transport.on('icestatechange', (state) => {
      if (state === 'disconnected' || state === 'closed') this.#lose('connection-lost');
    });
    this.router.observer.on('close', () => this.#lose('worker-died'));
  }

  #lose(why: Loss): void {
    if (this.#state === 'gone') return;
    this.#lost.fire(why);
    this.#end();
  }

  #end(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    // Tells the publisher by a DTLS close_notify.
    this.#transport.close();
    this.router.close();
    this.#options.worker.load -= 1;
    this.#options.onGone(this);
  }
}

const noop = (): void => undefined;

async function fill(router: types.Router, worker: MediaWorker, offer: PublisherOffer): Promise<Omit<Parts, 'router'>> {
  const transport = await router.createWebRtcTransport({
    webRtcServer: worker.webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: mediaLimits.iceConsentS,
  });
  await transport.connect({ dtlsParameters: offer.dtls });
  const picture = await transport.produce({
    kind: 'video',
    rtpParameters: structuredClone(offer.video.rtp),
    paused: true,
    keyFrameRequestDelay: mediaLimits.publisherKeyFrameDelayMs,
  });
  const rtpParameters = offer.sound && structuredClone(offer.sound.rtp);
  const sound = rtpParameters && (await transport.produce({ kind: 'audio', rtpParameters, paused: true }));
  return { transport, picture, sound };
}
