/*
 * Grows the ledger inside the transaction of a batch: entries, tree, openings, checkpoint. What it holds in memory
 * moves forward only when the commit has returned. Lives in the worker thread; used by batch-engine.ts.
 */
import { canonicalJson } from '@sallyport/protocol/canonical-json';
import { buildCommitment } from '@sallyport/protocol/commitment';
import { type LedgerEntryDraft, ledgerEntrySchema } from '@sallyport/protocol/ledger-entry';
import { limits } from '@sallyport/protocol/limits';
import { type Frontier, leafHash } from '@sallyport/protocol/merkle';
import type { Opening } from '../app/ports/store.ts';
import type { LogSigner } from './log-signer.ts';
import type { Statements } from './statements.ts';
import { StoreError } from './store-error.ts';

/** An entry whose private fields have been given their salt. */
export type SealedEntry = {
  readonly draft: LedgerEntryDraft;
  readonly opening: { readonly salt: Uint8Array; readonly fields: Opening } | null;
};
export type Appended = { readonly index: number; readonly atMs: number };

type Tip = { readonly frontier: Frontier; readonly lastMs: number; readonly epoch: number };
export type LedgerTip = Tip & { readonly note: string };

export class LedgerWriter {
  readonly #statements: Statements;
  readonly #signer: LogSigner;
  #durable: LedgerTip;
  #trial: Tip;

  constructor(statements: Statements, signer: LogSigner, tip: LedgerTip) {
    this.#statements = statements;
    this.#signer = signer;
    this.#durable = tip;
    // Two trees from here on: the trial must not grow what is said to be durable.
    this.#trial = { ...tip, frontier: tip.frontier.copy() };
  }

  /** The tree, its checkpoint and its newest time as they are on the disk. */
  get durable(): LedgerTip {
    return this.#durable;
  }

  get epoch(): number {
    return this.#trial.epoch;
  }

  get lastMs(): number {
    return this.#trial.lastMs;
  }

  beginEpoch(epoch: number): void {
    this.#trial = { ...this.#trial, epoch };
  }

  /** Remembers where the trial stands; calling the answer takes it back there. */
  mark(): () => void {
    const { frontier, lastMs, epoch } = this.#trial;
    const kept = { frontier: frontier.copy(), lastMs, epoch };
    return () => {
      this.#trial = kept;
    };
  }

  /**
   * Appends an entry dated `atMs`, or the newest entry's time if that is later: the ledger's time never goes back.
   * Throws `refused` for an entry outside the schema or over the size limit.
   */
  append({ draft, opening }: SealedEntry, atMs: number): Appended {
    const dated = Math.max(atMs, this.#trial.lastMs);
    const commitment = opening === null ? null : buildCommitment(opening.salt, opening.fields);
    const whole = { ...draft, v: 1, atMs: dated, epoch: this.#trial.epoch, private: commitment };
    const checked = ledgerEntrySchema.safeParse(whole);
    if (!checked.success) throw new StoreError('refused', `not a ledger entry: ${checked.error.message}`);
    const bytes = new TextEncoder().encode(canonicalJson(checked.data));
    if (bytes.length > limits.entryBytesMax) throw new StoreError('refused', 'the ledger entry is too long');
    const { frontier } = this.#trial;
    const index = frontier.size;
    const leaf = leafHash(bytes);
    this.#statements.raw('insert into ledger_entry (idx, entry, leaf) values (?, ?, ?)').run(index, bytes, leaf);
    const node = this.#statements.raw('insert into ledger_node (level, idx, hash) values (?, ?, ?)');
    frontier.append(leaf, (level, at, hash) => node.run(level, at, hash));
    if (opening !== null) {
      const insert = this.#statements.raw('insert into opening (idx, salt, fields) values (?, ?, ?)');
      insert.run(index, opening.salt, canonicalJson(opening.fields));
    }
    this.#trial = { ...this.#trial, lastMs: dated };
    return { index, atMs: dated };
  }

  /** Signs and stores the checkpoint of the trial when it has grown; answers what `keep` makes durable. */
  seal(): LedgerTip {
    const { frontier } = this.#trial;
    if (frontier.size === this.#durable.frontier.size) return { ...this.#trial, note: this.#durable.note };
    const note = this.#signer.signCheckpoint({ size: frontier.size, root: frontier.root() });
    this.#statements.raw('insert into ledger_checkpoint (size, note) values (?, ?)').run(frontier.size, note);
    return { ...this.#trial, note };
  }

  /** After the commit: the sealed trial is what the disk holds. */
  keep(tip: LedgerTip): void {
    this.#durable = { ...tip, frontier: tip.frontier.copy() };
    this.#trial = tip;
  }

  /** After a rollback. */
  abandon(): void {
    this.#trial = { ...this.#durable, frontier: this.#durable.frontier.copy() };
  }
}
