/*
 * The Store port over the worker thread: seals private fields, names the command, issues receipts. Nothing is decided
 * here. Built by open-store.ts.
 */

import type { Charter } from '@sallyport/protocol/charter';
import { SALT_BYTES } from '@sallyport/protocol/commitment';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import type { CameraId, ConsentId, IncidentId, KeyId, OwnerId, SessionId } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { Owner } from '@sallyport/protocol/owner';
import type { Randomness } from '../app/ports/randomness.ts';
import type {
  ApiKeyRecord,
  CameraChange,
  CameraFilter,
  Entry,
  SessionEnd,
  SessionQuery,
  SessionStart,
  StartOutcome,
  StoredCamera,
} from '../app/ports/store.ts';
import type { EmbeddedStore } from './embedded-store.ts';
import type { SealedEntry } from './ledger-writer.ts';
import { issueStartReceipt } from './start-receipt.ts';
import type { Opened, WorkerLink } from './worker-link.ts';

export class WorkerStore implements EmbeddedStore {
  readonly crashedSessions: number;
  readonly #link: WorkerLink;
  readonly #randomness: Randomness;
  readonly #verifierKey: string;

  constructor(link: WorkerLink, opened: Opened, randomness: Randomness) {
    this.#link = link;
    this.#randomness = randomness;
    this.#verifierKey = opened.verifierKey;
    this.crashedSessions = opened.crashedSessions;
  }

  gatherGate(cameraId: CameraId, incidentId: IncidentId) {
    return this.#link.read('gatherGate', { cameraId, incidentId });
  }

  async startSession(start: SessionStart): Promise<StartOutcome> {
    const answer = await this.#link.write('startSession', { start, salt: this.#randomness.bytes(SALT_BYTES) });
    return answer.started
      ? { started: true, receipt: issueStartReceipt(start.sessionId, answer.index, start.audio) }
      : answer;
  }

  endSession(end: SessionEnd) {
    return this.#link.write('endSession', end);
  }

  listSessions(query: SessionQuery) {
    return this.#link.read('listSessions', query);
  }

  append(entry: Entry, atMs: number) {
    return this.#link.write('append', { entry: this.#seal(entry), atMs });
  }

  readCharter() {
    return this.#link.read('readCharter', undefined);
  }

  putCharter(charter: Charter, entry: Entry) {
    return this.#link.write('putCharter', { charter, entry: this.#seal(entry) });
  }

  addOwner(owner: Owner, entry: Entry) {
    return this.#link.write('addOwner', { owner, entry: this.#seal(entry) });
  }

  readOwner(id: OwnerId) {
    return this.#link.read('readOwner', id);
  }

  addCamera(camera: StoredCamera, cap: number, entry: Entry) {
    return this.#link.write('addCamera', { camera, cap, entry: this.#seal(entry) });
  }

  readCamera(id: CameraId) {
    return this.#link.read('readCamera', id);
  }

  listCameras(filter: CameraFilter) {
    return this.#link.read('listCameras', filter);
  }

  changeCamera(id: CameraId, change: CameraChange, entry: Entry) {
    return this.#link.write('changeCamera', { id, change, entry: this.#seal(entry) });
  }

  withdrawCamera(id: CameraId, atMs: number, entry: Entry) {
    return this.#link.write('withdrawCamera', { id, atMs, entry: this.#seal(entry) });
  }

  addConsent(consent: ConsentRecord, entry: Entry) {
    return this.#link.write('addConsent', { consent, entry: this.#seal(entry) });
  }

  readConsent(id: ConsentId) {
    return this.#link.read('readConsent', id);
  }

  readNewestConsent(cameraId: CameraId) {
    return this.#link.read('readNewestConsent', cameraId);
  }

  moveConsent(
    id: ConsentId,
    from: readonly ConsentRecord['state'][],
    state: ConsentRecord['state'],
    atMs: number,
    entry: Entry,
  ) {
    return this.#link.write('moveConsent', { id, from, state, atMs, entry: this.#seal(entry) });
  }

  noteExpiries(nowMs: number, limit: number) {
    return this.#link.write('noteExpiries', { nowMs, limit });
  }

  addIncident(incident: Incident, entry: Entry) {
    return this.#link.write('addIncident', { incident, entry: this.#seal(entry) });
  }

  readIncident(id: IncidentId) {
    return this.#link.read('readIncident', id);
  }

  changeIncident(expected: Incident, next: Incident, entry: Entry) {
    return this.#link.write('changeIncident', { expected, next, entry: this.#seal(entry) });
  }

  addKey(key: ApiKeyRecord, entry: Entry) {
    return this.#link.write('addKey', { key, entry: this.#seal(entry) });
  }

  readKeyByHash(hash: string) {
    return this.#link.read('readKeyByHash', hash);
  }

  readKey(id: KeyId) {
    return this.#link.read('readKey', id);
  }

  listCameraKeys(cameraId: CameraId) {
    return this.#link.read('listCameraKeys', cameraId);
  }

  revokeKey(id: KeyId, entry: Entry) {
    return this.#link.write('revokeKey', { id, entry: this.#seal(entry) });
  }

  checkpoint() {
    return this.#link.read('checkpoint', undefined);
  }

  tile(level: number, index: number, width: number) {
    return this.#link.read('tile', { level, index, width });
  }

  entryBundle(index: number, width: number) {
    return this.#link.read('entryBundle', { index, width });
  }

  proof(index: number) {
    return this.#link.read('proof', index);
  }

  proveSession(sessionId: SessionId) {
    return this.#link.read('proveSession', sessionId);
  }

  verifierKey(): string {
    return this.#verifierKey;
  }

  lagMs(): number {
    return this.#link.lagMs;
  }

  ledgerSize(): number {
    return this.#link.size;
  }

  onFailed(listener: (failure: Error) => void): void {
    this.#link.onFailed(listener);
  }

  close(atMs: number): Promise<void> {
    return this.#link.close(atMs);
  }

  #seal({ draft, opening }: Entry): SealedEntry {
    return { draft, opening: opening && { salt: this.#randomness.bytes(SALT_BYTES), fields: opening } };
  }
}
