/*
 * One camera's pull: connects when started, plays into the sink, comes back after every failure, stops when told.
 * Nothing is pulled before `start` or after `stop`. Opened by the source factory for the use cases.
 */
import type { CameraAddress, CameraSource, FeedFacts, SourceState, SourceStats } from '../app/ports/camera-source.ts';
import type { FeedSink, OpenAudioSink } from '../app/ports/feed-sink.ts';
import { backOffMs } from './back-off.ts';
import { IngestFault, toIngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import { LipSync } from './lip-sync.ts';
import { KeyFrameAsker } from './onvif/key-frame-asker.ts';
import { PicturePull } from './picture-pull.ts';
import { RtpRelay } from './rtp-relay.ts';
import type { RtpTimeline } from './rtp-timeline.ts';
import { type ClientSurroundings, RtspClient } from './rtsp-client.ts';
import { parseRtspUrl, type RtspUrl } from './rtsp-url.ts';
import { SoundPull } from './sound-pull.ts';
import { SourceWatch } from './source-watch.ts';
import type { TranscoderSlots } from './transcoder-slots.ts';
import type { TrackOutlet } from './udp-track.ts';
import { afterTranscoder, chooseVideoTrack } from './video-track.ts';
import { delay, STOPPED_TEXT } from './within.ts';

export type SourceSurroundings = ClientSurroundings & { readonly slots: TranscoderSlots };

/** From one `start` to its `stop`. */
type Run = {
  readonly relay: RtpRelay;
  /** Null: nobody may hear the sound, and it is not asked for. */
  readonly openAudio: OpenAudioSink | null;
  /** Lasts over reconnects, so that what was held back stays so. */
  readonly lipSync: LipSync;
  readonly asker: KeyFrameAsker | null;
  readonly stop: AbortController;
  done: Promise<void>;
};
/** The one timeline of a sink; 90 kHz unless said otherwise. */
export type TimelineOf = (sink: FeedSink, clockRateHz?: number) => RtpTimeline;
type Attempt = { readonly fault: IngestFault; readonly playedMs: number };

const NO_TALLY = {
  packetsIn: 0,
  bytesIn: 0,
  packetsOut: 0,
  packetsDropped: 0,
  replays: 0,
  keyFramesAsked: 0,
  restarts: 0,
  packetsLost: 0,
};

export class RtspSource implements CameraSource {
  readonly #address: CameraAddress;
  readonly #surroundings: SourceSurroundings;
  readonly #timelineOf: TimelineOf;
  readonly #listeners = new Set<(state: SourceState) => void>();
  #state: SourceState = { name: 'idle' };
  #run: Run | null = null;
  #stopping: Promise<void> = Promise.resolve();
  /** What earlier runs have counted, and what no relay counts. */
  #tally = { ...NO_TALLY };
  #gopLengthMs: number | null = null;
  #lastPacketAtMs: number | null = null;
  #lastFrameAtMs: number | null = null;
  /** Breaks left out; the stretch that runs is added when it is asked for. */
  #playedMs = 0;
  #playingSinceMs: number | null = null;
  #facts: FeedFacts | null = null;
  #picture: PicturePull | null = null;
  #doesWithoutSound = false;
  #transport: 'tcp' | 'udp' | null = null;

  /** `timelineOf` MUST give the same timeline for the same sink, also to other sources. */
  constructor(address: CameraAddress, surroundings: SourceSurroundings, timelineOf: TimelineOf) {
    this.#address = address;
    this.#surroundings = surroundings;
    this.#timelineOf = timelineOf;
  }

  get state(): SourceState {
    return this.#state;
  }

  start(sink: FeedSink, openAudio: OpenAudioSink | null = null): void {
    if (this.#run) throw new Error('this source has been started and not stopped');
    const stop = new AbortController();
    const asker = KeyFrameAsker.of(this.#address, this.#surroundings, stop.signal);
    const relay = new RtpRelay(sink, this.#timelineOf(sink), this.#surroundings.clock, () => void asker?.ask());
    const run: Run = { relay, openAudio, lipSync: new LipSync(), asker, stop, done: Promise.resolve() };
    this.#run = run;
    this.#enter({ name: 'connecting' });
    // A camera may bear one connection only: the last one is closed before the next is opened.
    run.done = this.#stopping.then(() => this.#pullAgainAndAgain(run));
  }

  stop(): Promise<void> {
    const run = this.#run;
    if (!run) return this.#stopping;
    this.#run = null;
    run.relay.close();
    run.stop.abort();
    this.#stopping = run.done.then(() => {
      this.#keepTally(run);
      if (!this.#run) this.#enter({ name: 'idle' });
    });
    return this.#stopping;
  }

  onState(listener: (state: SourceState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  stats(): SourceStats {
    const live = this.#run?.relay.tally();
    const nowMs = this.#surroundings.clock.monotonicMs();
    const intake = this.#picture?.intake;
    const sent = intake ? intake.rates(nowMs) : (live?.rates ?? null);
    const rates = this.#state.name === 'playing' ? sent : null;
    return {
      ...this.#tally,
      packetsLost: this.#tally.packetsLost + (live?.packetsLost ?? 0) + (intake?.packetsLost ?? 0),
      bitsPerSecond: rates?.bitsPerSecond ?? null,
      framesPerSecond: rates?.framesPerSecond ?? null,
      lossRatio: rates?.lossRatio ?? null,
      playedMs: this.#playedMs + this.#stretchMs(),
      packetsOut: this.#tally.packetsOut + (live?.packetsOut ?? 0),
      packetsDropped: this.#tally.packetsDropped + (live?.packetsDropped ?? 0),
      replays: this.#tally.replays + (live?.replays ?? 0),
      keyFramesAsked: this.#tally.keyFramesAsked + (this.#run?.asker?.count ?? 0),
      lastFrameAtMs: live?.lastFrameAtMs ?? this.#lastFrameAtMs,
      gopLengthMs: live?.gopLengthMs ?? this.#gopLengthMs,
      lastPacketAtMs: this.#lastPacketAtMs,
      hasBPictures: live?.hasBPictures ?? false,
      transcoding: this.#picture?.transcoder?.cost() ?? null,
      transport: this.#state.name === 'playing' ? this.#transport : null,
    };
  }

  describe(): FeedFacts | null {
    return this.#run?.relay.facts() ?? this.#facts;
  }

  /** Never rejects: an attempt answers with its fault. */
  async #pullAgainAndAgain(run: Run): Promise<void> {
    const { clock } = this.#surroundings;
    const { signal } = run.stop;
    let failures = 0;
    while (!signal.aborted) {
      this.#enterWhile(run, { name: 'connecting' });
      const { fault, playedMs } = await this.#pull(run);
      if (signal.aborted) return;
      failures = playedMs >= limits.soundAfterMs ? 1 : failures + 1;
      this.#tally.restarts += 1;
      const waitMs = fault.needsPerson ? limits.refusedRetryMs : backOffMs(failures, this.#chance());
      const name = fault.needsPerson ? 'refused' : 'waiting';
      const nextTryAtMs = clock.nowMs() + waitMs;
      this.#enterWhile(run, { name, reason: fault.code, text: fault.message, nextTryAtMs });
      await delay(clock, waitMs, signal);
    }
  }

  /** One connection from beginning to end. */
  async #pull(run: Run): Promise<Attempt> {
    const { clock } = this.#surroundings;
    const { signal } = run.stop;
    let playingSinceMs: number | null = null;
    let client: RtspClient | null = null;
    let watch: SourceWatch | null = null;
    let sound: SoundPull | null = null;
    const leave = (): void => void client?.close();
    const endedBy = (fault: IngestFault): Attempt => {
      const playedMs = playingSinceMs === null ? 0 : clock.monotonicMs() - playingSinceMs;
      // Some cameras break off over a second track: after a failure with the sound, the picture is tried alone.
      if (playingSinceMs === null) this.#doesWithoutSound = sound !== null;
      return { fault, playedMs };
    };
    try {
      const pin = this.#address.certificateSha256 ?? null;
      const opened = await RtspClient.open(this.#url(), pin, this.#surroundings, signal);
      client = opened;
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) throw new IngestFault('stopped', STOPPED_TEXT);
      const track = chooseVideoTrack(opened.description);
      sound = await this.#openSound(run, opened);
      const itPlays = (): void => {
        watch?.packetCame();
        playingSinceMs ??= clock.monotonicMs();
        if (this.#state.name !== 'playing') this.#enterWhile(run, { name: 'playing' });
      };
      const toRelay = (packet: Uint8Array): void => {
        if (run.relay.accept(packet) !== 'foreign') itPlays();
      };
      const lipSync = sound === null ? null : run.lipSync;
      const picture = await PicturePull.open(track, lipSync, this.#surroundings, signal, toRelay);
      this.#picture = picture;
      picture.onWaiting = itPlays;
      run.relay.beginSource(picture.transcoder ? afterTranscoder(track) : track);
      const bytesIn = (): number => opened.bytesIn;
      const watching = new SourceWatch(clock, bytesIn, () => this.#whySilent(opened));
      watch = watching;
      const soundOutlet = sound && { track: sound.track, ...this.#outletOf(sound) };
      const wish = { wanted: this.#address.rtspTransport ?? 'auto', sound: soundOutlet } as const;
      await opened.play(track, this.#outletOf(picture), wish);
      this.#transport = opened.travelsBy;
      return endedBy(await Promise.race([opened.ended, watching.alarm, ...picture.endings]));
    } catch (thrown) {
      return endedBy(toIngestFault(thrown, 'camera-refused', 'The camera could not be pulled.'));
    } finally {
      watch?.stop();
      const picture = this.#picture;
      this.#picture = null;
      this.#tally.packetsLost += picture?.intake?.packetsLost ?? 0;
      await Promise.all([picture?.close(), sound?.close(), client?.close()]);
      signal.removeEventListener('abort', leave);
    }
  }

  /** Null where nobody may hear it, the camera has none, or it has cost the picture before. */
  async #openSound({ openAudio, lipSync, stop }: Run, { description }: RtspClient): Promise<SoundPull | null> {
    if (openAudio === null || this.#doesWithoutSound) return null;
    const wish = { openAudio, timelineOf: this.#timelineOf, lipSync };
    return SoundPull.open(description, wish, this.#surroundings, stop.signal);
  }

  #outletOf(pull: PicturePull | SoundPull): TrackOutlet {
    return {
      onRtp: (packet) => {
        this.#tally.packetsIn += 1;
        this.#tally.bytesIn += packet.length;
        this.#lastPacketAtMs = this.#surroundings.clock.nowMs();
        pull.take(packet);
      },
      onRtcp: (packet) => pull.takeRtcp(packet),
    };
  }

  #whySilent({ travelsBy }: RtspClient): string {
    if (travelsBy !== 'udp') return '';
    const { from, to } = this.#surroundings.udpPorts;
    return ` It sends over UDP: let the ports ${from} to ${to} in from it (SALLYPORT_CAMERA_UDP_PORTS).`;
  }

  #url(): RtspUrl {
    const reading = parseRtspUrl(this.#address.url);
    if (!reading.ok) throw new IngestFault('bad-url', reading.text);
    return reading.url;
  }

  /** 0..1 */
  #chance(): number {
    return (this.#surroundings.randomness.bytes(1)[0] ?? 0) / 255;
  }

  #keepTally({ relay, asker }: Run): void {
    const { packetsOut, packetsDropped, replays, packetsLost, gopLengthMs, lastFrameAtMs } = relay.tally();
    this.#tally.packetsOut += packetsOut;
    this.#tally.packetsDropped += packetsDropped;
    this.#tally.replays += replays;
    this.#tally.packetsLost += packetsLost;
    this.#tally.keyFramesAsked += asker?.count ?? 0;
    this.#gopLengthMs = gopLengthMs;
    this.#lastFrameAtMs = lastFrameAtMs ?? this.#lastFrameAtMs;
    this.#facts = relay.facts();
  }

  /** How long it has been playing without a break; 0 when it is not. */
  #stretchMs(): number {
    return this.#playingSinceMs === null ? 0 : this.#surroundings.clock.monotonicMs() - this.#playingSinceMs;
  }

  #enterWhile(run: Run, state: SourceState): void {
    if (this.#run === run) this.#enter(state);
  }

  #enter(state: SourceState): void {
    if (state.name === this.#state.name && state.name !== 'waiting' && state.name !== 'refused') return;
    this.#playedMs += this.#stretchMs();
    this.#playingSinceMs = state.name === 'playing' ? this.#surroundings.clock.monotonicMs() : null;
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (thrown) {
        // A listener's mistake is no reason to stop pulling, or not to stop; it surfaces by itself.
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }
}
