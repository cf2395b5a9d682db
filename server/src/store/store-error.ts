/*
 * What the store says when it does not do what was asked. Pure; thrown by open-store.ts and by every method of the
 * store. The code is for programs, the message for the operator.
 */

/**
 * `busy`: too many wait already; nothing was written, the gate stays shut.
 * `refused`: the command contradicts what is stored, or its entry is malformed; nothing was written.
 * `unwritten`: the batch could not be written (a full disk); nothing was written, a later one may succeed.
 * `clock-behind`: the wall clock stands before the last durable time by more than the bound.
 * `failed`: a commit failed; what the disk holds is unknown, the process must stop.
 * `closed`: the store was closed.
 * At opening only: `locked` (another process has the directory), `rolled-back`, `forked`, `wrong-key`, `unusable`.
 */
export type StoreErrorCode =
  | 'busy'
  | 'refused'
  | 'unwritten'
  | 'clock-behind'
  | 'failed'
  | 'closed'
  | 'locked'
  | 'rolled-back'
  | 'forked'
  | 'wrong-key'
  | 'unusable';

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** A StoreError as it crosses the thread boundary. */
export type Failure = { readonly code: StoreErrorCode; readonly message: string };

export function toFailure(error: unknown, otherwise: StoreErrorCode): Failure {
  if (error instanceof StoreError) return { code: error.code, message: error.message };
  return { code: otherwise, message: error instanceof Error ? error.message : String(error) };
}
