/* Cameras: enrolled under a cap, changed, withdrawn. Commands; run by the worker thread. */
import type { CameraId } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { CameraChange, CameraFilter, StoredCamera, Written } from '../../app/ports/store.ts';
import type { ReadContext, WriteContext } from '../command.ts';
import type { SealedEntry } from '../ledger-writer.ts';
import type { Tables } from '../schema.ts';
import type { Statements } from '../statements.ts';
import { toCameraFact } from './gate-commands.ts';

const toCamera = (row: Tables['camera']): StoredCamera => ({
  ...toCameraFact(row),
  name: row.name,
  enrolledAtMs: row.enrolled_at_ms,
  sealedUrl: row.source === 'published' ? null : row.sealed_url,
  enrolledBy: row.enrolled_by as StoredCamera['enrolledBy'],
});

function findCamera(statements: Statements, id: CameraId): StoredCamera | null {
  const row = statements.first(statements.query.selectFrom('camera').selectAll().where('id', '=', id));
  return row === null ? null : toCamera(row);
}

type AddInput = { readonly camera: StoredCamera; readonly cap: number; readonly entry: SealedEntry };

export function addCamera(context: WriteContext, input: AddInput): Written<StoredCamera> | 'cap-reached' {
  const { camera, cap, entry } = input;
  const { statements } = context;
  const counted = statements.first(
    statements.query
      .selectFrom('camera')
      .select((eb) => eb.fn.countAll<number>().as('enrolled'))
      .where('ownership', '=', camera.ownership)
      .where('state', '=', 'enrolled'),
  );
  if (counted === null || counted.enrolled >= cap) return 'cap-reached';
  const { index } = context.append(entry, camera.enrolledAtMs);
  const row: Tables['camera'] = {
    id: camera.id,
    owner_id: camera.ownerId,
    ownership: camera.ownership,
    lat: camera.place.lat,
    lon: camera.place.lon,
    state: camera.state,
    name: camera.name,
    enrolled_at_ms: camera.enrolledAtMs,
    enrolled_by: camera.enrolledBy,
    sealed_url: camera.sealedUrl ?? '',
    added_index: index,
    revision: context.nextRevision(),
    source: camera.sealedUrl === null ? 'published' : 'pulled',
  };
  statements.run(statements.query.insertInto('camera').values(row));
  return { value: camera, index };
}

export const readCamera = ({ statements }: ReadContext, id: CameraId): StoredCamera | null =>
  findCamera(statements, id);

export function listCameras({ statements }: ReadContext, filter: CameraFilter): StoredCamera[] {
  let select = statements.query
    .selectFrom('camera')
    .selectAll()
    .orderBy('added_index')
    .limit(Math.min(filter.limit, limits.camerasPerOwnershipMax * 2));
  if (filter.ownerId !== null) select = select.where('owner_id', '=', filter.ownerId);
  if (filter.enrolledBy !== null) select = select.where('enrolled_by', '=', filter.enrolledBy);
  if (filter.ownership !== null) select = select.where('ownership', '=', filter.ownership);
  return statements.all(select).map(toCamera);
}

type ChangeInput = { readonly id: CameraId; readonly change: CameraChange; readonly entry: SealedEntry };

/** Changes an enrolled camera; one that is unknown or withdrawn answers `unknown`. */
export function changeCamera(context: WriteContext, input: ChangeInput): Written<StoredCamera> | 'unknown' {
  const { name, place, sealedUrl } = input.change;
  return update(context, input.id, input.entry, undefined, {
    ...(name === undefined ? {} : { name }),
    ...(place === undefined ? {} : { lat: place.lat, lon: place.lon }),
    ...(sealedUrl === undefined ? {} : { sealed_url: sealedUrl }),
  });
}

type WithdrawInput = { readonly id: CameraId; readonly atMs: number; readonly entry: SealedEntry };

/** Withdraws an enrolled camera; one that is unknown or withdrawn answers `unknown`. */
export const withdrawCamera = (context: WriteContext, input: WithdrawInput): Written<StoredCamera> | 'unknown' =>
  update(context, input.id, input.entry, input.atMs, { state: 'withdrawn' });

function update(
  context: WriteContext,
  id: CameraId,
  entry: SealedEntry,
  atMs: number | undefined,
  columns: Partial<Tables['camera']>,
): Written<StoredCamera> | 'unknown' {
  const { statements } = context;
  if (findCamera(statements, id)?.state !== 'enrolled') return 'unknown';
  const { index } = context.append(entry, atMs);
  const changed = { ...columns, revision: context.nextRevision() };
  statements.run(statements.query.updateTable('camera').set(changed).where('id', '=', id));
  return { value: findCamera(statements, id)!, index };
}
