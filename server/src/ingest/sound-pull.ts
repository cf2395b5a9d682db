/*
 * The sound of one connection to a camera: through its transcoder where it needs one, let go when its time has come, into
 * the sink. Whatever goes wrong here costs sound alone. Opened by the source, and closed with the connection.
 */
import type { FeedSink, OpenAudioSink } from '../app/ports/feed-sink.ts';
import { type AudioTrack, afterSoundTranscoder, chooseAudioTrack } from './audio-track.ts';
import { backOffMs } from './back-off.ts';
import { HoldLine } from './hold-line.ts';
import { IngestFault } from './ingest-fault.ts';
import type { LipSync } from './lip-sync.ts';
import { parseRtpPacket } from './rtp-packet.ts';
import type { RtpTimeline } from './rtp-timeline.ts';
import type { SdpDescription } from './sdp-description.ts';
import { readSenderReport } from './sender-report.ts';
import { SoundRelay } from './sound-relay.ts';
import { TranscodedTime } from './transcoded-time.ts';
import { Transcoder, type TranscoderSurroundings } from './transcoder.ts';
import type { TrackOutlet } from './udp-track.ts';
import { delay } from './within.ts';

export type SoundWish = {
  readonly openAudio: OpenAudioSink;
  readonly timelineOf: (sink: FeedSink, clockRateHz: number) => RtpTimeline;
  readonly lipSync: LipSync;
};

export class SoundPull {
  readonly track: AudioTrack;
  readonly #surroundings: TranscoderSurroundings;
  readonly #lipSync: LipSync;
  readonly #line: HoldLine;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #end = (): void => void this.close();
  #transcoder: Transcoder | null = null;
  #time: TranscodedTime | null = null;
  #running: Promise<void> = Promise.resolve();

  private constructor(
    track: AudioTrack,
    sink: FeedSink,
    wish: SoundWish,
    surroundings: TranscoderSurroundings,
    signal: AbortSignal,
  ) {
    const { clock } = surroundings;
    const arriving = track.foreign === null ? track : afterSoundTranscoder(track);
    const timeline = wish.timelineOf(sink, arriving.clockRateHz);
    const relay = new SoundRelay(sink, timeline, clock, arriving.payloadType);
    this.track = track;
    this.#surroundings = surroundings;
    this.#lipSync = wish.lipSync;
    this.#line = new HoldLine(clock, (packet) => relay.accept(packet));
    wish.lipSync.begin('sound', track.clockRateHz);
    this.#signal = signal;
    signal.addEventListener('abort', this.#end, { once: true });
    if (signal.aborted) this.#end();
  }

  /**
   * Null when the camera offers no sound that can be carried, or there is no way in for it. Closes by itself when the
   * signal fires. Does not reject.
   */
  static async open(
    description: SdpDescription,
    wish: SoundWish,
    surroundings: TranscoderSurroundings,
    signal: AbortSignal,
  ): Promise<SoundPull | null> {
    const track = chooseAudioTrack(description);
    const sink = track && (await wish.openAudio(track.codec));
    if (!track || !sink) return null;
    const pull = new SoundPull(track, sink, wish, surroundings, signal);
    // Not waited for: the picture is there sooner than ffmpeg.
    if (track.foreign) pull.#running = pull.#transcodeAgainAndAgain();
    return pull;
  }

  /** Takes one RTP packet of the camera's sound. */
  take(packet: Uint8Array): void {
    if (this.#stop.signal.aborted) return;
    if (this.track.foreign === null) {
      this.#goOn(packet, parseRtpPacket(packet)?.timestamp);
    } else if (this.#transcoder !== null) {
      const read = parseRtpPacket(packet);
      if (read?.payloadType !== this.track.payloadType) return;
      this.#time?.fed(packet, this.#surroundings.clock.monotonicMs());
      this.#transcoder.feed(packet);
    }
  }

  /** Takes one RTCP packet of the camera's sound. */
  takeRtcp(packet: Uint8Array): void {
    const report = readSenderReport(packet);
    if (report) this.#lipSync.report('sound', report);
  }

  /** Nothing is sent any more; resolves when its transcoder is gone. Never rejects; idempotent. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#end);
    this.#stop.abort();
    this.#line.close();
    await this.#running;
  }

  #goOn(packet: Uint8Array, cameraTimestamp: number | null | undefined): void {
    if (this.#stop.signal.aborted) return;
    const { clock } = this.#surroundings;
    const told =
      typeof cameraTimestamp === 'number' ? this.#lipSync.see('sound', cameraTimestamp, clock.monotonicMs()) : null;
    this.#line.take(packet, told ?? this.#lipSync.holdMs('sound'));
  }

  /** Until it is closed, or the transcoder cannot be had at all. */
  async #transcodeAgainAndAgain(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await this.#transcode();
      } catch (thrown) {
        // Without an ffmpeg there will be none in a minute; a busy one will be free.
        if (!(thrown instanceof IngestFault) || thrown.needsPerson) return;
      }
      await delay(this.#surroundings.clock, backOffMs(failures, 0), signal);
    }
  }

  /** One ffmpeg from its start to its end, or to the close. */
  async #transcode(): Promise<void> {
    const { foreign } = this.track;
    const { signal } = this.#stop;
    if (foreign === null) return;
    const time = new TranscodedTime('sound', foreign.clockRateHz, afterSoundTranscoder(this.track).clockRateHz);
    const { clock } = this.#surroundings;
    const outlet: TrackOutlet = {
      onRtp: (packet) => this.#goOn(packet, time.cameraTimestampOf(packet, clock.monotonicMs())),
      onRtcp: (packet) => time.reported(packet),
    };
    const transcoder = await Transcoder.open(foreign, this.#surroundings, signal, outlet);
    this.#time = time;
    this.#transcoder = transcoder;
    const stopped = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => stopped.resolve(), { once: true });
    if (signal.aborted) stopped.resolve();
    await Promise.race([transcoder.ended, stopped.promise]);
    this.#transcoder = null;
    await transcoder.close();
  }
}
