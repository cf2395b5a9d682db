/*
 * Opens the one database file of a data directory: exclusively, durably, with the newest schema. Touches the disk;
 * used by the worker thread at opening.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migrate } from './migrations.ts';
import { Statements } from './statements.ts';
import { StoreError } from './store-error.ts';
import { storeLimits } from './store-limits.ts';

export const databasePath = (directory: string): string => join(directory, 'sallyport.db');

const SQLITE_BUSY = 5;
export const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  (error.errcode & 0xff) === SQLITE_BUSY;

/**
 * EXCLUSIVE keeps a second process out for as long as this one lives; FULL makes a commit wait for the disk, without
 * which a power cut loses acknowledged rows.
 */
const PRAGMAS = `
  pragma locking_mode = exclusive;
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
  pragma temp_store = memory;
  pragma wal_autocheckpoint = ${storeLimits.walPagesMax};
`;

export type Identity = { readonly nodeId: string; readonly origin: string };

/** Throws `locked` when another process has the directory and `unusable` when it cannot be used at all. */
export async function openDatabase(directory: string): Promise<Statements> {
  let connection: DatabaseSync | null = null;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    connection = new DatabaseSync(databasePath(directory), { timeout: 0, enableForeignKeyConstraints: true });
    connection.exec(PRAGMAS);
    const statements = new Statements(connection);
    await migrate(statements.query);
    return statements;
  } catch (cause) {
    if (connection?.isOpen === true) connection.close();
    if (isBusy(cause))
      throw new StoreError('locked', `another process has this data directory: ${directory}`, { cause });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('unusable', `the data directory ${directory} cannot be used: ${reason}`, { cause });
  }
}

/** Reads who this node is and what its log is called; a new database takes what is proposed, for good. */
export function settleIdentity(statements: Statements, proposed: Identity): Identity {
  const row = statements.first(statements.query.selectFrom('identity').selectAll());
  if (row !== null) return { nodeId: row.node_id, origin: row.origin };
  const { nodeId, origin } = proposed;
  statements.connection.exec('begin immediate');
  statements.run(statements.query.insertInto('identity').values({ one: 1, node_id: nodeId, origin }));
  statements.run(statements.query.insertInto('fact_revision').values({ one: 1, value: 0 }));
  statements.connection.exec('commit');
  return proposed;
}
