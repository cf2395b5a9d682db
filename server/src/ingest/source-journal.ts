/*
 * A source's state and counters over all its runs: who is told of a change, what earlier relays have counted. No I/O.
 * One per source.
 */
import type { FeedFacts, SourceState, SourceStats } from '../app/ports/camera-source.ts';
import type { Clock } from '../app/ports/clock.ts';
import type { RtpRelay } from './rtp-relay.ts';

const NO_TALLY = {
  packetsIn: 0,
  bytesIn: 0,
  packetsOut: 0,
  packetsDropped: 0,
  replays: 0,
  restarts: 0,
  packetsLost: 0,
};

export class SourceJournal {
  readonly #clock: Clock;
  readonly #listeners = new Set<(state: SourceState) => void>();
  #state: SourceState = { name: 'idle' };
  #tally = { ...NO_TALLY };
  #gopLengthMs: number | null = null;
  #lastPacketAtMs: number | null = null;
  #lastFrameAtMs: number | null = null;
  /** Breaks left out; the stretch that runs is added when it is asked for. */
  #playedMs = 0;
  #playingSinceMs: number | null = null;
  #facts: FeedFacts | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): SourceState {
    return this.#state;
  }

  onState(listener: (state: SourceState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells everybody, unless nothing is new. A listener that throws is its own affair. */
  enter(state: SourceState): void {
    if (state.name === this.#state.name && state.name !== 'waiting' && state.name !== 'refused') return;
    this.#playedMs += this.#stretchMs();
    this.#playingSinceMs = state.name === 'playing' ? this.#clock.monotonicMs() : null;
    this.#state = state;
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }

  /** A packet arrived, whatever becomes of it. */
  count(packet: Uint8Array): void {
    this.#tally.packetsIn += 1;
    this.#tally.bytesIn += packet.length;
    this.#lastPacketAtMs = this.#clock.nowMs();
  }

  get bytesIn(): number {
    return this.#tally.bytesIn;
  }

  restarted(): void {
    this.#tally.restarts += 1;
  }

  /** A run is over: what its relay has counted stays. */
  keep(relay: RtpRelay): void {
    const { packetsOut, packetsDropped, replays, packetsLost, gopLengthMs, lastFrameAtMs } = relay.tally();
    this.#tally.packetsOut += packetsOut;
    this.#tally.packetsDropped += packetsDropped;
    this.#tally.replays += replays;
    this.#tally.packetsLost += packetsLost;
    this.#gopLengthMs = gopLengthMs;
    this.#lastFrameAtMs = lastFrameAtMs ?? this.#lastFrameAtMs;
    this.#facts = relay.facts();
  }

  /** `relay` is the one that runs now; null when none does. */
  stats(relay: RtpRelay | null): SourceStats {
    const live = relay?.tally();
    const rates = this.#state.name === 'playing' ? (live?.rates ?? null) : null;
    return {
      ...this.#tally,
      packetsOut: this.#tally.packetsOut + (live?.packetsOut ?? 0),
      packetsDropped: this.#tally.packetsDropped + (live?.packetsDropped ?? 0),
      replays: this.#tally.replays + (live?.replays ?? 0),
      packetsLost: this.#tally.packetsLost + (live?.packetsLost ?? 0),
      bitsPerSecond: rates?.bitsPerSecond ?? null,
      framesPerSecond: rates?.framesPerSecond ?? null,
      lossRatio: rates?.lossRatio ?? null,
      playedMs: this.#playedMs + this.#stretchMs(),
      gopLengthMs: live?.gopLengthMs ?? this.#gopLengthMs,
      lastPacketAtMs: this.#lastPacketAtMs,
      lastFrameAtMs: live?.lastFrameAtMs ?? this.#lastFrameAtMs,
      // A publisher's packets come by WebRTC, and as H.264.
      keyFramesAsked: 0,
      hasBPictures: live?.hasBPictures ?? false,
      transport: null,
      transcoding: null,
    };
  }

  facts(relay: RtpRelay | null): FeedFacts | null {
    return relay?.facts() ?? this.#facts;
  }

  /** How long it has been playing without a break; 0 when it is not. */
  #stretchMs(): number {
    return this.#playingSinceMs === null ? 0 : this.#clock.monotonicMs() - this.#playingSinceMs;
  }
}
