/*
 * Watches one connection that should be playing: raises the alarm when no packet comes, or far too much does.
 */
import type { Clock, Timer } from '../app/ports/clock.ts';
import { IngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';

const LOOK_EVERY_MS = 1_000;

export class SourceWatch {
  readonly #clock: Clock;
  readonly #bytesIn: () => number;
  readonly #whySilent: () => string;
  readonly #alarm = Promise.withResolvers<IngestFault>();
  #lastPacketAtMs: number;
  #lookedAtMs: number;
  #bytesSeen = 0;
  #timer: Timer | null = null;

  /** Starts watching at once; the caller MUST stop it. `whySilent` is what to look at when nothing comes. */
  constructor(clock: Clock, bytesIn: () => number, whySilent: () => string) {
    this.#clock = clock;
    this.#bytesIn = bytesIn;
    this.#whySilent = whySilent;
    this.#lastPacketAtMs = clock.monotonicMs();
    this.#lookedAtMs = this.#lastPacketAtMs;
    this.#plan();
  }

  /** Resolves with `silent` or `flooded`; never rejects, and never resolves once stopped. */
  get alarm(): Promise<IngestFault> {
    return this.#alarm.promise;
  }

  packetCame(): void {
    this.#lastPacketAtMs = this.#clock.monotonicMs();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #plan(): void {
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const bytes = this.#bytesIn();
    const allowed = (limits.bytesPerSecondMax * Math.max(LOOK_EVERY_MS, nowMs - this.#lookedAtMs)) / 1_000;
    if (bytes - this.#bytesSeen > allowed) {
      this.#alarm.resolve(new IngestFault('flooded', 'The camera sends more than 100 Mbit/s; lower its bit rate.'));
    } else if (nowMs - this.#lastPacketAtMs >= limits.silentAfterMs) {
      const seconds = limits.silentAfterMs / 1_000;
      const text = `The camera plays, but sent no picture for ${seconds} s.${this.#whySilent()}`;
      this.#alarm.resolve(new IngestFault('silent', text));
    } else {
      this.#bytesSeen = bytes;
      this.#lookedAtMs = nowMs;
      this.#plan();
    }
  }
}
