/*
 * Session boundaries: at most one start and one end per session, each with its ledger entry. Commands on the hot
 * path, in prepared statements; run by the worker thread.
 */
import type { CameraId, SessionId } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { EndReason } from '@sallyport/protocol/reasons';
import type { SessionView } from '@sallyport/protocol/session';
import { sql } from 'kysely';
import type { SessionEnd, SessionQuery, SessionStart } from '../../app/ports/store.ts';
import type { ReadContext, WriteContext } from '../command.ts';
import { StoreError } from '../store-error.ts';
import { storeLimits } from '../store-limits.ts';
import { readGateRows, toRevision } from './gate-commands.ts';

export type StartInput = { readonly start: SessionStart; readonly salt: Uint8Array };
export type StartAnswer =
  | { readonly started: true; readonly index: number }
  | { readonly started: false; readonly why: 'facts-moved' };

/** Starts a session if the gate's facts are still those its verdict was decided on. */
export function startSession(context: WriteContext, { start, salt }: StartInput): StartAnswer {
  // With a clock that went back no lease or deadline can be trusted (I3).
  if (context.nowMs < context.lastMs - storeLimits.clockBackMsMax) {
    throw new StoreError(
      'clock-behind',
      'the clock is behind the last durable time; no session starts until it is right',
    );
  }
  const { statements } = context;
  const rows = readGateRows(statements, start.cameraId, start.incidentId);
  const same =
    toRevision(rows) === start.decidedOn &&
    rows.charter?.id === start.charterId &&
    rows.camera?.id === start.cameraId &&
    rows.consent?.id === start.consentId &&
    rows.incident?.id === start.incidentId;
  if (!same) return { started: false, why: 'facts-moved' };
  const { sessionId, cameraId, consentId, incidentId, charterId, incidentType, agency, possession, audio } = start;
  const ids = { sessionId, cameraId, consentId, incidentId, charterId };
  const terms = { incidentType, agency, token: start.tokenHash, possession, audio };
  const draft = { type: 'session.started', ...ids, ...terms } as const;
  const opening = { salt, fields: { subject: start.subject, remoteAddress: start.remoteAddress } };
  const { index, atMs } = context.append({ draft, opening }, start.startedAtMs);
  const insert = `insert into session_start (id, epoch, started_index, started_at_ms, camera_id, consent_id,
    incident_id, charter_id, incident_type, agency) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  statements
    .raw(insert)
    .run(sessionId, context.epoch, index, atMs, cameraId, consentId, incidentId, charterId, incidentType, agency);
  statements.raw('insert into session_open (id, epoch) values (?, ?)').run(sessionId, context.epoch);
  return { started: true, index };
}

export function endSession(context: WriteContext, end: SessionEnd): 'ended' | 'already-ended' | 'unknown' {
  const text = `select s.camera_id, o.id as open_id from session_start s left join session_open o on o.id = s.id
    where s.id = ?`;
  const row = context.statements.raw(text).get(end.sessionId) as { camera_id: CameraId; open_id: string | null };
  if (row === undefined) return 'unknown';
  if (row.open_id === null) return 'already-ended';
  const { sessionId, reason, lastPacketAtMs, endedAtMs } = end;
  writeEnd(context, { sessionId, cameraId: row.camera_id, reason, lastPacketAtMs }, endedAtMs);
  return 'ended';
}

type End = {
  readonly sessionId: SessionId;
  readonly cameraId: CameraId;
  readonly reason: EndReason;
  readonly lastPacketAtMs: number | null;
};

/** Writes the end of a session that is open, as entry and as row. */
export function writeEnd(context: WriteContext, end: End, endedAtMs?: number): void {
  const { index, atMs } = context.append({ draft: { type: 'session.ended', ...end }, opening: null }, endedAtMs);
  const insert =
    'insert into session_end (id, ended_index, ended_at_ms, reason, last_packet_at_ms) values (?, ?, ?, ?, ?)';
  context.statements.raw(insert).run(end.sessionId, index, atMs, end.reason, end.lastPacketAtMs);
  context.statements.raw('delete from session_open where id = ?').run(end.sessionId);
}

export function listSessions({ statements }: ReadContext, query: SessionQuery): SessionView[] {
  let select = statements.query
    .selectFrom('session_start as s')
    .leftJoin('session_end as e', 'e.id', 's.id')
    .select(['s.id', 's.camera_id', 's.incident_id', 's.incident_type', 's.agency', 's.started_at_ms'])
    .select(['s.started_index', 'e.ended_at_ms', 'e.ended_index', 'e.reason'])
    .orderBy('s.started_index', 'desc')
    .limit(Math.min(query.limit, limits.pageSizeMax));
  if (query.beforeIndex !== null) select = select.where('s.started_index', '<', query.beforeIndex);
  if (query.cameraIds !== null) {
    // One parameter whatever the number of cameras, so that the text stays one of a few.
    const named = sql<string>`(select value from json_each(${JSON.stringify(query.cameraIds)}))`;
    select = select.where('s.camera_id', 'in', named);
  }
  return statements.all(select).map((row) => ({
    id: row.id as SessionView['id'],
    cameraId: row.camera_id as SessionView['cameraId'],
    incidentId: row.incident_id as SessionView['incidentId'],
    incidentType: row.incident_type,
    agency: row.agency,
    startedAtMs: row.started_at_ms,
    startedIndex: row.started_index,
    endedAtMs: row.ended_at_ms,
    endedIndex: row.ended_index,
    endReason: row.reason as SessionView['endReason'],
  }));
}
