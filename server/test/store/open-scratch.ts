/*
 * Scratch data directories and records for the store's tests: the real store, a clock that moves when told, real
 * random bytes. Used by the tests of this folder and, for its records, by tests of other parts.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '@sallyport/protocol/canonical-json';
import type { Charter } from '@sallyport/protocol/charter';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import { buildId, ID_RANDOM_BYTES, type IdPrefix } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { LedgerEntryDraft } from '@sallyport/protocol/ledger-entry';
import type { Owner } from '@sallyport/protocol/owner';
import type { Clock, MonotonicMs } from '../../src/app/ports/clock.ts';
import type { ApiKeyRecord, Entry, SessionStart, StoredCamera } from '../../src/app/ports/store.ts';
import { type EmbeddedStore, openStore } from '../../src/store/open-store.ts';

export const newId = <P extends IdPrefix>(prefix: P) => buildId(prefix, randomBytes(ID_RANDOM_BYTES));
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');
export const entry = (draft: LedgerEntryDraft, opening: Entry['opening'] = null): Entry => ({ draft, opening });
export const ORIGIN = 'cams.example/ledger';
export const NOON_MS = Date.UTC(2026, 10, 23, 12);

/** Wall time stands still until moved; timers and monotonic time are the real ones. */
export class SettableClock implements Clock {
  wallMs: number;

  constructor(wallMs = NOON_MS) {
    this.wallMs = wallMs;
  }
  nowMs(): number {
    return this.wallMs;
  }
  monotonicMs(): MonotonicMs {
    return performance.now() as MonotonicMs;
  }
  after(delayMs: number, callback: () => void) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  }
}

export const randomness = { bytes: (count: number): Uint8Array => new Uint8Array(randomBytes(count)) };

type Owned = { teardown(remove: () => unknown): void };
export function scratchDirectory(t: Owned): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens a store and closes it with the test; closing twice does no harm. */
export async function openScratch(
  t: Owned,
  directory: string = scratchDirectory(t),
  clock: SettableClock = new SettableClock(),
): Promise<{ store: EmbeddedStore; directory: string; clock: SettableClock }> {
  const store = await openStore({ directory, origin: ORIGIN, clock, randomness });
  t.teardown(() => store.close(clock.nowMs()));
  return { store, directory, clock };
}

export function charterRecord(change: Partial<Charter> = {}): Charter {
  const input = {
    title: 'Pilot of forty-five days',
    startsAtMs: NOON_MS - 3_600_000,
    endsAtMs: NOON_MS + 45 * 86_400_000,
    agencies: ['jackson.pd'],
    hours: null,
    incidentTypesAllowed: ['robbery'],
    incidentTypesDenied: [],
    radiusMMax: 150,
    cityCamerasMax: 5,
    privateCamerasMax: 5,
    feedsPerOfficerMax: 4,
    feedsMax: 100,
  };
  return { ...input, id: newId('chr'), hash: hashOf(input), setAtMs: NOON_MS, ...change } as Charter;
}
export const charterEntry = ({ id, hash, startsAtMs, endsAtMs }: Charter): Entry =>
  entry({ type: 'charter.set', charterId: id, hash, startsAtMs, endsAtMs });

export const ownerRecord = (): Owner => ({ id: newId('own'), name: 'Ada Shop', createdAtMs: NOON_MS });
export const adminEntry = (what: string): Entry => entry({ type: 'admin.changed', what, keyId: null });

export const cameraRecord = (ownerId: Owner['id'], change: Partial<StoredCamera> = {}): StoredCamera => ({
  id: newId('cam'),
  ownerId,
  ownership: 'private',
  place: { lat: 32.2988, lon: -90.1848 },
  state: 'enrolled',
  name: 'Front door',
  enrolledAtMs: NOON_MS,
  sealedUrl: 'sealed:abc',
  enrolledBy: newId('key'),
  ...change,
});
export const cameraEntry = ({ id, ownership }: StoredCamera): Entry =>
  entry({ type: 'camera.enrolled', cameraId: id, ownership });

export function consentRecord(camera: StoredCamera, change: Partial<ConsentRecord> = {}): ConsentRecord {
  const terms = {
    waiver: { version: '1', hash: hashOf('waiver'), language: 'en' },
    purposes: ['crime-response'],
    agencies: ['jackson.pd'],
    hours: null,
    mode: 'always' as const,
    audio: false,
  };
  return {
    ...terms,
    id: newId('con'),
    cameraId: camera.id,
    ownerId: camera.ownerId,
    state: 'given',
    givenAtMs: NOON_MS,
    validUntilMs: NOON_MS + 45 * 86_400_000,
    hash: hashOf(terms),
    ...change,
  };
}
export const consentEntry = ({ id, cameraId, hash, validUntilMs, mode }: ConsentRecord): Entry =>
  entry({ type: 'consent.given', consentId: id, cameraId, hash, validUntilMs, mode });

export const incidentRecord = (change: Partial<Incident> = {}): Incident => ({
  id: newId('inc'),
  externalId: `CAD-${newId('key')}`,
  type: 'robbery',
  agencies: ['jackson.pd'],
  place: { lat: 32.299, lon: -90.185 },
  radiusM: 150,
  state: 'open',
  openedAtMs: NOON_MS,
  leaseUntilMs: NOON_MS + 7_200_000,
  closedAtMs: null,
  ...change,
});
export const incidentEntry = ({ id, type, radiusM, leaseUntilMs }: Incident): Entry =>
  entry({ type: 'incident.opened', incidentId: id, incidentType: type, radiusM, leaseUntilMs });

export const keyRecord = (change: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  id: newId('key'),
  role: 'agency',
  hash: hashOf(newId('key')),
  agency: 'jackson.pd',
  ownerId: null,
  cameraId: null,
  label: 'Console one',
  createdAtMs: NOON_MS,
  ...change,
});

/** Everything a gate needs, stored: charter, owner, camera, consent, incident. */
export type Scene = {
  readonly charter: Charter;
  readonly owner: Owner;
  readonly camera: StoredCamera;
  readonly consent: ConsentRecord;
  readonly incident: Incident;
};

export async function storeScene(store: EmbeddedStore): Promise<Scene> {
  const charter = charterRecord();
  const owner = ownerRecord();
  const camera = cameraRecord(owner.id);
  const consent = consentRecord(camera);
  const incident = incidentRecord();
  await store.putCharter(charter, charterEntry(charter));
  await store.addOwner(owner, adminEntry('owner-added'));
  await store.addCamera(camera, 1_000, cameraEntry(camera));
  await store.addConsent(consent, consentEntry(consent));
  await store.addIncident(incident, incidentEntry(incident));
  return { charter, owner, camera, consent, incident };
}

export function startRecord(scene: Scene, decidedOn: number, change: Partial<SessionStart> = {}): SessionStart {
  return {
    sessionId: newId('ses'),
    cameraId: scene.camera.id,
    consentId: scene.consent.id,
    incidentId: scene.incident.id,
    charterId: scene.charter.id,
    incidentType: scene.incident.type,
    agency: 'jackson.pd',
    subject: 'officer-7',
    remoteAddress: '192.0.2.7',
    tokenHash: hashOf('token'),
    possession: 'dpop',
    audio: false,
    startedAtMs: NOON_MS,
    decidedOn,
    ...change,
  };
}

/** Starts a session on the scene as it stands; throws when it was refused. */
export async function startOne(store: EmbeddedStore, scene: Scene, change: Partial<SessionStart> = {}) {
  const { revision } = await store.gatherGate(scene.camera.id, scene.incident.id);
  const start = startRecord(scene, revision, change);
  const outcome = await store.startSession(start);
  if (!outcome.started) throw new Error(outcome.why);
  return { start, receipt: outcome.receipt };
}
