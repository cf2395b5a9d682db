/* The charter, the owners and entries without a fact row. Commands; run by the worker thread. */
import type { Charter } from '@sallyport/protocol/charter';
import type { OwnerId } from '@sallyport/protocol/ids';
import type { Owner } from '@sallyport/protocol/owner';
import type { Written } from '../../app/ports/store.ts';
import type { ReadContext, WriteContext } from '../command.ts';
import type { SealedEntry } from '../ledger-writer.ts';
import { toCharter } from './gate-commands.ts';

type AppendInput = { readonly entry: SealedEntry; readonly atMs: number };

export function append(context: WriteContext, { entry, atMs }: AppendInput): { readonly index: number } {
  const { index } = context.append(entry, atMs);
  return { index };
}

type CharterInput = { readonly charter: Charter; readonly entry: SealedEntry };

export function putCharter(context: WriteContext, { charter, entry }: CharterInput): Written<Charter> {
  const { index } = context.append(entry, charter.setAtMs);
  const { statements } = context;
  const record = JSON.stringify(charter);
  const row = { id: charter.id, record, set_index: index, ended_index: null, revision: context.nextRevision() };
  statements.run(statements.query.insertInto('charter').values(row));
  return { value: charter, index };
}

export function readCharter({ statements }: ReadContext): Charter | null {
  const row = statements.first(
    statements.query.selectFrom('charter').select('record').orderBy('set_index', 'desc').limit(1),
  );
  return row === null ? null : toCharter(row);
}

type OwnerInput = { readonly owner: Owner; readonly entry: SealedEntry };

export function addOwner(context: WriteContext, { owner, entry }: OwnerInput): Written<Owner> {
  const { index } = context.append(entry, owner.createdAtMs);
  const { statements } = context;
  const row = { id: owner.id, name: owner.name, created_at_ms: owner.createdAtMs, added_index: index };
  statements.run(statements.query.insertInto('owner').values(row));
  return { value: owner, index };
}

export function readOwner({ statements }: ReadContext, id: OwnerId): Owner | null {
  const row = statements.first(statements.query.selectFrom('owner').selectAll().where('id', '=', id));
  return row === null ? null : { id: row.id as OwnerId, name: row.name, createdAtMs: row.created_at_ms };
}
