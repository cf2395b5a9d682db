/*
 * What watching costs the server: from the first look to the last, its processor time against the viewers and packets of
 * that time. Server and viewers are looked at together, or the two would not be about the same packets.
 */
import type { Crew } from './crew.ts';
import { sumCounts, type Window } from './figures.ts';
import type { ServerMeter, ServerUsage } from './server-usage.ts';

type Look = {
  readonly atMs: number;
  readonly usage: ServerUsage;
  readonly packets: number;
  readonly viewersUp: number;
};

export class CostWindow {
  readonly #meter: ServerMeter;
  readonly #crew: Crew;
  #first: Look | null = null;
  #last: Look | null = null;
  #viewerSeconds = 0;

  constructor(meter: ServerMeter, crew: Crew) {
    this.#meter = meter;
    this.#crew = crew;
  }

  async look(): Promise<void> {
    const { snapshots } = this.#crew;
    const usage = await this.#meter();
    if (!usage) return;
    const viewersUp = snapshots.reduce((sum, one) => sum + one.viewersUp, 0);
    const now: Look = { atMs: performance.now(), usage, packets: sumCounts(snapshots).packets, viewersUp };
    if (this.#last) {
      const seconds = (now.atMs - this.#last.atMs) / 1_000;
      this.#viewerSeconds += (seconds * (this.#last.viewersUp + now.viewersUp)) / 2;
    }
    this.#first ??= now;
    this.#last = now;
  }

  /** Null when there were not two looks. */
  close(): Window | null {
    const [first, last] = [this.#first, this.#last];
    if (!first || !last || first === last) return null;
    return {
      from: first.usage,
      to: last.usage,
      wallMs: last.atMs - first.atMs,
      viewerSeconds: this.#viewerSeconds,
      packets: last.packets - first.packets,
    };
  }
}
