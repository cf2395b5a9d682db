/*
 * Keeps a camera's sound and picture together. The media server tells viewers the time of each by when its newest packet
 * reaches it, so the two fit exactly if both take equally long from the camera's lens and microphone to there, and the
 * sound comes evenly: many cameras, and every transcoder, send it in bursts. So sound is let go when its time has come,
 * and the picture is held back where the sound is the later one. The camera's sender reports say how long each takes.
 * No I/O, no clock.
 */
import { limits } from './limits.ts';
import { timestampDelta } from './rtp-packet.ts';
import type { SenderReport } from './sender-report.ts';

export type TrackName = 'picture' | 'sound';

type Track = {
  readonly clockRateHz: number;
  /** What a timestamp of it stands for: by the newest report, or by guess, which is good for this track alone. */
  anchor: SenderReport | null;
  isReported: boolean;
  timestamp: number | null;
  /** Newest last: how long packets took, in milliseconds from the same zero where both are reported. */
  transitsMs: number[];
};

export class LipSync {
  readonly #tracks = new Map<TrackName, Track>();
  readonly #holdMs = { picture: 0, sound: 0 };
  /** What every packet of sound takes, once the early ones have waited; null while that is not known. */
  #soundTakesMs: number | null = null;
  #settledAtMs: number | null = null;

  /** A (new) connection plays this track; what was measured before says nothing about it. Holds last until it is known. */
  begin(name: TrackName, clockRateHz: number): void {
    this.#tracks.set(name, { clockRateHz, anchor: null, isReported: false, timestamp: null, transitsMs: [] });
    this.#soundTakesMs = null;
    this.#settledAtMs = null;
  }

  report(name: TrackName, report: SenderReport): void {
    const track = this.#tracks.get(name);
    if (!track) return;
    if (!track.isReported) this.#forget(track);
    track.anchor = report;
    track.isReported = true;
  }

  /**
   * A packet of the camera's time `timestamp` is ready to go on at `nowMs` (monotonic): answers for how many milliseconds
   * it is to be held back.
   */
  see(name: TrackName, timestamp: number, nowMs: number): number {
    const track = this.#tracks.get(name);
    if (!track) return 0;
    track.anchor ??= { cameraMs: nowMs, timestamp };
    const sinceMs = (timestampDelta(track.anchor.timestamp, timestamp) * 1_000) / track.clockRateHz;
    const transitMs = nowMs - (track.anchor.cameraMs + sinceMs);
    // As the media server: what counts is the first packet of each new time.
    if (track.timestamp === null || timestampDelta(track.timestamp, timestamp) > 0) {
      track.timestamp = timestamp;
      track.transitsMs.push(transitMs);
      if (track.transitsMs.length > limits.lipSyncSamples) track.transitsMs.shift();
      this.#settleNowAndThen(nowMs);
    }
    if (name === 'picture' || this.#soundTakesMs === null) return this.#holdMs[name];
    return Math.min(Math.max(0, this.#soundTakesMs - transitMs), limits.soundHoldMsMax);
  }

  /** How long a packet whose time cannot be told is held back: as the others of its track are, more or less. */
  holdMs(name: TrackName): number {
    return this.#holdMs[name];
  }

  /**
   * How much sooner the sound is here than its picture, each taken as it goes on when nothing holds it back; null while
   * unknown, or when the camera's reports cannot be true.
   */
  soundAheadMs(): number | null {
    const picture = this.#tracks.get('picture');
    const sound = this.#tracks.get('sound');
    if (!picture?.isReported || !sound?.isReported) return null;
    const pictureMs = quantile(picture.transitsMs, 0.5);
    const soundMs = quantile(sound.transitsMs, LATE);
    if (pictureMs === null || soundMs === null) return null;
    return Math.abs(pictureMs - soundMs) <= limits.lipSyncDoubtMs ? pictureMs - soundMs : null;
  }

  #settleNowAndThen(nowMs: number): void {
    if (this.#settledAtMs !== null && nowMs - this.#settledAtMs < limits.lipSyncSettleMs) return;
    const sound = this.#tracks.get('sound')?.transitsMs ?? [];
    const lateMs = quantile(sound, LATE);
    const usualMs = quantile(sound, 0.5);
    if (lateMs === null || usualMs === null) return;
    const aheadMs = this.soundAheadMs();
    // Without reports, evenness is all that can be had. The first time is as soon as enough is known.
    if (aheadMs !== null) this.#settledAtMs = nowMs;
    const takesMs = lateMs + Math.min(Math.max(0, aheadMs ?? 0), limits.soundHoldMsMax);
    const pictureMs = aheadMs === null ? 0 : Math.min(Math.max(0, -aheadMs), limits.pictureHoldMsMax);
    // A change is heard and seen; jitter is not worth one.
    if (isStep(this.#soundTakesMs, takesMs)) this.#soundTakesMs = takesMs;
    if (isStep(this.#holdMs.picture, pictureMs)) this.#holdMs.picture = pictureMs;
    this.#holdMs.sound = Math.max(0, (this.#soundTakesMs ?? takesMs) - usualMs);
  }

  /** Times by guess and times by report do not go together. */
  #forget(track: Track): void {
    track.transitsMs = [];
    this.#soundTakesMs = null;
    this.#settledAtMs = null;
  }
}

/** The share of the sound that is in time; what is later still goes on at once. */
const LATE = 0.9;

const isStep = (from: number | null, to: number): boolean =>
  from === null || Math.abs(to - from) >= limits.lipSyncStepMs;

function quantile(values: readonly number[], share: number): number | null {
  if (values.length < limits.lipSyncSamplesMin) return null;
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? null;
}
