/* Incidents: opened once per outside number, changed by compare and set. Commands; run by the worker thread. */
import { canonicalJson } from '@sallyport/protocol/canonical-json';
import type { IncidentId } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { Written } from '../../app/ports/store.ts';
import type { ReadContext, WriteContext } from '../command.ts';
import type { SealedEntry } from '../ledger-writer.ts';
import type { Statements } from '../statements.ts';
import { StoreError } from '../store-error.ts';
import { toIncident } from './gate-commands.ts';

function findIncident(statements: Statements, id: IncidentId): Incident | null {
  const row = statements.first(statements.query.selectFrom('incident').select('record').where('id', '=', id));
  return row === null ? null : toIncident(row);
}

type AddInput = { readonly incident: Incident; readonly entry: SealedEntry };
type Added = { readonly value: Incident; readonly index: number | null };

export function addIncident(context: WriteContext, { incident, entry }: AddInput): Added {
  const { statements } = context;
  const known = statements.first(
    statements.query.selectFrom('incident').select('record').where('external_id', '=', incident.externalId),
  );
  if (known !== null) return { value: toIncident(known), index: null };
  const { index } = context.append(entry, incident.openedAtMs);
  const row = {
    id: incident.id,
    external_id: incident.externalId,
    record: JSON.stringify(incident),
    added_index: index,
    revision: context.nextRevision(),
  };
  statements.run(statements.query.insertInto('incident').values(row));
  return { value: incident, index };
}

export const readIncident = ({ statements }: ReadContext, id: IncidentId): Incident | null =>
  findIncident(statements, id);

type ChangeInput = { readonly expected: Incident; readonly next: Incident; readonly entry: SealedEntry };

export function changeIncident(
  context: WriteContext,
  { expected, next, entry }: ChangeInput,
): Written<Incident> | 'moved' | 'unknown' {
  if (next.id !== expected.id || next.externalId !== expected.externalId) {
    throw new StoreError('refused', 'an incident keeps its id and its outside number');
  }
  const { statements } = context;
  const stored = findIncident(statements, expected.id);
  if (stored === null) return 'unknown';
  if (canonicalJson(stored) !== canonicalJson(expected)) return 'moved';
  const { index } = context.append(entry);
  const changed = { record: JSON.stringify(next), revision: context.nextRevision() };
  statements.run(statements.query.updateTable('incident').set(changed).where('id', '=', next.id));
  return { value: next, index };
}
