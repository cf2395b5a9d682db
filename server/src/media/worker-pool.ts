/*
 * The media workers of this process: starts them, says which carries least, and replaces the dead with a bounded
 * back-off. Feeds and valves hear of a death from their own router. Used by open-media.ts.
 */
import type { Clock, Timer } from '../app/ports/clock.ts';
import type { Log } from '../app/ports/log.ts';
import { Backoff } from './backoff.ts';
import { MediaFault, textOf } from './media-fault.ts';
import { type ListenPoint, MediaWorker } from './media-worker.ts';
import type { ProcessIdentity } from './process-identity.ts';

export type PoolOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly binaryPath: string;
  readonly workers: number;
  /** UDP and TCP port of the first worker; each further one takes the next. */
  readonly rtcPort: number;
  readonly listenOn: readonly ListenPoint[];
  /** Called after each unexpected death, before its replacement is tried. */
  readonly onWorkerDeath: (death: { readonly index: number; readonly pid: number }) => void;
  /** Called whenever the set of living workers has changed. */
  readonly onChanged: () => void;
};

type Slot = {
  readonly index: number;
  readonly backoff: Backoff;
  worker: MediaWorker | null;
  timer: Timer | null;
  /** The replacement being started; waited for when the pool closes. */
  starting: Promise<void> | null;
};

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #slots: readonly Slot[];
  #closed = false;

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, (_, index) => ({
      index,
      backoff: new Backoff(options.clock),
      worker: null,
      timer: null,
      starting: null,
    }));
  }

  /** Starts all workers, or none: throws the first MediaFault and leaves nothing behind. */
  static async start(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    try {
      for (const slot of pool.#slots) await pool.#fill(slot);
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** The worker that carries least. Throws MediaFault `no-worker` while none is alive. */
  leastLoaded(): MediaWorker {
    const [first, ...others] = this.workers();
    if (!first) throw new MediaFault('no-worker', 'no media worker is alive at the moment');
    return others.reduce((least, worker) => (worker.load < least.load ? worker : least), first);
  }

  /** Those alive. */
  workers(): readonly MediaWorker[] {
    return this.#slots.flatMap((slot) => (slot.worker && !slot.worker.gone ? [slot.worker] : []));
  }

  identities(): readonly ProcessIdentity[] {
    return this.workers().map((worker) => worker.identity);
  }

  /** Ends all workers; no replacement starts any more. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const slot of this.#slots) slot.timer?.cancel();
    await Promise.all(this.#slots.map((slot) => slot.starting));
    await Promise.all(this.#slots.map((slot) => slot.worker?.stop()));
  }

  async #fill(slot: Slot): Promise<void> {
    const { clock, binaryPath, listenOn, rtcPort, log } = this.#options;
    const worker = await MediaWorker.start({ clock, binaryPath, listenOn, port: rtcPort + slot.index });
    slot.worker = worker;
    slot.backoff.begun();
    if (this.#closed) return;
    worker.onDied(() => this.#bury(slot, worker));
    log.info({ worker: slot.index, pid: worker.identity.pid, port: rtcPort + slot.index }, 'media worker started');
    this.#options.onChanged();
  }

  #bury(slot: Slot, worker: MediaWorker): void {
    slot.worker = null;
    this.#options.log.error({ worker: slot.index, pid: worker.identity.pid }, 'media worker died');
    this.#options.onWorkerDeath({ index: slot.index, pid: worker.identity.pid });
    this.#options.onChanged();
    this.#fillLater(slot);
  }

  #fillLater(slot: Slot): void {
    if (this.#closed) return;
    slot.timer = this.#options.clock.after(slot.backoff.nextDelayMs(), () => {
      slot.starting = this.#fill(slot)
        .catch((error: unknown) => {
          this.#options.log.error({ worker: slot.index, error: textOf(error) }, 'media worker does not start');
          this.#fillLater(slot);
        })
        .finally(() => {
          slot.starting = null;
        });
    });
  }
}
