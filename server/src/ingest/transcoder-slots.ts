/*
 * How many transcoders may run at once, on this whole server: each takes a good part of a core. Counted here, handed to
 * every source by the factory.
 */
import { IngestFault } from './ingest-fault.ts';

export class TranscoderSlots {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get active(): number {
    return this.#taken;
  }

  /** Takes one; answers the way to give it back, which is idempotent. Throws `transcoders-busy` when all are taken. */
  take(): () => void {
    if (this.#taken >= this.#max)
      throw new IngestFault('transcoders-busy', `All ${this.#max} transcoders are busy; prefer the H.264 sub-stream.`);
    this.#taken += 1;
    let state: 'taken' | 'given-back' = 'taken';
    return () => {
      if (state === 'taken') this.#taken -= 1;
      state = 'given-back';
    };
  }
}
