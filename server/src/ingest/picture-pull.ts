/*
 * The picture of one connection to a camera: what it sends is measured, goes through its transcoder where it needs one,
 * is held back where its sound is late, and goes on into the relay. Opened by the source, and closed with the connection.
 */
import { HoldLine } from './hold-line.ts';
import type { IngestFault } from './ingest-fault.ts';
import { IntakeMeter } from './intake-meter.ts';
import type { LipSync } from './lip-sync.ts';
import { PayloadTypeGuess } from './payload-type-guess.ts';
import { parseRtpPacket } from './rtp-packet.ts';
import { readSenderReport } from './sender-report.ts';
import { TranscodedTime } from './transcoded-time.ts';
import { Transcoder, type TranscoderSurroundings } from './transcoder.ts';
import type { VideoTrack } from './video-track.ts';

/** All video (RFC 6184, 8.1; RFC 7798, 7.1; RFC 2435, 3). */
const CLOCK_HZ = 90_000;

export class PicturePull {
  /** What the camera itself sends; null where the relay sees that. */
  readonly intake: IntakeMeter | null;
  readonly transcoder: Transcoder | null;
  /** Called while the camera sends pictures that no decoder could begin with. MUST NOT throw. */
  onWaiting: () => void = () => {};
  readonly #payloadType: number;
  readonly #guess: PayloadTypeGuess;
  readonly #lipSync: LipSync | null;
  readonly #line: HoldLine;
  readonly #surroundings: TranscoderSurroundings;
  readonly #time: TranscodedTime | null;
  #isClosed = false;

  private constructor(
    track: VideoTrack,
    transcoder: Transcoder | null,
    lipSync: LipSync | null,
    time: TranscodedTime | null,
    line: HoldLine,
    surroundings: TranscoderSurroundings,
  ) {
    this.intake = transcoder === null ? null : new IntakeMeter();
    this.transcoder = transcoder;
    this.#payloadType = track.payloadType;
    this.#guess = new PayloadTypeGuess(track.payloadType);
    this.#lipSync = lipSync;
    this.#time = time;
    this.#line = line;
    this.#surroundings = surroundings;
    lipSync?.begin('picture', CLOCK_HZ);
  }

  /** `lipSync` is null where there is no sound to wait for. `onward` MUST NOT throw. Throws as a transcoder's start. */
  static async open(
    track: VideoTrack,
    lipSync: LipSync | null,
    surroundings: TranscoderSurroundings,
    signal: AbortSignal,
    onward: (packet: Uint8Array) => void,
  ): Promise<PicturePull> {
    const { clock } = surroundings;
    const line = new HoldLine(clock, onward);
    if (!track.foreign) return new PicturePull(track, null, lipSync, null, line, surroundings);
    const time = lipSync === null ? null : new TranscodedTime('picture', CLOCK_HZ, CLOCK_HZ);
    let comesBack: (packet: Uint8Array) => void = () => {};
    const transcoder = await Transcoder.open(track.foreign, surroundings, signal, {
      onRtp: (packet) => comesBack(packet),
      onRtcp: (packet) => time?.reported(packet),
    });
    const pull = new PicturePull(track, transcoder, lipSync, time, line, surroundings);
    comesBack = (packet) => pull.#goOn(packet, time?.cameraTimestampOf(packet, clock.monotonicMs()) ?? null);
    return pull;
  }

  /** Takes one RTP packet of the camera; writes the described payload type into it where the description is wrong. */
  take(packet: Uint8Array): void {
    this.#guess.correct(packet);
    const isRead = this.#lipSync !== null || this.intake !== null;
    const read = isRead ? parseRtpPacket(packet) : null;
    const own = read?.payloadType === this.#payloadType ? read : null;
    if (this.transcoder === null) {
      this.#goOn(packet, own?.timestamp ?? null);
      return;
    }
    const nowMs = this.#surroundings.clock.monotonicMs();
    const isFed = this.transcoder.feed(packet) === 'taken';
    if (own) {
      this.intake?.see(own, packet.length, nowMs);
      if (isFed) this.#time?.fed(packet, nowMs);
    }
    if (!isFed) this.onWaiting();
  }

  /** Takes one RTCP packet of the camera. */
  takeRtcp(packet: Uint8Array): void {
    const report = this.#lipSync === null ? null : readSenderReport(packet);
    if (report) this.#lipSync?.report('picture', report);
  }

  /** When its transcoder is gone, the reason; without one there is nothing that could end. */
  get endings(): readonly Promise<IngestFault>[] {
    return this.transcoder === null ? [] : [this.transcoder.ended];
  }

  /** Nothing goes on any more; resolves when its transcoder is gone. Never rejects; idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#line.close();
    await this.transcoder?.close();
  }

  #goOn(packet: Uint8Array, cameraTimestamp: number | null): void {
    if (this.#isClosed) return;
    const nowMs = this.#surroundings.clock.monotonicMs();
    const told = cameraTimestamp === null ? null : this.#lipSync?.see('picture', cameraTimestamp, nowMs);
    this.#line.take(packet, told ?? this.#lipSync?.holdMs('picture') ?? 0);
  }
}
