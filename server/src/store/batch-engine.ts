/*
 * Runs batches: one transaction, one savepoint per command, one signed checkpoint, one fsync. A refused command takes
 * only itself back; a commit that fails ends the store, because what the page cache then holds is unknown.
 * Lives in the worker thread; used by store-worker.ts and at opening.
 */
import type { Answer, Call, WriteContext } from './command.ts';
import { type WriteName, writes } from './commands/write-table.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import type { Statements } from './statements.ts';
import { StoreError, toFailure } from './store-error.ts';

const SQLITE_CONSTRAINT = 19;

/** Says whether an error of SQLite concerns one command's rows and not the disk below them all. */
function concernsOneCommand(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return true;
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === SQLITE_CONSTRAINT;
}

const isWriteName = (name: string): name is WriteName => Object.hasOwn(writes, name);

export class BatchEngine {
  readonly #statements: Statements;
  readonly #ledger: LedgerWriter;
  #aliveMs: number;

  constructor(statements: Statements, ledger: LedgerWriter, aliveMs: number) {
    this.#statements = statements;
    this.#ledger = ledger;
    this.#aliveMs = aliveMs;
  }

  get ledger(): LedgerWriter {
    return this.#ledger;
  }

  /**
   * Runs the commands in order; when it returns they are durable. Throws `unwritten` when nothing of the batch was
   * written and the store may go on, `failed` when the outcome of a commit is unknown.
   */
  run(calls: readonly Call[], nowMs: number): Answer[] {
    const context = this.#context(nowMs);
    let answers: Answer[];
    let tip: ReturnType<LedgerWriter['seal']>;
    let aliveMs: number;
    try {
      this.#statements.raw('begin immediate').run();
      answers = calls.map((call) => this.#attempt(call, context));
      aliveMs = Math.max(this.#aliveMs, nowMs, this.#ledger.lastMs);
      const touch = this.#statements.raw('update node_epoch set alive_ms = ? where epoch = ?');
      touch.run(aliveMs, this.#ledger.epoch);
      tip = this.#ledger.seal();
    } catch (cause) {
      this.#rollBack();
      throw new StoreError('unwritten', `nothing could be written: ${toFailure(cause, 'unwritten').message}`, {
        cause,
      });
    }
    try {
      this.#statements.raw('commit').run();
    } catch (cause) {
      throw new StoreError('failed', `a commit failed: ${toFailure(cause, 'failed').message}`, { cause });
    }
    this.#ledger.keep(tip);
    this.#aliveMs = aliveMs;
    return answers;
  }

  #attempt({ name, input }: Call, context: WriteContext): Answer {
    if (!isWriteName(name)) throw new Error(`no write command ${name}`);
    const back = this.#ledger.mark();
    this.#statements.raw('savepoint command').run();
    try {
      const value: unknown = (writes[name] as (context: WriteContext, input: unknown) => unknown)(context, input);
      this.#statements.raw('release command').run();
      return { ok: true, value };
    } catch (error) {
      // SQLite takes the whole transaction back by itself on some errors; then no command of the batch stands.
      if (!this.#statements.connection.isTransaction || !concernsOneCommand(error)) throw error;
      this.#statements.raw('rollback to command').run();
      this.#statements.raw('release command').run();
      back();
      return { ok: false, failure: toFailure(error, 'refused') };
    }
  }

  #rollBack(): void {
    try {
      if (this.#statements.connection.isTransaction) this.#statements.raw('rollback').run();
    } catch (cause) {
      throw new StoreError('failed', 'a rollback failed', { cause });
    }
    this.#ledger.abandon();
  }

  #context(nowMs: number): WriteContext {
    const ledger = this.#ledger;
    const statements = this.#statements;
    const aliveMs = this.#aliveMs;
    return {
      statements,
      nowMs,
      get lastMs() {
        return Math.max(aliveMs, ledger.lastMs);
      },
      get epoch() {
        return ledger.epoch;
      },
      beginEpoch: (epoch) => ledger.beginEpoch(epoch),
      append: (entry, atMs = nowMs) => ledger.append(entry, Math.min(atMs, nowMs)),
      nextRevision() {
        const row = statements.raw('update fact_revision set value = value + 1 where one = 1 returning value').get();
        return Number(row?.['value']);
      },
    };
  }
}
