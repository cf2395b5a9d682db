/*
 * Looks at the media worker's binary before it is started, so that a missing one is told with what to do about it.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { MediaFault } from './media-fault.ts';

const WHAT_TO_DO = 'run `npm run setup`, or set MEDIASOUP_WORKER_BIN to a mediasoup-worker of this version';

/** Throws MediaFault `worker-missing` when there is no executable file at `path`. */
export async function checkWorkerBinary(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new MediaFault('worker-missing', `there is no media worker at ${path}; ${WHAT_TO_DO}`);
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    throw new MediaFault('worker-missing', `the media worker at ${path} may not be executed; ${WHAT_TO_DO}`, error);
  }
}
