/* Consents: given, replaced, moved from state to state, with their history. Commands; run by the worker thread. */
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import type { CameraId, ConsentId } from '@sallyport/protocol/ids';
import type { Written } from '../../app/ports/store.ts';
import type { ReadContext, WriteContext } from '../command.ts';
import type { Appended, SealedEntry } from '../ledger-writer.ts';
import type { Statements } from '../statements.ts';
import { toConsent } from './gate-commands.ts';

function findConsent(statements: Statements, id: ConsentId): ConsentRecord | null {
  const row = statements.first(statements.query.selectFrom('consent').selectAll().where('id', '=', id));
  return row === null ? null : toConsent(row);
}

function writeHistory({ statements }: WriteContext, consent: ConsentRecord, { index, atMs }: Appended): void {
  const row = { changed_index: index, consent_id: consent.id, state: consent.state, at_ms: atMs };
  statements.run(statements.query.insertInto('consent_change').values(row));
}

type AddInput = { readonly consent: ConsentRecord; readonly entry: SealedEntry };

export function addConsent(context: WriteContext, { consent, entry }: AddInput): Written<ConsentRecord> {
  const { statements } = context;
  const appended = context.append(entry, consent.givenAtMs);
  const row = {
    id: consent.id,
    camera_id: consent.cameraId,
    owner_id: consent.ownerId,
    state: consent.state,
    record: JSON.stringify(consent),
    added_index: appended.index,
    revision: context.nextRevision(),
  };
  statements.run(statements.query.insertInto('consent').values(row));
  writeHistory(context, consent, appended);
  return { value: consent, index: appended.index };
}

export const readConsent = ({ statements }: ReadContext, id: ConsentId): ConsentRecord | null =>
  findConsent(statements, id);

export function readNewestConsent({ statements }: ReadContext, cameraId: CameraId): ConsentRecord | null {
  const row = statements.first(
    statements.query
      .selectFrom('consent')
      .selectAll()
      .where('camera_id', '=', cameraId)
      .orderBy('added_index', 'desc')
      .limit(1),
  );
  return row === null ? null : toConsent(row);
}

type State = ConsentRecord['state'];
type MoveInput = {
  readonly id: ConsentId;
  readonly from: readonly State[];
  readonly state: State;
  readonly atMs: number;
  readonly entry: SealedEntry;
};

export function moveConsent(
  context: WriteContext,
  { id, from, state, atMs, entry }: MoveInput,
): Written<ConsentRecord> | { readonly refused: ConsentRecord } | 'unknown' {
  const { statements } = context;
  const stored = findConsent(statements, id);
  if (stored === null) return 'unknown';
  if (!from.includes(stored.state)) return { refused: stored };
  const moved: ConsentRecord = { ...stored, state };
  const appended = context.append(entry, atMs);
  const changed = { state, revision: context.nextRevision() };
  statements.run(statements.query.updateTable('consent').set(changed).where('id', '=', id));
  writeHistory(context, moved, appended);
  return { value: moved, index: appended.index };
}
