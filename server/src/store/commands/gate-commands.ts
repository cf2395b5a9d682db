/*
 * The stored facts of one gate and their revision. Raw statements, since every join reads them and every start reads
 * them again inside its transaction; run by the worker thread.
 */
import type { Charter } from '@sallyport/protocol/charter';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import type { CameraId, IncidentId } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { Revision, StoredGateFacts } from '../../app/ports/store.ts';
import type { CameraFact } from '../../domain/facts.ts';
import type { ReadContext } from '../command.ts';
import type { Tables } from '../schema.ts';
import type { Statements } from '../statements.ts';

type GateRows = {
  readonly charter: Tables['charter'] | undefined;
  readonly incident: Tables['incident'] | undefined;
  readonly camera: Tables['camera'] | undefined;
  readonly consent: Tables['consent'] | undefined;
};

export function readGateRows(statements: Statements, cameraId: CameraId, incidentId: IncidentId): GateRows {
  const newestConsent = 'select * from consent where camera_id = ? order by added_index desc limit 1';
  return {
    charter: statements.raw('select * from charter order by set_index desc limit 1').get() as GateRows['charter'],
    incident: statements.raw('select * from incident where id = ?').get(incidentId) as GateRows['incident'],
    camera: statements.raw('select * from camera where id = ?').get(cameraId) as GateRows['camera'],
    consent: statements.raw(newestConsent).get(cameraId) as GateRows['consent'],
  };
}

/**
 * The newest change among the rows of one gate. Every change takes a fresh value of one counter, so any change of
 * these rows raises this, and a change of another camera or incident leaves it alone.
 */
export function toRevision(rows: GateRows): Revision {
  const { charter, incident, camera, consent } = rows;
  return Math.max(0, ...[charter, incident, camera, consent].map((row) => row?.revision ?? 0));
}

export const toCharter = (row: Pick<Tables['charter'], 'record'>): Charter => JSON.parse(row.record) as Charter;
export const toIncident = (row: Pick<Tables['incident'], 'record'>): Incident => JSON.parse(row.record) as Incident;

/** The record as given, in the state it is in now. */
export const toConsent = (row: Pick<Tables['consent'], 'record' | 'state'>): ConsentRecord =>
  ({ ...JSON.parse(row.record), state: row.state }) as ConsentRecord;

export const toCameraFact = (row: Tables['camera']): CameraFact => ({
  id: row.id as CameraFact['id'],
  ownerId: row.owner_id as CameraFact['ownerId'],
  ownership: row.ownership as CameraFact['ownership'],
  place: { lat: row.lat, lon: row.lon },
  state: row.state as CameraFact['state'],
});

type GateInput = { readonly cameraId: CameraId; readonly incidentId: IncidentId };

export function gatherGate({ statements }: ReadContext, { cameraId, incidentId }: GateInput): StoredGateFacts {
  const rows = readGateRows(statements, cameraId, incidentId);
  return {
    revision: toRevision(rows),
    charter: rows.charter === undefined ? null : toCharter(rows.charter),
    incident: rows.incident === undefined ? null : toIncident(rows.incident),
    camera: rows.camera === undefined ? null : toCameraFact(rows.camera),
    consent: rows.consent === undefined ? null : toConsent(rows.consent),
  };
}
