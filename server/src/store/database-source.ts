/*
 * A ledger read from the database of a data directory, without writing to it. Used by the offline verifier; a running
 * server holds the file and is asked by URL instead.
 */
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { headPath, readHead } from './head-file.ts';
import { LedgerRows } from './ledger-rows.ts';
import type { LedgerSource } from './ledger-source.ts';
import { verifierKeyPath } from './log-signer.ts';
import { databasePath, isBusy } from './open-database.ts';
import { Statements } from './statements.ts';
import { StoreError } from './store-error.ts';

export const isDataDirectory = (directory: string): boolean => existsSync(databasePath(directory));

/** Opens the database read-only. Throws `locked` when a server has it and `unusable` when it is no ledger. */
export function openReadOnly(directory: string): Statements {
  try {
    const connection = new DatabaseSync(databasePath(directory), { readOnly: true, timeout: 0 });
    const statements = new Statements(connection);
    statements.raw('select 1 from ledger_entry limit 1').get();
    return statements;
  } catch (cause) {
    if (isBusy(cause)) {
      const text = `a server has ${directory} open; check it at its URL instead: sallyport ledger verify <url>`;
      throw new StoreError('locked', text, { cause });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('unusable', `${directory} does not hold a readable ledger: ${reason}`, { cause });
  }
}

type EntryRow = { idx: number; entry: Uint8Array };

export class DatabaseSource implements LedgerSource {
  readonly name: string;
  readonly #statements: Statements;
  readonly #rows: LedgerRows;

  constructor(directory: string) {
    this.name = directory;
    this.#statements = openReadOnly(directory);
    this.#rows = new LedgerRows(this.#statements);
  }

  async readCheckpoint(): Promise<string> {
    const newest = this.#rows.newestCheckpoint();
    if (newest === null) throw new StoreError('unusable', `${this.name} has no signed checkpoint`);
    return newest.note;
  }

  async readEntries(from: number, count: number): Promise<readonly (Uint8Array | null)[]> {
    const text = 'select idx, entry from ledger_entry where idx >= ? and idx < ?';
    const rows = this.#statements.raw(text).all(from, from + count) as EntryRow[];
    const places = Array.from<Uint8Array | null>({ length: count }).fill(null);
    for (const { idx, entry } of rows) places[idx - from] = entry;
    return places;
  }

  async readTile(level: number, index: number, width: number): Promise<Uint8Array | null> {
    return this.#rows.findTile(level, index, width);
  }

  async readEarlierCheckpoint(above: number, upTo: number): Promise<string | null> {
    return this.#rows.checkpoint(above, upTo)?.note ?? null;
  }

  async readKeptCheckpoint(): Promise<string | null> {
    return existsSync(headPath(this.name)) ? readHead(this.name) : null;
  }

  async readSize(): Promise<number | null> {
    return this.#rows.size();
  }

  async readVerifierKey(): Promise<string | null> {
    const path = verifierKeyPath(this.name);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
  }

  close(): void {
    this.#statements.connection.close();
  }
}
