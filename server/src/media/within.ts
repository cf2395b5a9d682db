/*
 * Bounded waits: no promise of a worker is awaited without an end. Time comes through the clock.
 */
import type { Clock } from '../app/ports/clock.ts';
import { MediaFault } from './media-fault.ts';

export type Waited<T> =
  | { readonly how: 'done'; readonly value: T }
  | { readonly how: 'failed'; readonly cause: unknown }
  | { readonly how: 'late' };

/** Waits for `promise` at most `limitMs`; never rejects, and a failure that comes late is swallowed. */
export function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<Waited<T>> {
  return new Promise((resolve) => {
    const timer = clock.after(limitMs, () => resolve({ how: 'late' }));
    const settle = (waited: Waited<T>) => {
      timer.cancel();
      resolve(waited);
    };
    promise.then(
      (value) => settle({ how: 'done', value }),
      (cause) => settle({ how: 'failed', cause }),
    );
  });
}

/**
 * As `within`, for something that must be let go of again: throws MediaFault `timed-out` when late, and whatever
 * `promise` rejects with. A value that arrives after that is handed to `release`.
 */
export async function acquireWithin<T>(
  clock: Clock,
  limitMs: number,
  what: string,
  promise: Promise<T>,
  release: (value: T) => void,
): Promise<T> {
  const waited = await within(clock, limitMs, promise);
  if (waited.how === 'done') return waited.value;
  if (waited.how === 'failed') throw waited.cause;
  promise.then(release, () => undefined);
  throw new MediaFault('timed-out', `${what} took longer than ${limitMs} ms`);
}
