/*
 * The newest checkpoint as a file beside the database. A database put back from an old copy is whole in itself; only
 * something outside it can tell that the log was longer once. Touches the disk; used by the worker thread and the
 * offline verifier.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const headPath = (directory: string): string => join(directory, 'ledger.checkpoint');

/** Replaces the file; MUST only be called with a checkpoint whose commit has returned. Durable when it returns. */
export function writeHead(directory: string, note: string): void {
  const fresh = `${headPath(directory)}.new`;
  const file = openSync(fresh, 'w', 0o644);
  try {
    writeSync(file, note);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, headPath(directory));
}

/** The signed note, or null when there is none yet. */
export function readHead(directory: string): string | null {
  try {
    return readFileSync(headPath(directory), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
