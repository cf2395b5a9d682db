/*
 * What a command of the store is: a small synchronous function over an open transaction (write) or over the committed
 * state (read), named in a table. Types only; the tables are in commands/.
 */
import type { LedgerRows } from './ledger-rows.ts';
import type { Appended, LedgerTip, SealedEntry } from './ledger-writer.ts';
import type { Statements } from './statements.ts';
import type { Failure } from './store-error.ts';

export interface WriteContext {
  readonly statements: Statements;
  /** The wall clock when the batch was formed. */
  readonly nowMs: number;
  /** The newest time of entries and signs of life; never before `nowMs` of an earlier batch. */
  readonly lastMs: number;
  readonly epoch: number;
  beginEpoch(epoch: number): void;
  /** Appends to the ledger in this transaction. An entry is never dated after it was written (`nowMs`). */
  append(entry: SealedEntry, atMs?: number): Appended;
  /** The next value of the one counter of fact changes. */
  nextRevision(): number;
}

export interface ReadContext {
  readonly statements: Statements;
  readonly ledger: LedgerTip;
  readonly rows: LedgerRows;
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds commands of every input; its rows are typed where they are called
export type WriteCommand = (context: WriteContext, input: any) => unknown;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type ReadCommand = (context: ReadContext, input: any) => unknown;

/** A command on its way to the worker thread. */
export type Call = { readonly name: string; readonly input: unknown };
export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure };
