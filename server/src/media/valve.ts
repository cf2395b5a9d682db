/*
 * The valve between a camera's feed and one viewer: the only file that consumes and resumes, so that there is one
 * place to look for every way a picture can pass. Dry until the viewer's DTLS is connected; shut by shut-consumer.ts.
 * Opened by open-media.ts for the gate keeper.
 */
import { randomInt } from 'node:crypto';
import { type SessionId, sessionIdSchema } from '@sallyport/protocol/ids';
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import type { Log } from '../app/ports/log.ts';
import type { StartReceipt } from '../app/ports/store.ts';
import type { IceCredentials, Valve, ValveClosed } from '../app/ports/valve.ts';
import type { FeedOutlet, MediaFeed } from './feed.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault, textOf } from './media-fault.ts';
import { OnceSignal } from './once-signal.ts';
import type { Tap } from './payload-routers.ts';
import { routerCodecs } from './router-codecs.ts';
import { parseAnswer } from './sdp-answer.ts';
import { buildOffer, VIDEO_MID } from './sdp-offer.ts';
import { buildPlayerAnswer } from './sdp-player-answer.ts';
import { type PlayerOffer, parsePlayerOffer } from './sdp-player-offer.ts';
import { shutConsumer } from './shut-consumer.ts';
import { acquireWithin, within } from './within.ts';

export type ValveOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: MediaFeed;
  readonly receipt: StartReceipt;
  /** A player's own offer, to be answered where that can be done. */
  readonly playerOffer?: string | null;
};

type Place = Tap & { readonly player: PlayerOffer | null };
type ValveParts = {
  readonly transport: types.WebRtcTransport;
  readonly consumer: types.Consumer;
  readonly place: Place;
};
type Loss = 'connection-lost' | 'worker-died';

export class MediaValve implements Valve, FeedOutlet {
  readonly sessionId: SessionId;
  readonly offer: string;
  readonly playerAnswer: string | null;
  readonly #router: types.Router;
  readonly #feed: MediaFeed;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #transport: types.WebRtcTransport;
  readonly #consumer: types.Consumer;
  readonly #lost = new OnceSignal<Loss>();
  readonly #flowing = new OnceSignal<void>();
  /** `answered` alone leads to `flowing`, and nothing leads out of `shut`: this is what no late event can get round. */
  #state: 'dry' | 'answered' | 'flowing' | 'shut' = 'dry';
  #closed: Promise<ValveClosed> | null = null;

  private constructor({ feed, receipt, clock, log }: ValveOptions, { transport, consumer, place }: ValveParts) {
    this.sessionId = receipt.sessionId;
    this.#feed = feed;
    this.#clock = clock;
    this.#log = log;
    this.#transport = transport;
    this.#consumer = consumer;
    this.#router = place.router;
    const description = {
      ice: transport.iceParameters,
      candidates: transport.iceCandidates,
      fingerprints: transport.dtlsParameters.fingerprints,
      rtp: consumer.rtpParameters,
      originId: String(randomInt(1, 2 ** 47)),
      streamId: receipt.sessionId,
    };
    this.offer = buildOffer(description);
    this.playerAnswer = place.player === null ? null : buildPlayerAnswer(place.player, description);
    if (place.player !== null) this.#state = 'answered';
    feed.outlets.add(this);
    feed.worker.load += 1;
    this.#watch();
  }

  /**
   * Opens a valve, dry. Throws MediaFault `bad-receipt`, `feed-gone`, `too-many` or `timed-out`, and whatever the
   * worker answers; nothing is left behind then.
   */
  static async open(options: ValveOptions): Promise<MediaValve> {
    const { feed, receipt } = options;
    if (!sessionIdSchema.safeParse(receipt.sessionId).success || !Number.isSafeInteger(receipt.index)) {
      throw new MediaFault('bad-receipt', 'this receipt was not made by the store');
    }
    if (feed.outlets.size + feed.openings.size >= mediaLimits.valvesPerFeedMax) {
      throw new MediaFault('too-many', 'this camera has as many viewers as it may have');
    }
    if (feed.state !== 'open') throw new MediaFault('feed-gone', 'the feed is closed');
    const opening = MediaValve.#make(options);
    feed.openings.add(opening);
    try {
      return await opening;
    } finally {
      feed.openings.delete(opening);
    }
  }

  static async #make(options: ValveOptions): Promise<MediaValve> {
    const place = await findPlace(options);
    const transport = await makeTransport(options, place);
    try {
      const consumer = await makeConsumer(options, transport, place);
      if (!consumer.paused) throw new MediaFault('feed-gone', 'the worker did not hold the picture back');
      if (options.feed.state !== 'open') throw new MediaFault('feed-gone', 'the feed was closed meanwhile');
      // Nobody can connect before the answer is out; it is out only when the gate has let this valve stand.
      if (place.player !== null) await connect(options, transport, place.player);
      return new MediaValve(options, { transport, consumer, place });
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  get consumerId(): string {
    return this.#consumer.id;
  }

  async answer(sdp: string): Promise<'connecting' | { readonly refused: string }> {
    if (this.#state === 'shut') return { refused: 'the valve is closed' };
    if (this.#state !== 'dry') return { refused: 'an answer has been given before' };
    this.#state = 'answered';
    const answer = parseAnswer(sdp);
    if (!answer.ok) return { refused: answer.refused };
    const connecting = this.#transport.connect({ dtlsParameters: answer.dtls });
    const waited = await within(this.#clock, mediaLimits.requestMs, connecting);
    if (this.#isShut()) return { refused: 'the valve is closed' };
    if (waited.how === 'done') return 'connecting';
    return { refused: waited.how === 'late' ? 'the media worker does not answer' : textOf(waited.cause) };
  }

  async restartIce(): Promise<IceCredentials | null> {
    if (this.#isShut()) return null;
    const waited = await within(this.#clock, mediaLimits.requestMs, this.#transport.restartIce());
    if (waited.how !== 'done' || this.#isShut()) return null;
    return { ufrag: waited.value.usernameFragment, password: waited.value.password };
  }

  close(): Promise<ValveClosed> {
    this.#lost.mute();
    this.#flowing.mute();
    return this.#shutOnce();
  }

  onLost(listener: (why: Loss) => void): void {
    this.#lost.listen(listener);
  }

  onFlowing(listener: () => void): void {
    this.#flowing.listen(listener);
  }

  /** RTP packets the worker has sent to this viewer; null when it can no longer be asked. */
  async packetsSent(): Promise<number | null> {
    const waited = await within(this.#clock, mediaLimits.closeStepMs, this.#consumer.getStats());
    if (waited.how !== 'done') return null;
    return waited.value.find((stat) => stat.type === 'outbound-rtp')?.packetCount ?? null;
  }

  #watch(): void {
    this.#transport.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#flow();
      if (state === 'failed' || state === 'closed') this.#lose('connection-lost');
    });
    this.#transport.on('icestatechange', (state) => {
      if (state === 'disconnected' || state === 'closed') this.#lose('connection-lost');
    });
    this.#transport.observer.on('close', () => this.#lose('worker-died'));
    this.#consumer.observer.on('close', () => this.#lose('worker-died'));
  }

  /** The one place where a picture begins. A request sent here before a close is answered before the close's own. */
  #flow(): void {
    if (this.#state !== 'answered') return;
    this.#state = 'flowing';
    this.#consumer.resume().then(
      () => {
        if (!this.#isShut()) this.#flowing.fire();
      },
      () => this.#lose('worker-died'),
    );
  }

  /** Tells once, and shuts at once: a viewer that has gone gets nothing more if it comes back by itself. */
  #lose(why: Loss): void {
    if (this.#isShut()) return;
    this.#lost.fire(why);
    this.#shutOnce();
  }

  /** As a question of its own, since the compiler believes that a state checked before an await still holds after it. */
  #isShut(): boolean {
    return this.#state === 'shut';
  }

  #shutOnce(): Promise<ValveClosed> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  async #shut(): Promise<ValveClosed> {
    const mayHaveFlowed = this.#state === 'flowing';
    this.#state = 'shut';
    const { worker } = this.#feed;
    const parts = { consumer: this.#consumer, transport: this.#transport, router: this.#router, worker };
    const shutting = shutConsumer(parts, this.#clock, this.#log);
    // Asked right behind the pause, so that the answer counts every packet there will ever be.
    const counting = mayHaveFlowed ? this.packetsSent() : Promise.resolve(0);
    const { by, darkAtMs } = await shutting;
    const packets = await counting;
    this.#feed.outlets.delete(this);
    worker.load -= 1;
    this.#log.debug({ sessionId: this.sessionId, by, packets }, 'valve closed');
    return { darkAtMs, flowed: packets === null ? mayHaveFlowed : packets > 0 };
  }
}

/** Where this viewer is served: under a player's own payload types, or else under ours. */
async function findPlace({ feed, playerOffer = null }: ValveOptions): Promise<Place> {
  const own = { router: feed.router, producerId: feed.producer.id, pipeConsumerId: null, player: null };
  const read = playerOffer === null ? null : parsePlayerOffer(playerOffer);
  if (!read?.ok) return own;
  const tap = await feed.payloadRouters.tap(read.offer.payloadTypes);
  return tap === null ? own : { ...tap, player: read.offer };
}

function makeTransport({ feed, clock }: ValveOptions, { router }: Place): Promise<types.WebRtcTransport> {
  const making = router.createWebRtcTransport({
    webRtcServer: feed.worker.webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: mediaLimits.iceConsentS,
    initialAvailableOutgoingBitrate: mediaLimits.initialOutgoingBitsPerSecond,
  });
  return acquireWithin(clock, mediaLimits.requestMs, 'making a transport', making, (late) => late.close());
}

function makeConsumer(
  { clock }: ValveOptions,
  transport: types.WebRtcTransport,
  { router, producerId, player }: Place,
): Promise<types.Consumer> {
  const making = transport.consume({
    producerId,
    rtpCapabilities: player === null ? router.rtpCapabilities : toCapabilities(player, router.rtpCapabilities),
    paused: true,
    mid: player?.sections[player.videoAt]?.mid ?? VIDEO_MID,
  });
  return acquireWithin(clock, mediaLimits.requestMs, 'making a consumer', making, (late) => late.close());
}

function connect({ clock }: ValveOptions, transport: types.WebRtcTransport, { dtls }: PlayerOffer): Promise<void> {
  const connecting = transport.connect({ dtlsParameters: dtls });
  return acquireWithin(clock, mediaLimits.requestMs, 'connecting a transport', connecting, () => undefined);
}

/** RTX only where the router has it at the player's number; no header extension, since their numbers are the player's. */
function toCapabilities({ payloadTypes, feedback }: PlayerOffer, router: types.RtpCapabilities): types.RtpCapabilities {
  const { h264, rtx } = payloadTypes;
  const resends = (router.codecs ?? []).filter(
    (codec) => codec.preferredPayloadType === rtx && codec.parameters?.['apt'] === h264,
  );
  const video = routerCodecs.map((codec) => ({ ...codec, preferredPayloadType: h264, rtcpFeedback: [...feedback] }));
  return { codecs: [...video, ...resends], headerExtensions: [] };
}
