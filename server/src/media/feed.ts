/*
 * A camera's feed: one router with one H.264 producer for life, while somebody may hear it one for the sound, and the
 * valves that hang on them. A router of its own means that the last step before killing a worker takes down one camera
 * and not all of them.
 * Opened by open-media.ts; valve.ts takes packets out of it.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import type { AudioCodec } from '../app/ports/feed-sink.ts';
import type { Log } from '../app/ports/log.ts';
import type { Feed } from '../app/ports/valve.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault, textOf } from './media-fault.ts';
import type { MediaWorker } from './media-worker.ts';
import { OnceSignal } from './once-signal.ts';
import { PayloadRouters } from './payload-routers.ts';
import { closeIntake, openAudioIntake, openVideoIntake, type PlainIntake } from './plain-intake.ts';
import { audioCodecOf, routerCodecs } from './router-codecs.ts';
import type { UdpSink } from './udp-sink.ts';
import { acquireWithin } from './within.ts';

export type FeedOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly worker: MediaWorker;
  readonly cameraId: CameraId;
  /** The least time between two key-frame requests to the source; 0 asks each time one is needed. */
  readonly keyFrameRequestDelayMs: number;
  /** Called once when the feed has been closed or has died. */
  readonly onGone: (feed: MediaFeed) => void;
};

/** A valve as its feed sees it: something with consumers that can be shut. */
export type FeedOutlet = { readonly consumerIds: readonly string[]; close(): Promise<unknown> };

type FeedParts = { readonly router: types.Router; readonly intake: PlainIntake };

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
  readonly #clock: Clock;
  readonly #log: Log;
  #audio: PlainIntake | null = null;
  /** One request for the sound after the other, so that there is never a second producer. */
  #audioTurn: Promise<unknown> = Promise.resolve();
  #state: 'open' | 'closing' | 'gone' = 'open';
  #closed: Promise<void> | null = null;

  private constructor(options: FeedOptions, parts: FeedParts) {
    this.cameraId = options.cameraId;
    this.worker = options.worker;
    this.router = parts.router;
    this.producer = parts.intake.producer;
    this.sink = parts.intake.sink;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onGone = options.onGone;
    this.payloadRouters = new PayloadRouters({
      clock: options.clock,
      router: parts.router,
      producer: parts.intake.producer,
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
    try {
      const making = openVideoIntake(router, options.keyFrameRequestDelayMs);
      const intake = await acquireWithin(clock, mediaLimits.requestMs, 'opening a feed', making, closeIntake);
      if (!router.closed) return new MediaFeed(options, { router, intake });
      closeIntake(intake);
      throw new MediaFault('feed-gone', 'the worker died while the feed was opened');
    } catch (error) {
      router.close();
      throw error;
    }
  }

  /** The producer of the sound; null while there is none. */
  get audioProducer(): types.Producer | null {
    return this.#audio?.producer ?? null;
  }

  /** As the port says; another codec than before replaces the sound, and valves that carry the old one fall silent. */
  openAudio(codec: AudioCodec): Promise<UdpSink | null> {
    const turn = this.#audioTurn.then(() => this.#openAudio(codec));
    this.#audioTurn = turn;
    return turn;
  }

  closeAudio(): Promise<void> {
    const turn = this.#audioTurn.then(() => this.#dropAudio());
    this.#audioTurn = turn;
    return turn;
  }

  #dropAudio(): void {
    const audio = this.#audio;
    this.#audio = null;
    if (audio) closeIntake(audio);
  }

  async #openAudio(codec: AudioCodec): Promise<UdpSink | null> {
    if (this.#audio && audioCodecOf(this.#audio.producer) === codec) return this.#audio.sink;
    this.#dropAudio();
    const making = openAudioIntake(this.router, codec);
    try {
      const intake = await acquireWithin(this.#clock, mediaLimits.requestMs, 'opening the sound', making, closeIntake);
      if (this.#state === 'open') this.#audio = intake;
      else closeIntake(intake);
    } catch (error) {
      this.#log.warn({ cameraId: this.cameraId, error: textOf(error) }, 'a camera goes on without its sound');
    }
    return this.#audio?.sink ?? null;
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
    this.#dropAudio();
    this.#onGone(this);
    this.#died.fire();
  }
}
