/*
 * The source of a camera that is published to the server: takes whoever feeds it at the moment, passes the packets
 * through the same relay as a pulled camera's, and waits when nobody does. So a publisher that comes back is one short
 * freeze to the viewers, and a newcomer has a picture at once, even from an encoder that hears no request.
 * Nothing is taken before `start` or after `stop`.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import type {
  CameraSource,
  FeedFacts,
  PublishedSources,
  SourceFaultCode,
  SourceState,
  SourceStats,
} from '../app/ports/camera-source.ts';
import type { Clock } from '../app/ports/clock.ts';
import type { FeedSink, OpenAudioSink } from '../app/ports/feed-sink.ts';
import type { LivePublishers, PublisherConnection, PublisherTap } from '../app/ports/publisher.ts';
import { limits } from './limits.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import { wantsKeyFrame } from './rtcp-feedback.ts';
import { RtpRelay } from './rtp-relay.ts';
import type { RtpTimeline } from './rtp-timeline.ts';
import { SoundRelay } from './sound-relay.ts';
import { SourceJournal } from './source-journal.ts';
import { SourceWatch } from './source-watch.ts';
import type { VideoTrack } from './video-track.ts';

export type PublishedSurroundings = {
  readonly publishers: LivePublishers;
  readonly clock: Clock;
  /** MUST give the same timeline for the same sink, also to other sources. */
  readonly timelineOf: (sink: FeedSink, clockRateHz?: number) => RtpTimeline;
};

/** What is taken from one publisher. */
type Take = {
  readonly from: PublisherConnection;
  readonly tap: PublisherTap;
  readonly watch: SourceWatch;
  readonly order: ReorderBuffer;
  askedAtMs: number;
};

/** From one `start` to its `stop`. */
type Run = {
  /** Null where nobody may hear. */
  readonly openAudio: OpenAudioSink | null;
  readonly relay: RtpRelay;
  readonly leave: () => void;
  readonly letGo: () => void;
  take: Take | null;
  /** The changes of publisher, one after the other. */
  turn: Promise<void>;
};

/** RFC 7587, 4.1. */
const OPUS_CLOCK_HZ = 48_000;
/** A publisher that was asked for a key frame is not asked again sooner, while one is waited for. */
const ASK_AGAIN_MS = 500;

export class PublishedSourceFactory implements PublishedSources {
  readonly #surroundings: PublishedSurroundings;

  constructor(surroundings: PublishedSurroundings) {
    this.#surroundings = surroundings;
  }

  open(cameraId: CameraId): CameraSource {
    return new PublishedSource(cameraId, this.#surroundings);
  }
}

export class PublishedSource implements CameraSource {
  readonly #cameraId: CameraId;
  readonly #surroundings: PublishedSurroundings;
  readonly #journal: SourceJournal;
  #run: Run | null = null;
  #stopping: Promise<void> = Promise.resolve();

  constructor(cameraId: CameraId, surroundings: PublishedSurroundings) {
    this.#cameraId = cameraId;
    this.#surroundings = surroundings;
    this.#journal = new SourceJournal(surroundings.clock);
  }

  get state(): SourceState {
    return this.#journal.state;
  }

  start(sink: FeedSink, openAudio: OpenAudioSink | null = null): void {
    if (this.#run) throw new Error('this source has been started and not stopped');
    const { publishers, clock, timelineOf } = this.#surroundings;
    const cameraId = this.#cameraId;
    const wire: FeedSink = {
      ssrc: sink.ssrc,
      payloadType: sink.payloadType,
      send: (packet) => sink.send(packet),
      // The replay answers at once; the publisher is asked as well, so that a lossy picture mends for good.
      onRtcp: (listener) =>
        sink.onRtcp((rtcp) => {
          listener(rtcp);
          if (wantsKeyFrame(rtcp, sink.ssrc)) this.#run?.take?.tap.requestKeyFrame();
        }),
    };
    const run: Run = {
      openAudio,
      relay: new RtpRelay(wire, timelineOf(sink), clock),
      letGo: publishers.want(cameraId),
      leave: publishers.onChange(cameraId, () => this.#settle(run)),
      take: null,
      turn: this.#stopping,
    };
    this.#run = run;
    this.#journal.enter({ name: 'connecting' });
    this.#settle(run);
  }

  stop(): Promise<void> {
    const run = this.#run;
    if (!run) return this.#stopping;
    this.#run = null;
    run.leave();
    run.letGo();
    run.relay.close();
    this.#settle(run);
    this.#stopping = run.turn.then(() => {
      this.#journal.keep(run.relay);
      if (!this.#run) this.#journal.enter({ name: 'idle' });
    });
    return this.#stopping;
  }

  onState(listener: (state: SourceState) => void): () => void {
    return this.#journal.onState(listener);
  }

  stats(): SourceStats {
    return this.#journal.stats(this.#run?.relay ?? null);
  }

  describe(): FeedFacts | null {
    return this.#journal.facts(this.#run?.relay ?? null);
  }

  /** Something changed: takes from whoever feeds the camera then, or from nobody. Never rejects. */
  #settle(run: Run): void {
    run.turn = run.turn.then(async () => {
      const next = this.#run === run ? this.#surroundings.publishers.find(this.#cameraId) : null;
      if (run.take !== null && run.take.from !== next) await this.#release(run, run.take);
      if (this.#run !== run) return;
      if (next === null) this.#wait(run, 'no-publisher', 'Nobody publishes this camera at the moment.');
      else if (run.take === null) await this.#takeFrom(run, next);
    });
  }

  async #release(run: Run, { tap, watch, order }: Take): Promise<void> {
    run.take = null;
    watch.stop();
    order.stop();
    await tap.close();
    if (this.#run === run) this.#journal.restarted();
  }

  async #takeFrom(run: Run, from: PublisherConnection): Promise<void> {
    const { clock } = this.#surroundings;
    this.#enterWhile(run, { name: 'connecting' });
    const watch = new SourceWatch(
      clock,
      () => this.#journal.bytesIn,
      () => '',
    );
    const inOrder = {
      packet: (packet: Uint8Array) => this.#accept(run, watch, packet),
      hole: () => run.take?.tap.requestKeyFrame(),
    };
    const order = new ReorderBuffer(clock, inOrder, limits.publisherReorderWaitMs);
    let isBegun = false;
    let sound: SoundRelay | null = null;
    try {
      const heard = from.sound === null ? null : ((await run.openAudio?.(from.sound)) ?? null);
      const tap = await from.openTap({
        picture: (packet) => {
          this.#journal.count(packet);
          // RFC 3550, 5.1; what is too short to be RTP has not come from the media server.
          if (isBegun) order.push(packet, ((packet[2] ?? 0) << 8) | (packet[3] ?? 0));
        },
        sound: heard && ((packet) => sound?.accept(packet)),
      });
      // From here on in the same turn: no packet can have come before the relay knows the track.
      run.relay.beginSource(toTrack(tap.payloadType, from.sound));
      if (heard !== null && tap.soundPayloadType !== null) {
        const timeline = this.#surroundings.timelineOf(heard, OPUS_CLOCK_HZ);
        sound = new SoundRelay(heard, timeline, clock, tap.soundPayloadType);
      }
      isBegun = true;
      run.take = { from, tap, watch, order, askedAtMs: clock.monotonicMs() };
      void watch.alarm.then((fault) => this.#alarm(run, fault.code, fault.message));
    } catch {
      watch.stop();
      this.#wait(run, 'connection-lost', 'The publisher was lost while it was being taken.');
    }
  }

  #accept(run: Run, watch: SourceWatch, packet: Uint8Array): void {
    if (this.#run !== run) return;
    if (run.relay.accept(packet) === 'foreign') return;
    watch.packetCame();
    // Whoever waits for this is told when there is something to see, not while a key frame is still on its way.
    if (run.relay.isFlowing) this.#enterWhile(run, { name: 'playing' });
    else this.#askAgain(run.take);
  }

  /** Browsers send no key frame by themselves, so after a break somebody has to ask. */
  #askAgain(take: Take | null): void {
    const nowMs = this.#surroundings.clock.monotonicMs();
    if (take === null || nowMs - take.askedAtMs < ASK_AGAIN_MS) return;
    take.askedAtMs = nowMs;
    take.tap.requestKeyFrame();
  }

  /** Silent: the publisher may still be there, and is taken anew. Flooded: it is ended. */
  #alarm(run: Run, code: SourceFaultCode, text: string): void {
    const { take } = run;
    if (this.#run !== run || take === null) return;
    this.#wait(run, code, text);
    if (code === 'flooded') {
      void this.#surroundings.publishers.cut(this.#cameraId, 'flooded');
      return;
    }
    run.turn = run.turn.then(async () => {
      if (run.take === take) await this.#release(run, take);
    });
    this.#settle(run);
  }

  #wait(run: Run, reason: SourceFaultCode, text: string): void {
    this.#enterWhile(run, { name: 'waiting', reason, text, nextTryAtMs: this.#surroundings.clock.nowMs() });
  }

  #enterWhile(run: Run, state: SourceState): void {
    if (this.#run === run) this.#journal.enter(state);
  }
}

/** What the server itself has made of the publisher's stream; the parameter sets come with it. */
const toTrack = (payloadType: number, audio: string | null): VideoTrack => ({
  control: null,
  profile: 'RTP/AVPF',
  payloadType,
  parameterSets: [],
  facts: { codec: 'H264', cameraCodec: 'H264', profileLevelId: null, widthPx: null, heightPx: null, audio },
});
