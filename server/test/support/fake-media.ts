/*
 * Valves, feeds and sources without a media server, for tests on a clock of their own. They keep the ports' promises and
 * remember what passed, so that a test can ask: is anything flowing that should not?
 */
import type { CameraId, SessionId } from '@sallyport/protocol/ids';
import type { CameraSource, CameraSourceFactory, SourceState, SourceStats } from '../../src/app/ports/camera-source.ts';
import type { Clock } from '../../src/app/ports/clock.ts';
import type { AudioCodec, FeedSink, OpenAudioSink } from '../../src/app/ports/feed-sink.ts';
import type { PublisherMaker } from '../../src/app/ports/publisher.ts';
import type { StartReceipt } from '../../src/app/ports/store.ts';
import type {
  Feed,
  FeedMaker,
  IceCredentials,
  OfferCheck,
  OfferChecker,
  Valve,
  ValveClosed,
  ValveMaker,
} from '../../src/app/ports/valve.ts';
import { FakePublisher } from './fake-publisher.ts';

/** The media worker answers in a later turn of the loop. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const sink: FeedSink = { ssrc: 1, payloadType: 96, send: () => {}, onRtcp: () => {} };

export class FakeFeed implements Feed {
  readonly cameraId: CameraId;
  readonly sink = sink;
  closed = false;
  died: () => void = () => {};

  constructor(cameraId: CameraId) {
    this.cameraId = cameraId;
  }

  onDied(listener: () => void): void {
    this.died = listener;
  }

  /** What the sound is in that is open now. */
  audio: AudioCodec | null = null;

  async openAudio(codec: AudioCodec): Promise<FeedSink> {
    this.audio = codec;
    return sink;
  }

  async closeAudio(): Promise<void> {
    this.audio = null;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export class FakeValve implements Valve {
  readonly sessionId: SessionId;
  readonly offer = 'v=0';
  readonly playerAnswer: string | null;
  readonly feed: FakeFeed;
  readonly #clock: Clock;
  state: 'dry' | 'flowing' | 'closed' = 'dry';
  #flowed = false;
  lost: (why: 'connection-lost' | 'worker-died') => void = () => {};
  #flowing: () => void = () => {};

  constructor(sessionId: SessionId, feed: FakeFeed, clock: Clock, playerOffer: string | null = null) {
    this.playerAnswer = playerOffer === null ? null : 'v=0';
    this.sessionId = sessionId;
    this.feed = feed;
    this.#clock = clock;
  }

  async answer(sdp: string): Promise<'connecting' | { readonly refused: string }> {
    await Promise.resolve();
    if (sdp === 'bad') return { refused: 'no fingerprint' };
    if (this.state === 'dry') {
      this.state = 'flowing';
      this.#flowed = true;
      this.#flowing();
    }
    return 'connecting';
  }

  async restartIce(): Promise<IceCredentials | null> {
    return this.state === 'closed' ? null : { ufrag: 'newufrag', password: 'new-password-of-22-chars' };
  }

  async close(): Promise<ValveClosed> {
    this.state = 'closed';
    await Promise.resolve();
    return { darkAtMs: this.#clock.nowMs(), flowed: this.#flowed };
  }

  onLost(listener: (why: 'connection-lost' | 'worker-died') => void): void {
    this.lost = listener;
  }

  onFlowing(listener: () => void): void {
    this.#flowing = listener;
  }
}

export class FakeMedia implements FeedMaker, ValveMaker, PublisherMaker, OfferChecker {
  readonly feeds: FakeFeed[] = [];
  readonly valves: FakeValve[] = [];
  readonly publishers: FakePublisher[] = [];
  failing = false;
  readonly #clock: Clock;
  /** Asked whenever a valve is opened: is this session's start on record? */
  readonly #isStarted: (sessionId: SessionId) => boolean;

  constructor(clock: Clock, isStarted: (sessionId: SessionId) => boolean) {
    this.#clock = clock;
    this.#isStarted = isStarted;
  }

  async openFeed(cameraId: CameraId): Promise<FakeFeed> {
    await nextTurn();
    if (this.failing) throw new Error('no worker');
    const feed = new FakeFeed(cameraId);
    this.feeds.push(feed);
    return feed;
  }

  async openValve(feed: Feed, receipt: StartReceipt, playerOffer: string | null = null): Promise<FakeValve> {
    if (!this.#isStarted(receipt.sessionId)) throw new Error('a valve was opened before its start was on record');
    if (!(feed instanceof FakeFeed) || feed.closed) throw new Error('a valve was opened on a closed feed');
    await nextTurn();
    const valve = new FakeValve(receipt.sessionId, feed, this.#clock, playerOffer);
    this.valves.push(valve);
    return valve;
  }

  checkOffer(): OfferCheck {
    return { ok: true };
  }

  /** An offer is any text that begins like one; `unusable` in it makes it so. */
  checkPublisherOffer(sdp: string): OfferCheck {
    if (!sdp.startsWith('v=0')) return { ok: false, fault: 'malformed', refused: 'not a session description' };
    return sdp.includes('unusable') ? { ok: false, fault: 'unusable', refused: 'no H264' } : { ok: true };
  }

  async openPublisher(cameraId: CameraId): Promise<FakePublisher> {
    await nextTurn();
    if (this.failing) throw new Error('no worker');
    const publisher = new FakePublisher(cameraId);
    this.publishers.push(publisher);
    return publisher;
  }

  get open(): readonly FakeValve[] {
    return this.valves.filter((valve) => valve.state !== 'closed');
  }

  get flowing(): readonly FakeValve[] {
    return this.valves.filter((valve) => valve.state === 'flowing');
  }
}

export class FakeSource implements CameraSource {
  state: SourceState = { name: 'idle' };
  readonly cameraId: CameraId;
  readonly #plays: () => boolean;
  readonly #listeners = new Set<(state: SourceState) => void>();

  constructor(cameraId: CameraId, plays: () => boolean) {
    this.cameraId = cameraId;
    this.#plays = plays;
  }

  /** Whether the last start asked for the sound. */
  hears = false;

  start(_sink: FeedSink, openAudio: OpenAudioSink | null = null): void {
    this.hears = openAudio !== null;
    void openAudio?.('PCMU');
    this.become({ name: 'connecting' });
    queueMicrotask(() => {
      if (this.state.name === 'connecting' && this.#plays()) this.become({ name: 'playing' });
    });
  }

  async stop(): Promise<void> {
    this.become({ name: 'idle' });
  }

  become(state: SourceState): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }

  onState(listener: (state: SourceState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stats(): SourceStats {
    const none = {
      packetsIn: 0,
      bytesIn: 0,
      packetsOut: 0,
      packetsDropped: 0,
      replays: 0,
      keyFramesAsked: 0,
      restarts: 0,
    };
    const rates = {
      bitsPerSecond: null,
      framesPerSecond: null,
      lossRatio: null,
      transport: null,
      transcoding: null,
      hasBPictures: false,
    };
    return {
      ...none,
      ...rates,
      packetsLost: 0,
      playedMs: 0,
      gopLengthMs: null,
      lastPacketAtMs: null,
      lastFrameAtMs: null,
    };
  }

  describe(): null {
    return null;
  }
}

export class FakeSources implements CameraSourceFactory {
  readonly sources: FakeSource[] = [];
  readonly offline = new Set<CameraId>();

  open({ cameraId }: { readonly cameraId: CameraId }): FakeSource {
    const source = new FakeSource(cameraId, () => !this.offline.has(cameraId));
    this.sources.push(source);
    return source;
  }

  get pulling(): readonly CameraId[] {
    return this.sources.filter((source) => source.state.name !== 'idle').map((source) => source.cameraId);
  }
}
