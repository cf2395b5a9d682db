/*
 * The ledger as rows: tiles and bundles are range reads, nothing is ever rewritten. Reads only; used by the store's
 * worker thread and by the offline verifier.
 */
import { joinBytes } from '@sallyport/protocol/bytes';
import { TILE_WIDTH } from '@sallyport/protocol/merkle';
import { encodeBundle } from '@sallyport/protocol/tile';
import type { Statements } from './statements.ts';

type LeafRow = { leaf: Uint8Array };
type HashRow = { hash: Uint8Array };
type EntryRow = { entry: Uint8Array };

export class LedgerRows {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Hashes of a tile; null when fewer than `width` are there. */
  findTile(level: number, index: number, width: number): Uint8Array | null {
    const from = index * TILE_WIDTH;
    const hashes =
      level === 0
        ? this.#range<LeafRow>('select leaf from ledger_entry where idx >= ? and idx < ? order by idx', [
            from,
            from + width,
          ]).map((row) => row.leaf)
        : this.#range<HashRow>('select hash from ledger_node where level = ? and idx >= ? and idx < ? order by idx', [
            level,
            from,
            from + width,
          ]).map((row) => row.hash);
    return hashes.length === width ? joinBytes(hashes) : null;
  }

  /** Like findTile, for a tile that must be there. Throws when rows are missing. */
  readTile(level: number, index: number, width: number): Uint8Array {
    const tile = this.findTile(level, index, width);
    if (tile === null) throw new Error(`tile ${level}/${index} has fewer than ${width} hashes`);
    return tile;
  }

  findBundle(index: number, width: number): Uint8Array | null {
    const entries = this.entries(index * TILE_WIDTH, width);
    return entries.length === width ? encodeBundle(entries) : null;
  }

  /** At most `count` entries from `from` on. */
  entries(from: number, count: number): Uint8Array[] {
    return this.#range<EntryRow>('select entry from ledger_entry where idx >= ? and idx < ? order by idx', [
      from,
      from + count,
    ]).map((row) => row.entry);
  }

  /** The number of entries as the rows have it, from the highest index. */
  size(): number {
    const row = this.#statements.raw('select coalesce(max(idx) + 1, 0) as size from ledger_entry').get();
    return Number(row?.['size']);
  }

  /** The newest checkpoint that covers more than `above` and at most `upTo` entries. */
  checkpoint(above: number, upTo: number): { readonly size: number; readonly note: string } | null {
    const text = 'select size, note from ledger_checkpoint where size > ? and size <= ? order by size desc limit 1';
    return (this.#statements.raw(text).get(above, upTo) as { size: number; note: string } | undefined) ?? null;
  }

  newestCheckpoint(): { readonly size: number; readonly note: string } | null {
    return this.checkpoint(-1, Number.MAX_SAFE_INTEGER);
  }

  #range<R>(text: string, bounds: number[]): R[] {
    return this.#statements.raw(text).all(...bounds) as R[];
  }
}
