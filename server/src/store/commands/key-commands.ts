/* API keys, by their hash alone. Commands; run by the worker thread. */
import type { CameraId, KeyId } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { ApiKeyRecord, Written } from '../../app/ports/store.ts';
import type { ReadContext, WriteContext } from '../command.ts';
import type { SealedEntry } from '../ledger-writer.ts';
import type { Tables } from '../schema.ts';

type AddInput = { readonly key: ApiKeyRecord; readonly entry: SealedEntry };

export function addKey(context: WriteContext, { key, entry }: AddInput): Written<ApiKeyRecord> {
  const { statements } = context;
  const { index } = context.append(entry, key.createdAtMs);
  const row = {
    id: key.id,
    role: key.role,
    hash: key.hash,
    agency: key.agency,
    owner_id: key.ownerId,
    label: key.label,
    created_at_ms: key.createdAtMs,
    added_index: index,
    revoked_index: null,
    camera_id: key.cameraId,
  };
  statements.run(statements.query.insertInto('api_key').values(row));
  return { value: key, index };
}

const toKey = (row: Tables['api_key']): ApiKeyRecord => ({
  id: row.id as KeyId,
  role: row.role as ApiKeyRecord['role'],
  hash: row.hash,
  agency: row.agency,
  ownerId: row.owner_id as ApiKeyRecord['ownerId'],
  cameraId: row.camera_id as ApiKeyRecord['cameraId'],
  label: row.label,
  createdAtMs: row.created_at_ms,
});

const selectLiving = ({ statements }: ReadContext) =>
  statements.query.selectFrom('api_key').selectAll().where('revoked_index', 'is', null);

/** A revoked key is as good as none. */
export function readKeyByHash(context: ReadContext, hash: string): ApiKeyRecord | null {
  const row = context.statements.first(selectLiving(context).where('hash', '=', hash));
  return row === null ? null : toKey(row);
}

export function readKey(context: ReadContext, id: KeyId): ApiKeyRecord | null {
  const row = context.statements.first(selectLiving(context).where('id', '=', id));
  return row === null ? null : toKey(row);
}

export function listCameraKeys(context: ReadContext, cameraId: CameraId): ApiKeyRecord[] {
  const select = selectLiving(context).where('camera_id', '=', cameraId).orderBy('added_index');
  return context.statements.all(select.limit(limits.publishKeysMax)).map(toKey);
}

type RevokeInput = { readonly id: KeyId; readonly entry: SealedEntry };

export function revokeKey(context: WriteContext, { id, entry }: RevokeInput): 'revoked' | 'unknown' {
  const { statements } = context;
  const select = statements.query.selectFrom('api_key').select('id').where('id', '=', id);
  if (statements.first(select.where('revoked_index', 'is', null)) === null) return 'unknown';
  const { index } = context.append(entry);
  statements.run(statements.query.updateTable('api_key').set({ revoked_index: index }).where('id', '=', id));
  return 'revoked';
}
