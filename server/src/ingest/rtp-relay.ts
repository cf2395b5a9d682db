/*
 * From a camera's RTP to the media server's: own SSRC, sequence and time across all reconnects, SPS and PPS in front of
 * every key picture, packets no longer than the network likes, and key frames on request.
 * One per `start` of a source. No I/O but the sink.
 */

import type { FeedFacts } from '../app/ports/camera-source.ts';
import type { Clock } from '../app/ports/clock.ts';
import type { FeedSink } from '../app/ports/feed-sink.ts';
import { buildCaptureTime } from './capture-time.ts';
import { GopCache } from './gop-cache.ts';
import { buildStapA, isUsablePayload } from './h264-payload.ts';
import { IntakeMeter, type IntakeRates } from './intake-meter.ts';
import { KeyFrameReplay } from './key-frame-replay.ts';
import { KeyPictures } from './key-pictures.ts';
import { limits } from './limits.ts';
import { ParameterSets } from './parameter-sets.ts';
import { type Fitted, PayloadFitter } from './payload-fitter.ts';
import { wantsKeyFrame } from './rtcp-feedback.ts';
import { parseRtpPacket, type RtpPacket, writeRtpPacket } from './rtp-packet.ts';
import type { Placed, RtpTimeline } from './rtp-timeline.ts';
import { factsOfSps, type VideoTrack } from './video-track.ts';

export type RelayTally = {
  readonly packetsOut: number;
  readonly packetsDropped: number;
  readonly replays: number;
  readonly gopLengthMs: number | null;
  /** Wall clock of the last picture that began; null before the first. */
  readonly lastFrameAtMs: number | null;
  readonly packetsLost: number;
  readonly hasBPictures: boolean;
  /** Null before enough was seen. */
  readonly rates: IntakeRates | null;
};

export class RtpRelay {
  readonly #sink: FeedSink;
  readonly #clock: Clock;
  readonly #timeline: RtpTimeline;
  readonly #sets = new ParameterSets();
  readonly #keys = new KeyPictures(this.#sets);
  readonly #fitter = new PayloadFitter(limits.payloadBytesMax);
  readonly #cache = new GopCache();
  readonly #meter = new IntakeMeter();
  readonly #replay: KeyFrameReplay;
  readonly #askCamera: () => void;
  #track: VideoTrack | null = null;
  #cameraSsrc: number | null = null;
  /** Packets lost on the way in and not yet left out on the way out. */
  #missing = 0;
  #waitsFor: 'key-picture' | 'nothing' = 'key-picture';
  #lastFrameAtMs: number | null = null;
  #packetsOut = 0;
  #packetsDropped = 0;
  #life: 'open' | 'closed' = 'open';

  /**
   * `timeline` MUST be the one of this sink: its sequence goes on when a source is stopped and started again.
   * `askCamera` is called, at any pace, when a key frame from the camera itself would be welcome; it MUST return at once.
   */
  constructor(sink: FeedSink, timeline: RtpTimeline, clock: Clock, askCamera: () => void = () => {}) {
    this.#askCamera = askCamera;
    this.#sink = sink;
    this.#clock = clock;
    this.#timeline = timeline;
    this.#replay = new KeyFrameReplay(this.#cache, this.#clock, (packet) => this.#toSink(packet));
    sink.onRtcp((rtcp) => {
      if (this.#life === 'open' && wantsKeyFrame(rtcp, sink.ssrc)) this.#keyFrameWanted();
    });
  }

  /** A (new) connection to the camera is about to play this track. */
  beginSource(track: VideoTrack): void {
    this.#track = track;
    this.#sets.forget();
    for (const nal of track.parameterSets) this.#sets.learn(nal);
    this.#cameraSsrc = null;
    this.#timeline.restart();
    this.#meter.restart();
    this.#breakOff();
  }

  /**
   * Takes one RTP packet of the camera; any bytes are safe. `of-track` when it is a sound packet of the chosen track,
   * whether or not it could be passed on; `foreign` for anything else.
   */
  accept(bytes: Uint8Array): 'of-track' | 'foreign' {
    const packet = parseRtpPacket(bytes);
    if (!packet || !this.#track || this.#life === 'closed') return this.#drop('foreign');
    if (packet.payloadType !== this.#track.payloadType) {
      // It may share the sequence, and must not leave a hole in ours.
      if (packet.ssrc === this.#cameraSsrc) {
        this.#timeline.place(packet.sequence, packet.timestamp, this.#clock.monotonicMs());
        this.#meter.passOver(packet.sequence, this.#clock.monotonicMs());
      }
      return this.#drop('foreign');
    }
    if (packet.ssrc !== this.#cameraSsrc) {
      this.#cameraSsrc = packet.ssrc;
      this.#timeline.restart();
      this.#meter.restart();
    }
    const nowMs = this.#clock.monotonicMs();
    if (this.#meter.see(packet, bytes.length, nowMs) === 'new-picture') this.#lastFrameAtMs = this.#clock.nowMs();
    const placed = this.#timeline.place(packet.sequence, packet.timestamp, nowMs);
    if (!placed) return this.#drop('of-track');
    if (placed.continuity === 'broken') this.#breakOff();
    return isUsablePayload(packet.payload) ? this.#pass(packet, placed) : this.#drop('of-track');
  }

  /** Whether pictures pass: false from a break until a key picture starts. */
  get isFlowing(): boolean {
    return this.#waitsFor === 'nothing';
  }

  /** Nothing leaves any more. Idempotent. */
  close(): void {
    this.#life = 'closed';
    this.#replay.cancel();
    this.#cache.clear();
  }

  tally(): RelayTally {
    return {
      packetsOut: this.#packetsOut,
      packetsDropped: this.#packetsDropped,
      replays: this.#replay.count,
      gopLengthMs: this.#cache.lengthMs,
      lastFrameAtMs: this.#lastFrameAtMs,
      packetsLost: this.#meter.packetsLost,
      hasBPictures: this.#meter.hasBPictures,
      rates: this.#meter.rates(this.#clock.monotonicMs()),
    };
  }

  /** What is known of the picture: from the newest SPS, else from the description. */
  facts(): FeedFacts | null {
    const sps = this.#sets.sps();
    const track = this.#track;
    if (!track) return null;
    const { cameraCodec, audio } = track.facts;
    return sps ? { ...factsOfSps(sps), cameraCodec, audio } : track.facts;
  }

  /** A replay of a young group costs nobody anything; for an old one, or none, the camera's own is better. */
  #keyFrameWanted(): void {
    this.#replay.request();
    const ageMs = this.#cache.ageMs(this.#clock.monotonicMs());
    if (this.#cache.isEmpty || ageMs === null || ageMs > limits.replayFreeMs) this.#wishForKeyFrame();
  }

  /** Behind a transcoder a key frame of the camera makes none of ours. */
  #wishForKeyFrame(): void {
    if (this.#track && !this.#track.foreign) this.#askCamera();
  }

  #pass(packet: RtpPacket, placed: Placed): 'of-track' {
    const sight = this.#keys.see(packet.payload, placed.timestamp);
    if (sight.picture === 'key-starts') this.#startKey(placed.timestamp);
    if (this.#waitsFor === 'key-picture') {
      this.#wishForKeyFrame();
      return this.#drop('of-track');
    }
    if (placed.missing > 0) {
      // What was held back came before the hole and goes before it.
      this.#emitAll(this.#fitter.flush());
      this.#missing = Math.min(this.#missing + placed.missing, limits.sequenceGapMax);
    }
    if (sight.payload !== null) this.#emitAll(this.#fitter.fit(sight.payload, placed.timestamp, packet.marker));
    return 'of-track';
  }

  #startKey(timestamp: number): void {
    this.#replay.cancel();
    this.#emitAll(this.#fitter.flush());
    this.#cache.begin(this.#clock.monotonicMs());
    this.#waitsFor = 'nothing';
    const sets = this.#sets.list();
    if (sets.length > 0) this.#emitAll(this.#fitter.fit(buildStapA(sets), timestamp, false));
  }

  #emitAll(fitted: readonly Fitted[]): void {
    for (const part of fitted) {
      const { ssrc, payloadType } = this.#sink;
      const sequence = this.#timeline.takeSequence(this.#missing);
      this.#missing = 0;
      const { timestamp, marker, pieces } = part;
      const packet = writeRtpPacket({ payloadType, marker, sequence, timestamp, ssrc }, pieces, this.#stamp(part));
      this.#cache.add(packet);
      this.#toSink(packet);
    }
  }

  /** The capture time, with the last packet of a picture; a replay brings the time of then, as it should. */
  #stamp({ marker }: Fitted): Uint8Array | undefined {
    const id = this.#sink.captureTimeId;
    return marker && typeof id === 'number' ? buildCaptureTime(id, this.#clock.nowMs()) : undefined;
  }

  #toSink(packet: Uint8Array): void {
    if (this.#life === 'closed') return;
    this.#packetsOut += 1;
    this.#sink.send(packet);
  }

  /** Pictures from here on refer to ones nobody has: an old picture is better than a smeared one. */
  #breakOff(): void {
    this.#replay.cancel();
    this.#cache.clear();
    this.#keys.restart();
    this.#fitter.drop();
    this.#missing = 0;
    this.#waitsFor = 'key-picture';
  }

  #drop<T>(answer: T): T {
    this.#packetsDropped += 1;
    return answer;
  }
}
