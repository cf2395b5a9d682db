/*
 * Keeps a camera's sound and picture together. The media server tells viewers the time of each by when its packets
 * reach it, so the two fit exactly if both took equally long from the camera's microphone and lens to there. The
 * camera's sender reports say how long each takes; whichever is early is held back by the difference. No I/O, no clock.
 */
import { limits } from './limits.ts';
import { timestampDelta } from './rtp-packet.ts';
import type { SenderReport } from './sender-report.ts';

export type TrackName = 'picture' | 'sound';

type Track = {
  readonly clockRateHz: number;
  report: SenderReport | null;
  timestamp: number | null;
  /** Newest last: how long packets took, in milliseconds, up to a constant that both tracks share. */
  readonly transitsMs: number[];
};

export class LipSync {
  readonly #tracks = new Map<TrackName, Track>();
  readonly #holdMs = { picture: 0, sound: 0 };
  #settledAtMs: number | null = null;

  /** A (new) connection plays this track; what was measured before says nothing about it. */
  begin(name: TrackName, clockRateHz: number): void {
    this.#tracks.set(name, { clockRateHz, report: null, timestamp: null, transitsMs: [] });
    this.#settledAtMs = null;
  }

  report(name: TrackName, report: SenderReport): void {
    const track = this.#tracks.get(name);
    if (track) track.report = report;
  }

  /** A packet of the camera's time `timestamp` is ready to go on at `nowMs` (monotonic). */
  see(name: TrackName, timestamp: number, nowMs: number): void {
    const track = this.#tracks.get(name);
    // As the media server: what counts is the first packet of each new time.
    if (!track || (track.timestamp !== null && timestampDelta(track.timestamp, timestamp) <= 0)) return;
    track.timestamp = timestamp;
    if (track.report === null) return;
    const sinceMs = (timestampDelta(track.report.timestamp, timestamp) * 1_000) / track.clockRateHz;
    track.transitsMs.push(nowMs - (track.report.cameraMs + sinceMs));
    if (track.transitsMs.length > limits.lipSyncSamples) track.transitsMs.shift();
    this.#settledAtMs ??= nowMs;
    if (nowMs - this.#settledAtMs < limits.lipSyncSettleMs) return;
    this.#settledAtMs = nowMs;
    this.#settle();
  }

  /** How long a packet of this track is to be held back now. */
  holdMs(name: TrackName): number {
    return this.#holdMs[name];
  }

  #settle(): void {
    const aheadMs = this.soundAheadMs();
    if (aheadMs === null) return;
    const sound = Math.min(Math.max(0, aheadMs), limits.soundHoldMsMax);
    const picture = Math.min(Math.max(0, -aheadMs), limits.pictureHoldMsMax);
    // A change is heard and seen; jitter is not worth one.
    if (Math.abs(sound - this.#holdMs.sound) >= limits.lipSyncStepMs) this.#holdMs.sound = sound;
    if (Math.abs(picture - this.#holdMs.picture) >= limits.lipSyncStepMs) this.#holdMs.picture = picture;
  }

  /** How much sooner the sound is here than its picture; null while unknown, or when the camera's reports cannot be true. */
  soundAheadMs(): number | null {
    const picture = median(this.#tracks.get('picture')?.transitsMs ?? []);
    const sound = median(this.#tracks.get('sound')?.transitsMs ?? []);
    if (picture === null || sound === null) return null;
    return Math.abs(picture - sound) <= limits.lipSyncDoubtMs ? picture - sound : null;
  }
}

function median(values: readonly number[]): number | null {
  if (values.length < limits.lipSyncSamplesMin) return null;
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? null;
}
