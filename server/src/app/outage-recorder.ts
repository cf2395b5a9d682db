/*
 * Puts on record that a camera was away while it was watched: who reads a session in the ledger knows then what it did
 * not show. One note for an outage; a camera that flaps gets one a minute, for all of them. One recorder for each feed.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import { appBounds } from './bounds.ts';
import type { Clock, Timer } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { EntryAppender } from './ports/store.ts';

/** `backAtMs` is null when it had not come back by the end. */
type Outages = { readonly lostAtMs: number; readonly backAtMs: number | null; readonly count: number };

export class OutageRecorder {
  readonly #cameraId: CameraId;
  readonly #appender: EntryAppender;
  readonly #clock: Clock;
  readonly #log: Log;
  #camera: 'not-yet-there' | 'there' | { readonly lostAtMs: number } = 'not-yet-there';
  #held: Outages | null = null;
  #window: Timer | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(cameraId: CameraId, appender: EntryAppender, clock: Clock, log: Log) {
    this.#cameraId = cameraId;
    this.#appender = appender;
    this.#clock = clock;
    this.#log = log;
  }

  /** The camera's picture comes. */
  playing(): void {
    const camera = this.#camera;
    this.#camera = 'there';
    if (typeof camera === 'string') return;
    this.#hold(camera.lostAtMs, Math.max(camera.lostAtMs, this.#clock.nowMs()));
    if (this.#window === null) this.#writeHeld();
  }

  /** It comes no more, or still does not. `lastPacketAtMs` is the wall clock of the last one that came. */
  away(lastPacketAtMs: number | null): void {
    if (this.#camera !== 'there') return;
    const nowMs = this.#clock.nowMs();
    this.#camera = { lostAtMs: Math.min(nowMs, lastPacketAtMs ?? nowMs) };
  }

  /** Nobody watches any more. Resolves when what was seen is on record, or cannot be; never rejects. */
  async close(): Promise<void> {
    if (typeof this.#camera !== 'string') this.#hold(this.#camera.lostAtMs, null);
    this.#camera = 'not-yet-there';
    this.#window?.cancel();
    this.#writeHeld();
    this.#window?.cancel();
    await this.#writing;
  }

  #hold(lostAtMs: number, backAtMs: number | null): void {
    const held = this.#held;
    this.#held = { lostAtMs: held?.lostAtMs ?? lostAtMs, backAtMs, count: (held?.count ?? 0) + 1 };
  }

  /** Writes what is held, and holds what follows for a while; with nothing held, the next is written at once. */
  #writeHeld(): void {
    const held = this.#held;
    this.#held = null;
    this.#window = held && this.#clock.after(appBounds.outageWindowMs, () => this.#writeHeld());
    if (held) this.#writing = this.#writing.then(() => this.#write(held));
  }

  async #write(outages: Outages): Promise<void> {
    const draft = { type: 'camera.interrupted', cameraId: this.#cameraId, ...outages } as const;
    const atMs = Math.max(this.#clock.nowMs(), outages.backAtMs ?? outages.lostAtMs);
    try {
      await this.#appender.append({ draft, opening: null }, atMs);
    } catch (failure) {
      this.#log.error({ cameraId: this.#cameraId, failure: String(failure) }, 'an outage could not be recorded');
    }
  }
}
