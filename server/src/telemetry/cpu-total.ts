/*
 * One ever-growing total out of what the living media workers say of themselves. Pure but for what it remembers. A
 * worker that died keeps its share in the total, so that the counter never goes back.
 */

export type WorkerCpu = { readonly worker: string; readonly cpuSeconds: number };

/** Workers remembered; far more than ever live, so that one that missed an answer is not counted anew. */
const WORKERS_MAX = 1_000;

export class CpuTotal {
  readonly #last = new Map<string, number>();

  /** Takes a new reading; answers the seconds by which the total has grown, 0 or more. */
  advance(readings: readonly WorkerCpu[]): number {
    let grown = 0;
    for (const { worker, cpuSeconds } of readings) {
      if (!Number.isFinite(cpuSeconds)) continue;
      const last = this.#last.get(worker) ?? 0;
      // Less than before under the same name is a new process that was given an old number.
      grown += Math.max(0, cpuSeconds < last ? cpuSeconds : cpuSeconds - last);
      this.#last.delete(worker);
      this.#last.set(worker, cpuSeconds);
    }
    for (const worker of this.#last.keys()) {
      if (this.#last.size <= WORKERS_MAX) break;
      this.#last.delete(worker);
    }
    return grown;
  }
}
