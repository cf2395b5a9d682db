/*
 * Writes refusals to the ledger. The first twenty alike within ten seconds get an entry each; a flood beyond that is
 * counted and written as one entry, so that a stranger can neither fill the ledger nor hide in it.
 */
import type { AgencyCode, CameraId, IncidentId } from '@sallyport/protocol/ids';
import type { DenialCode } from '@sallyport/protocol/reasons';
import { appBounds } from '../bounds.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { EntryAppender, Opening } from '../ports/store.ts';

export type DenialNote = {
  readonly stage: 'token' | 'join' | 'renew' | 'publish';
  readonly cameraId: CameraId | null;
  readonly incidentId: IncidentId | null;
  readonly agency: AgencyCode | null;
  readonly code: DenialCode;
};

type Tally = { written: number; held: number; note: DenialNote; timer: Timer };

export class DenialRecorder {
  readonly #appender: EntryAppender;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tallies = new Map<string, Tally>();

  constructor(appender: EntryAppender, clock: Clock, log: Log) {
    this.#appender = appender;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when the refusal is on the ledger or counted; MUST NOT reject: a refusal stands, written or not. */
  async record(note: DenialNote, opening: Opening): Promise<void> {
    const tally = this.#tally(note);
    if (tally !== null && tally.written >= appBounds.denialsWrittenMax) {
      tally.held += 1;
      return;
    }
    if (tally !== null) tally.written += 1;
    await this.#write(note, 1, opening);
  }

  /** Writes what is still only counted. */
  async flush(): Promise<void> {
    await Promise.all([...this.#tallies.keys()].map((key) => this.#settle(key)));
  }

  #tally(note: DenialNote): Tally | null {
    const key = [note.stage, note.cameraId, note.incidentId, note.agency, note.code].join(' ');
    const known = this.#tallies.get(key);
    if (known) return known;
    if (this.#tallies.size >= appBounds.denialKindsMax) return null;
    const timer = this.#clock.after(appBounds.denialWindowMs, () => void this.#settle(key));
    const tally = { written: 0, held: 0, note, timer };
    this.#tallies.set(key, tally);
    return tally;
  }

  async #settle(key: string): Promise<void> {
    const tally = this.#tallies.get(key);
    if (!tally) return;
    tally.timer.cancel();
    this.#tallies.delete(key);
    if (tally.held > 0) await this.#write(tally.note, tally.held, null);
  }

  async #write(note: DenialNote, count: number, opening: Opening | null): Promise<void> {
    try {
      await this.#appender.append({ draft: { type: 'session.denied', ...note, count }, opening }, this.#clock.nowMs());
    } catch (failure) {
      this.#log.error({ code: note.code, failure: String(failure) }, 'a refusal could not be recorded');
    }
  }
}
