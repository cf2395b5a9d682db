/*
 * Which incident and which cameras a wall shows, as it stands in the address: a wall can be linked and reloaded.
 * Pure.
 */
import type { CameraId } from '@sallyport/client';

export type WallAddress = { readonly incidentId: string | null; readonly cameraIds: readonly CameraId[] };

/** A wall of three by three. */
export const TILES_MAX = 9;
const INCIDENT = /^inc_[a-z2-7]{26}$/;
const CAMERA = /^cam_[a-z2-7]{26}$/;
const isCameraId = (text: string): text is CameraId => CAMERA.test(text);

/** Reads `?incident=...&camera=...&camera=...`; what is no id is left out, and so is what does not fit the wall. */
export function parseWallAddress(search: string): WallAddress {
  const query = new URLSearchParams(search);
  const incidentId = query.get('incident');
  const cameraIds = [...new Set(query.getAll('camera').filter(isCameraId))].slice(0, TILES_MAX);
  return { incidentId: incidentId !== null && INCIDENT.test(incidentId) ? incidentId : null, cameraIds };
}

export function buildWallSearch({ incidentId, cameraIds }: WallAddress): string {
  const query = new URLSearchParams();
  if (incidentId !== null) query.set('incident', incidentId);
  for (const cameraId of cameraIds) query.append('camera', cameraId);
  return query.size === 0 ? '' : `?${query}`;
}

/** How many columns a wall of so many tiles has: 1, 2 or 3. */
export const wallColumns = (tiles: number): 1 | 2 | 3 => (tiles <= 1 ? 1 : tiles <= 4 ? 2 : 3);
