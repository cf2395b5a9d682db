/*
 * Compares the tree in the rows with every checkpoint this node remembers having signed, before it signs another:
 * a log must never show two histories. Used by the worker thread at opening.
 */
import { bytesEqual } from '@sallyport/protocol/bytes';
import { type Checkpoint, verifyCheckpoint } from '@sallyport/protocol/checkpoint';
import { Frontier } from '@sallyport/protocol/merkle';
import { Prover } from '@sallyport/protocol/merkle-proof';
import type { VerifierKey } from '@sallyport/protocol/signed-note';
import { readHead } from './head-file.ts';
import type { LedgerRows } from './ledger-rows.ts';
import { StoreError } from './store-error.ts';

export type LedgerHead = { readonly frontier: Frontier; readonly note: string };

/**
 * Loads the tree's edge. Throws `rolled-back` when a checkpoint covers more than is there, `forked` when the tree has
 * another root than was signed for it, `wrong-key` when a checkpoint does not carry this log's signature.
 */
export async function loadHead(directory: string, rows: LedgerRows, key: VerifierKey): Promise<LedgerHead> {
  const size = rows.size();
  const stored = rows.newestCheckpoint();
  if (stored === null && size > 0)
    throw new StoreError('forked', `${size} entries, but no checkpoint was signed for them`);
  const notes = [
    { note: stored?.note ?? null, from: 'the newest checkpoint in the database' },
    { note: readHead(directory), from: 'the checkpoint kept beside the database (ledger.checkpoint)' },
  ];
  for (const { note, from } of notes) {
    if (note === null) continue;
    const signed = await verifyCheckpoint(note, key);
    if (!signed.ok) throw new StoreError('wrong-key', `${from} cannot be trusted: ${signed.why}`);
    compare(signed.value, size, rows, from);
  }
  if (stored !== null && stored.size !== size) {
    throw new StoreError('forked', `${size} entries, but the newest checkpoint in the database covers ${stored.size}`);
  }
  const frontier = Frontier.load(size, (level, index, width) => rows.readTile(level, index, width));
  return { frontier, note: stored?.note ?? '' };
}

function compare(signed: Checkpoint, size: number, rows: LedgerRows, from: string): void {
  if (signed.size > size) {
    const text = `the ledger was rolled back: it has ${size} entries, ${from} covers ${signed.size}`;
    throw new StoreError('rolled-back', `${text}; put the newer database back, or begin a new data directory`);
  }
  const root = rootOf(signed.size, size, rows);
  if (root === null || !bytesEqual(root, signed.root)) {
    throw new StoreError('forked', `the ledger was changed: its first ${signed.size} entries are not those of ${from}`);
  }
}

function rootOf(upTo: number, size: number, rows: LedgerRows): Uint8Array | null {
  try {
    return new Prover(size, (level, index, width) => rows.readTile(level, index, width)).rootOf(0, upTo);
  } catch {
    // Rows are missing below a size that they themselves claim.
    return null;
  }
}
