/*
 * Starts a media worker only to see that it can be started; it listens on nothing. Used by `sallyport doctor`.
 */
import { workerBin } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import { mediaLimits } from './limits.ts';
import { startProcess } from './media-worker.ts';
import { within } from './within.ts';
import { checkWorkerBinary } from './worker-binary.ts';

/** The worker a start takes: MEDIASOUP_WORKER_BIN, or else mediasoup's own. */
export const workerBinaryPath = workerBin;

/** Throws MediaFault `worker-missing` or `worker-broken` with what to do; leaves no process behind. */
export async function tryWorker(clock: Clock, binaryPath: string): Promise<void> {
  await checkWorkerBinary(binaryPath);
  const worker = await startProcess({ clock, binaryPath });
  const gone = new Promise<void>((resolve) => {
    worker.on('subprocessclose', () => resolve());
  });
  worker.close();
  await within(clock, mediaLimits.workerStopMs, gone);
}
