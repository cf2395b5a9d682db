/* Who may know a camera and who may change it. Pure; used by the use cases that show or change one. */
import type { Actor } from './actor.ts';
import type { StoredCamera } from './ports/store.ts';

export const mayChange = ({ enrolledBy }: Pick<StoredCamera, 'enrolledBy'>, actor: Actor): boolean =>
  actor.role === 'operator' || enrolledBy === actor.id;

export function mayKnow(camera: Pick<StoredCamera, 'ownerId' | 'enrolledBy'>, actor: Actor): boolean {
  if (actor.role === 'operator' || actor.role === 'auditor') return true;
  if (actor.role === 'owner') return camera.ownerId === actor.ownerId;
  return actor.role === 'vendor' && camera.enrolledBy === actor.id;
}
