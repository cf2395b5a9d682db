/*
 * The valve between a camera's feed and one viewer: the only file that consumes and resumes, so that there is one
 * place to look for every way a picture can pass, or its sound: that only where the start on record says so. Dry until
 * the viewer's DTLS is connected; shut by shut-consumer.ts.
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
import { parseAnswer } from './sdp-answer.ts';
import { buildOffer } from './sdp-offer.ts';
import { buildPlayerAnswer } from './sdp-player-answer.ts';
import { shutConsumer } from './shut-consumer.ts';
import { connect, findPlace, makeTransport, midOf, type Place, toCapabilities } from './valve-place.ts';
import { acquireWithin, within } from './within.ts';

export type ValveOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly feed: MediaFeed;
  readonly receipt: StartReceipt;
  /** A player's own offer, to be answered where that can be done. */
  readonly playerOffer?: string | null;
};

type ValveParts = {
  readonly transport: types.WebRtcTransport;
  readonly video: types.Consumer;
  readonly audio: types.Consumer | null;
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
  readonly #video: types.Consumer;
  /** Null for a picture without sound, and from the moment the sound has ended or was declined. */
  #audio: types.Consumer | null;
  readonly #lost = new OnceSignal<Loss>();
  readonly #flowing = new OnceSignal<void>();
  /** `answered` alone leads to `flowing`, and nothing leads out of `shut`: this is what no late event can get round. */
  #state: 'dry' | 'answered' | 'flowing' | 'shut' = 'dry';
  /** True when sound may have passed that can no longer be counted. */
  #isSoundLost = false;
  #closed: Promise<ValveClosed> | null = null;

  private constructor({ feed, receipt, clock, log }: ValveOptions, { transport, video, audio, place }: ValveParts) {
    this.sessionId = receipt.sessionId;
    this.#feed = feed;
    this.#clock = clock;
    this.#log = log;
    this.#transport = transport;
    this.#video = video;
    this.#audio = audio;
    this.#router = place.router;
    const description = {
      ice: transport.iceParameters,
      candidates: transport.iceCandidates,
      fingerprints: transport.dtlsParameters.fingerprints,
      video: video.rtpParameters,
      audio: audio?.rtpParameters ?? null,
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
    const { feed, clock, receipt, playerOffer = null } = options;
    const place = await findPlace({ feed, audio: receipt.audio ? feed.audioProducer : null, playerOffer });
    const transport = await makeTransport(feed, clock, place);
    try {
      const { producerId, audioProducerId } = place;
      const video = await makeConsumer(options, transport, 'video', producerId, place);
      const audio =
        audioProducerId === null ? null : await makeConsumer(options, transport, 'audio', audioProducerId, place);
      if (!video.paused || audio?.paused === false) {
        throw new MediaFault('feed-gone', 'the worker did not hold the picture back');
      }
      if (feed.state !== 'open') throw new MediaFault('feed-gone', 'the feed was closed meanwhile');
      // Nobody can connect before the answer is out; it is out only when the gate has let this valve stand.
      if (place.player !== null) await connect(clock, transport, place.player);
      return new MediaValve(options, { transport, video, audio, place });
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  get consumerIds(): readonly string[] {
    return this.#consumers().map(({ id }) => id);
  }

  #consumers(): types.Consumer[] {
    return this.#audio === null ? [this.#video] : [this.#video, this.#audio];
  }

  async answer(sdp: string): Promise<'connecting' | { readonly refused: string }> {
    if (this.#state === 'shut') return { refused: 'the valve is closed' };
    if (this.#state !== 'dry') return { refused: 'an answer has been given before' };
    this.#state = 'answered';
    const answer = parseAnswer(sdp, this.#audio?.rtpParameters.codecs[0]?.payloadType ?? null);
    if (!answer.ok) return { refused: answer.refused };
    if (!answer.takesAudio) this.#dropAudio();
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

  /** RTP packets the worker has sent to this viewer, sound and all; null when it can no longer be asked. */
  async packetsSent(): Promise<number | null> {
    const counts = await Promise.all(this.#consumers().map((consumer) => this.#countSent(consumer)));
    return counts.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0);
  }

  async #countSent(consumer: types.Consumer): Promise<number | null> {
    const waited = await within(this.#clock, mediaLimits.closeStepMs, consumer.getStats());
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
    this.#video.observer.on('close', () => this.#lose('worker-died'));
    this.#audio?.on('producerclose', () => this.#dropAudio());
  }

  /** The one place where a picture begins. A request sent here before a close is answered before the close's own. */
  #flow(): void {
    if (this.#state !== 'answered') return;
    this.#state = 'flowing';
    this.#audio?.resume().catch(() => this.#dropAudio());
    this.#video.resume().then(
      () => {
        if (!this.#isShut()) this.#flowing.fire();
      },
      () => this.#lose('worker-died'),
    );
  }

  /** For good: the viewer declined it, or it was taken out of the feed. The picture goes on without. */
  #dropAudio(): void {
    this.#audio?.close();
    this.#audio = null;
    this.#isSoundLost = this.#state === 'flowing';
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
    const parts = { consumers: this.#consumers(), transport: this.#transport, router: this.#router, worker };
    const shutting = shutConsumer(parts, this.#clock, this.#log);
    // Asked right behind the pause, so that the answer counts every packet there will ever be.
    const counting = mayHaveFlowed ? this.packetsSent() : Promise.resolve(0);
    const { by, darkAtMs } = await shutting;
    const packets = await counting;
    this.#feed.outlets.delete(this);
    worker.load -= 1;
    this.#log.debug({ sessionId: this.sessionId, by, packets }, 'valve closed');
    return { darkAtMs, flowed: packets === null || this.#isSoundLost ? mayHaveFlowed : packets > 0 };
  }
}

function makeConsumer(
  { clock }: ValveOptions,
  transport: types.WebRtcTransport,
  kind: types.MediaKind,
  producerId: string,
  place: Place,
): Promise<types.Consumer> {
  const making = transport.consume({
    producerId,
    rtpCapabilities: toCapabilities(place),
    paused: true,
    mid: midOf(kind, place),
  });
  return acquireWithin(clock, mediaLimits.requestMs, 'making a consumer', making, (late) => late.close());
}
