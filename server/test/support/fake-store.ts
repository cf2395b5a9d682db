/*
 * The part of the store that the keeper needs, in memory, for tests on a clock of their own. It keeps the port's promises
 * (refuses a start whose facts moved, one end for a start) and can be made to break: reads that hang, writes that fail.
 */
import type { Charter } from '@sallyport/protocol/charter';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import type { CameraId, IncidentId, SessionId } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { SessionView } from '@sallyport/protocol/session';
import type {
  Entry,
  EntryAppender,
  GateFactStore,
  SessionEnd,
  SessionStart,
  SessionStore,
  StartOutcome,
  StartReceipt,
  StoredGateFacts,
} from '../../src/app/ports/store.ts';
import type { CameraFact } from '../../src/domain/facts.ts';

export class FakeStore implements GateFactStore, SessionStore, EntryAppender {
  charter: Charter | null = null;
  readonly incidents = new Map<IncidentId, Incident>();
  readonly cameras = new Map<CameraId, CameraFact>();
  readonly consents = new Map<CameraId, ConsentRecord>();
  readonly starts = new Map<SessionId, SessionStart>();
  readonly ends = new Map<SessionId, SessionEnd>();
  readonly entries: Entry[] = [];
  /** While true, reads never answer and writes reject: a disk that hangs. */
  broken = false;
  #revision = 1;

  /** Changes a fact; what was decided before is out of date from here on. */
  change(apply: () => void): void {
    apply();
    this.#revision += 1;
  }

  async gatherGate(cameraId: CameraId, incidentId: IncidentId): Promise<StoredGateFacts> {
    if (this.broken) return new Promise<never>(() => {});
    return {
      revision: this.#revision,
      charter: this.charter,
      incident: this.incidents.get(incidentId) ?? null,
      camera: this.cameras.get(cameraId) ?? null,
      consent: this.consents.get(cameraId) ?? null,
    };
  }

  async startSession(start: SessionStart): Promise<StartOutcome> {
    await Promise.resolve();
    if (this.broken) throw new Error('the disk is stuck');
    if (start.decidedOn !== this.#revision) return { started: false, why: 'facts-moved' };
    if (this.starts.has(start.sessionId)) throw new Error('a session starts once');
    this.starts.set(start.sessionId, start);
    const receipt = { sessionId: start.sessionId, index: this.starts.size, audio: start.audio } as StartReceipt;
    return { started: true, receipt };
  }

  async endSession(end: SessionEnd): Promise<'ended' | 'already-ended' | 'unknown'> {
    await Promise.resolve();
    if (this.broken) throw new Error('the disk is stuck');
    if (!this.starts.has(end.sessionId)) return 'unknown';
    if (this.ends.has(end.sessionId)) return 'already-ended';
    this.ends.set(end.sessionId, end);
    return 'ended';
  }

  async listSessions(): Promise<readonly SessionView[]> {
    return [];
  }

  async append(entry: Entry): Promise<{ readonly index: number }> {
    if (this.broken) throw new Error('the disk is stuck');
    this.entries.push(entry);
    return { index: this.entries.length - 1 };
  }

  get denials(): readonly string[] {
    return this.entries.flatMap(({ draft }) => (draft.type === 'session.denied' ? [draft.code] : []));
  }
}
