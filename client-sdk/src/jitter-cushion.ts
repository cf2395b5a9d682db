/*
 * Gives the picture of a lossy line time to be repaired. A lost packet comes again one round trip later at the earliest,
 * and browsers hold back less than that: the picture then stops at nearly every loss. While packets keep being asked for
 * again, so much is held back; on a good line nothing, since latency is what an officer cannot afford. Fed by the
 * picture guard with the statistics it reads anyway.
 */
import { clientLimits } from './client-limits.ts';

/** The part of RTCRtpReceiver that is set here; browsers without it keep their own buffer. */
export type Cushioned = { jitterBufferTarget?: number | null };
export type LossCount = { readonly nacks: number; readonly roundTripMs: number };

export class JitterCushion {
  readonly #receiver: Cushioned;
  /** When packets were asked for again, the newest last; no more than make a line lossy. */
  #asked: number[] = [];
  #nacks = 0;
  #targetMs: number | null = null;

  constructor(receiver: Cushioned) {
    this.#receiver = receiver;
  }

  /** Takes what was counted since the start. A reset to zero is a new count. */
  see({ nacks, roundTripMs }: LossCount, nowMs: number): void {
    if (nacks > this.#nacks) this.#asked = [...this.#asked, nowMs].slice(-clientLimits.lossesMeanLossy);
    this.#nacks = nacks;
    const oldest = this.#asked.length === clientLimits.lossesMeanLossy ? this.#asked[0] : undefined;
    const isLossy = oldest !== undefined && nowMs - oldest <= clientLimits.lossRememberedMs;
    this.#set(isLossy ? toTarget(roundTripMs) : null);
  }

  /** Each change is felt as a short stretch or squeeze of the picture: not for a small one. */
  #set(targetMs: number | null): void {
    const isSame = (targetMs === null) === (this.#targetMs === null);
    if (isSame && Math.abs((targetMs ?? 0) - (this.#targetMs ?? 0)) < clientLimits.cushionStepMs) return;
    this.#targetMs = targetMs;
    if ('jitterBufferTarget' in this.#receiver) this.#receiver.jitterBufferTarget = targetMs;
  }
}

/** Three round trips: to ask, to be answered, and once more for an answer that was lost too. */
function toTarget(roundTripMs: number): number {
  return Math.min(clientLimits.cushionMsMax, Math.max(clientLimits.cushionMsMin, 3 * roundTripMs));
}

/** Reads both figures out of a receiver's statistics; what is missing counts as none. */
export function readLossCount(report: RTCStatsReport): LossCount {
  let nacks = 0;
  let roundTripMs = 0;
  report.forEach((stats: { type: string; nackCount?: number; currentRoundTripTime?: number; nominated?: boolean }) => {
    if (stats.type === 'inbound-rtp') nacks = stats.nackCount ?? 0;
    if (stats.type === 'candidate-pair' && stats.nominated) roundTripMs = 1_000 * (stats.currentRoundTripTime ?? 0);
  });
  return { nacks, roundTripMs };
}
