/*
 * The durable store as the use cases see it: facts, sessions and the ledger, in one authority.
 * Every write MUST be durable and its ledger entry in the signed tree when its promise resolves; a write that
 * rejects has changed nothing. Reads see every write that was acknowledged before they were asked.
 * Fulfilled by store/; an implementation on PostgreSQL keeps the same promises.
 */

import type { CameraPatch, Ownership } from '@sallyport/protocol/camera';
import type { Charter } from '@sallyport/protocol/charter';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import type { CameraId, CharterId, ConsentId, IncidentId, KeyId, OwnerId, SessionId } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { LedgerEntryDraft } from '@sallyport/protocol/ledger-entry';
import type { Owner } from '@sallyport/protocol/owner';
import type { Place } from '@sallyport/protocol/primitives';
import type { EndReason } from '@sallyport/protocol/reasons';
import type { SessionView } from '@sallyport/protocol/session';
import type { CameraFact } from '../../domain/facts.ts';

/** Private fields behind an entry's commitment, kept as an erasable opening. */
export type Opening = Readonly<Record<string, string | number | boolean | null>>;
export type Entry = { readonly draft: LedgerEntryDraft; readonly opening: Opening | null };

/**
 * Counts every change of charter, camera, consent and incident. A session start carries the revision its verdict was
 * decided on and is refused when the facts have moved since.
 */
export type Revision = number;

export type StoredGateFacts = {
  readonly revision: Revision;
  readonly charter: Charter | null;
  readonly incident: Incident | null;
  readonly camera: CameraFact | null;
  /** The camera's newest consent, in whatever state. */
  readonly consent: ConsentRecord | null;
};

export interface GateFactStore {
  gatherGate(cameraId: CameraId, incidentId: IncidentId): Promise<StoredGateFacts>;
}

declare const receiptMark: unique symbol;
/**
 * Proof that `session.started` is durable. Made by the store alone; without one no valve opens, and sound passes only
 * where `audio` says that it is on record.
 */
export type StartReceipt = {
  readonly sessionId: SessionId;
  readonly index: number;
  readonly audio: boolean;
  readonly [receiptMark]: true;
};

export type SessionStart = {
  readonly sessionId: SessionId;
  readonly cameraId: CameraId;
  readonly consentId: ConsentId;
  readonly incidentId: IncidentId;
  readonly charterId: CharterId;
  readonly incidentType: string;
  readonly agency: string;
  /** The officer's pseudonym and the address it came from: openings, never on the leaf. */
  readonly subject: string;
  readonly remoteAddress: string;
  /** SHA-256 (hex) of the token's jti. */
  readonly tokenHash: string;
  readonly possession: 'dpop' | 'bearer';
  /** Whether the camera's sound passes too: token and consent include it. */
  readonly audio: boolean;
  readonly startedAtMs: number;
  readonly decidedOn: Revision;
};
export type StartOutcome =
  | { readonly started: true; readonly receipt: StartReceipt }
  | { readonly started: false; readonly why: 'facts-moved' };

export type SessionEnd = {
  readonly sessionId: SessionId;
  readonly reason: EndReason;
  readonly endedAtMs: number;
  readonly lastPacketAtMs: number | null;
};

export interface SessionStore {
  startSession(start: SessionStart): Promise<StartOutcome>;
  /** Idempotent: a second end of one session changes nothing and resolves `already-ended`. */
  endSession(end: SessionEnd): Promise<'ended' | 'already-ended' | 'unknown'>;
  /** Newest first; at most `limit`; `beforeIndex` pages. */
  listSessions(query: SessionQuery): Promise<readonly SessionView[]>;
}
export type SessionQuery = {
  readonly cameraIds: readonly CameraId[] | null;
  readonly limit: number;
  readonly beforeIndex: number | null;
};

/** Appends entries that have no fact row of their own (`session.denied`, `token.issued`, `key.rotated`, `audit.read`...). */
export interface EntryAppender {
  append(entry: Entry, atMs: number): Promise<{ readonly index: number }>;
}

export type Written<T> = { readonly value: T; readonly index: number };

export interface CharterStore {
  /** The newest charter, in force or not. */
  readCharter(): Promise<Charter | null>;
  putCharter(charter: Charter, entry: Entry): Promise<Written<Charter>>;
}

export interface OwnerStore {
  addOwner(owner: Owner, entry: Entry): Promise<Written<Owner>>;
  readOwner(id: OwnerId): Promise<Owner | null>;
}

export type StoredCamera = CameraFact & {
  readonly name: string;
  readonly enrolledAtMs: number;
  /** Ciphertext of the feed's URL, opened by ingest alone; null for a camera that is published to the server. */
  readonly sealedUrl: string | null;
  /** The key that enrolled it. */
  readonly enrolledBy: KeyId;
};
export type CameraChange = Pick<CameraPatch, never> & {
  readonly name?: string;
  readonly place?: Place;
  readonly sealedUrl?: string;
};
export interface CameraStore {
  /** Refuses with `cap-reached` when `cap` enrolled cameras of that ownership exist, checked in the same transaction. */
  addCamera(camera: StoredCamera, cap: number, entry: Entry): Promise<Written<StoredCamera> | 'cap-reached'>;
  readCamera(id: CameraId): Promise<StoredCamera | null>;
  listCameras(filter: CameraFilter): Promise<readonly StoredCamera[]>;
  changeCamera(id: CameraId, change: CameraChange, entry: Entry): Promise<Written<StoredCamera> | 'unknown'>;
  withdrawCamera(id: CameraId, atMs: number, entry: Entry): Promise<Written<StoredCamera> | 'unknown'>;
}
export type CameraFilter = {
  readonly ownerId: OwnerId | null;
  readonly enrolledBy: KeyId | null;
  readonly ownership: Ownership | null;
  readonly limit: number;
};

export interface ConsentStore {
  /** A new consent for a camera replaces the one before it (which stays on record). */
  addConsent(consent: ConsentRecord, entry: Entry): Promise<Written<ConsentRecord>>;
  readConsent(id: ConsentId): Promise<ConsentRecord | null>;
  readNewestConsent(cameraId: CameraId): Promise<ConsentRecord | null>;
  /** Moves to `state` only from one of `from`, checked in the same transaction; else answers the record as it is. */
  moveConsent(
    id: ConsentId,
    from: readonly ConsentRecord['state'][],
    state: ConsentRecord['state'],
    atMs: number,
    entry: Entry,
  ): Promise<Written<ConsentRecord> | { readonly refused: ConsentRecord } | 'unknown'>;
}

export type Expiries = {
  readonly noted: number;
  /** The next moment at which something will have run out; null when nothing that lives has an end. */
  readonly nextAtMs: number | null;
};
export interface ExpiryStore {
  /**
   * Writes the entries of what has run out by `nowMs` and is not on record as such: the newest charter, and consents,
   * which become `expired`. At most `limit` of them; what is left shows in `nextAtMs`.
   */
  noteExpiries(nowMs: number, limit: number): Promise<Expiries>;
}

export interface IncidentStore {
  /** A repeated `externalId` answers the incident already there and writes nothing (`index` null). */
  addIncident(incident: Incident, entry: Entry): Promise<{ readonly value: Incident; readonly index: number | null }>;
  readIncident(id: IncidentId): Promise<Incident | null>;
  /** Writes the whole record; refused (`moved`) when the stored one no longer equals `expected`. */
  changeIncident(expected: Incident, next: Incident, entry: Entry): Promise<Written<Incident> | 'moved' | 'unknown'>;
}

export type Role = 'operator' | 'dispatch' | 'agency' | 'vendor' | 'owner' | 'auditor' | 'publisher';
export type ApiKeyRecord = {
  readonly id: KeyId;
  readonly role: Role;
  /** SHA-256 (hex) of the key. */
  readonly hash: string;
  /** For `agency`: its code. For `owner`: the owner. For `publisher`: the one camera it may feed. */
  readonly agency: string | null;
  readonly ownerId: OwnerId | null;
  readonly cameraId: CameraId | null;
  readonly label: string;
  readonly createdAtMs: number;
};
export interface ApiKeyStore {
  addKey(key: ApiKeyRecord, entry: Entry): Promise<Written<ApiKeyRecord>>;
  readKeyByHash(hash: string): Promise<ApiKeyRecord | null>;
  /** Null when it is unknown or revoked. */
  readKey(id: KeyId): Promise<ApiKeyRecord | null>;
  /** The publish keys of a camera that are in force, oldest first; at most `limits.publishKeysMax`. */
  listCameraKeys(cameraId: CameraId): Promise<readonly ApiKeyRecord[]>;
  revokeKey(id: KeyId, entry: Entry): Promise<'revoked' | 'unknown'>;
}

/** The ledger as C2SP tlog-tiles serves it. */
export interface LedgerReader {
  /** The newest signed checkpoint (signed note). */
  checkpoint(): Promise<string>;
  /** Hashes of a tile, 32 bytes each; null when the tree does not hold that width yet. Level 0..62. */
  tile(level: number, index: number, width: number): Promise<Uint8Array | null>;
  /** An entry bundle in the framing of tlog-tiles; null when not there. */
  entryBundle(index: number, width: number): Promise<Uint8Array | null>;
  /** c2sp.org/tlog-proof@v1 of one entry under the newest checkpoint; null when there is no such entry. */
  proof(index: number): Promise<string | null>;
  /** The log's verifier key (vkey). */
  verifierKey(): string;
}

export interface StoreHealth {
  /** Milliseconds since the last commit of any kind, as the store's own heart beat keeps it; grows when it hangs. */
  lagMs(): number;
  ledgerSize(): number;
  /** Called once if the store has failed for good; the process must stop. */
  onFailed(listener: (failure: Error) => void): void;
}

export interface Store
  extends GateFactStore,
    SessionStore,
    EntryAppender,
    CharterStore,
    OwnerStore,
    CameraStore,
    ConsentStore,
    ExpiryStore,
    IncidentStore,
    ApiKeyStore,
    LedgerReader,
    StoreHealth {
  /** Writes `node.stopped` and closes; idempotent. Sessions MUST have ended before. */
  close(atMs: number): Promise<void>;
}
