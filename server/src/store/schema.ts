/*
 * The tables as TypeScript sees them: what Kysely checks queries against and what raw statements are cast to.
 * Types only. Booleans do not occur, times are integers of milliseconds, records are JSON texts.
 */

type IdentityTable = { one: number; node_id: string; origin: string };
type FactRevisionTable = { one: number; value: number };

type LedgerEntryTable = { idx: number; entry: Uint8Array; leaf: Uint8Array };
type LedgerNodeTable = { level: number; idx: number; hash: Uint8Array };
type LedgerCheckpointTable = { size: number; note: string };
type OpeningTable = { idx: number; salt: Uint8Array; fields: string };
type NodeEpochTable = { epoch: number; started_index: number; started_ms: number; alive_ms: number };

type CharterTable = {
  id: string;
  record: string;
  set_index: number;
  /** Null until its end is on record. */
  ended_index: number | null;
  revision: number;
};
type OwnerTable = { id: string; name: string; created_at_ms: number; added_index: number };
type CameraTable = {
  id: string;
  owner_id: string;
  ownership: string;
  lat: number;
  lon: number;
  state: string;
  name: string;
  enrolled_at_ms: number;
  enrolled_by: string;
  /** Empty for a published camera. */
  sealed_url: string;
  added_index: number;
  revision: number;
  source: string;
};
type ConsentTable = {
  id: string;
  camera_id: string;
  owner_id: string;
  state: string;
  record: string;
  added_index: number;
  revision: number;
};
type ConsentChangeTable = { changed_index: number; consent_id: string; state: string; at_ms: number };
type IncidentTable = {
  id: string;
  external_id: string;
  record: string;
  added_index: number;
  revision: number;
};
type ApiKeyTable = {
  id: string;
  role: string;
  hash: string;
  agency: string | null;
  owner_id: string | null;
  label: string;
  created_at_ms: number;
  added_index: number;
  revoked_index: number | null;
  camera_id: string | null;
};

type SessionStartTable = {
  id: string;
  epoch: number;
  started_index: number;
  started_at_ms: number;
  camera_id: string;
  consent_id: string;
  incident_id: string;
  charter_id: string;
  incident_type: string;
  agency: string;
};
type SessionEndTable = {
  id: string;
  ended_index: number;
  ended_at_ms: number;
  reason: string;
  last_packet_at_ms: number | null;
};
type SessionOpenTable = { id: string; epoch: number };

export type Tables = {
  identity: IdentityTable;
  fact_revision: FactRevisionTable;
  ledger_entry: LedgerEntryTable;
  ledger_node: LedgerNodeTable;
  ledger_checkpoint: LedgerCheckpointTable;
  opening: OpeningTable;
  node_epoch: NodeEpochTable;
  charter: CharterTable;
  owner: OwnerTable;
  camera: CameraTable;
  consent: ConsentTable;
  consent_change: ConsentChangeTable;
  incident: IncidentTable;
  api_key: ApiKeyTable;
  session_start: SessionStartTable;
  session_end: SessionEndTable;
  session_open: SessionOpenTable;
};
