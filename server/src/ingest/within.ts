/*
 * Waits for a promise no longer than a limit, and not beyond a stop. Used wherever the thing waited for knows no end.
 */
import type { Clock } from '../app/ports/clock.ts';
import { IngestFault } from './ingest-fault.ts';

export type WaitBounds = {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly late: IngestFault;
  readonly signal: AbortSignal;
};

export const STOPPED_TEXT = 'The camera is no longer wanted.';

/** Settles as the promise does, or rejects with `late` at the limit, or with `stopped` when the signal fires. */
export function within<T>(promise: Promise<T>, bounds: WaitBounds): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => settle(() => reject(new IngestFault('stopped', STOPPED_TEXT)));
    const timer = bounds.clock.after(bounds.limitMs, () => settle(() => reject(bounds.late)));
    const settle = (then: () => void): void => {
      timer.cancel();
      bounds.signal.removeEventListener('abort', stop);
      then();
    };
    promise.then(
      (value) => settle(() => resolve(value)),
      (reason: unknown) => settle(() => reject(reason)),
    );
    if (bounds.signal.aborted) stop();
    else bounds.signal.addEventListener('abort', stop, { once: true });
  });
}

/** Resolves after a delay, or at once when the signal fires. */
export function delay(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
