/* The ledger as it is served: checkpoint, tiles, bundles, proofs. Read commands; run by the worker thread. */
import type { SessionId } from '@sallyport/protocol/ids';
import { TILE_WIDTH } from '@sallyport/protocol/merkle';
import { Prover } from '@sallyport/protocol/merkle-proof';
import { tileWidthAt } from '@sallyport/protocol/tile';
import { formatTlogProof } from '@sallyport/protocol/tlog-proof';
import type { ReadContext } from '../command.ts';

const TILE_LEVEL_MAX = 62;
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isWidth = (width: number): boolean => isCount(width) && width >= 1 && width <= TILE_WIDTH;

export const checkpoint = ({ ledger }: ReadContext): string => ledger.note;

type TileInput = { readonly level: number; readonly index: number; readonly width: number };

export function tile({ ledger, rows }: ReadContext, { level, index, width }: TileInput): Uint8Array | null {
  if (!isCount(level) || level > TILE_LEVEL_MAX || !isCount(index) || !isWidth(width)) return null;
  return tileWidthAt(ledger.frontier.size, level, index) < width ? null : rows.findTile(level, index, width);
}

type BundleInput = Omit<TileInput, 'level'>;

export function entryBundle({ ledger, rows }: ReadContext, { index, width }: BundleInput): Uint8Array | null {
  if (!isCount(index) || !isWidth(width)) return null;
  return tileWidthAt(ledger.frontier.size, 0, index) < width ? null : rows.findBundle(index, width);
}

export function proof(context: Pick<ReadContext, 'ledger' | 'rows'>, index: number): string | null {
  const { ledger, rows } = context;
  const { size } = ledger.frontier;
  if (!isCount(index) || index >= size) return null;
  const prover = new Prover(size, (level, at, width) => rows.readTile(level, at, width));
  return formatTlogProof({ index, path: prover.inclusion(index), checkpoint: ledger.note, extra: null });
}

/** An entry's text and its proof. */
export type ProvenEntry = { readonly index: number; readonly entry: string; readonly proof: string };
/** `end` is null while the session is open. */
export type SessionProof = { readonly start: ProvenEntry; readonly end: ProvenEntry | null };

export function proveSession(context: ReadContext, sessionId: SessionId): SessionProof | null {
  const { statements, rows } = context;
  const text = `select s.started_index, e.ended_index from session_start s left join session_end e on e.id = s.id
    where s.id = ?`;
  const row = statements.raw(text).get(sessionId);
  if (row === undefined) return null;
  const prove = (index: number): ProvenEntry => {
    const [entry] = rows.entries(index, 1);
    return { index, entry: new TextDecoder().decode(entry), proof: proof(context, index) ?? '' };
  };
  const { started_index: startedIndex, ended_index: endedIndex } = row;
  return { start: prove(Number(startedIndex)), end: endedIndex === null ? null : prove(Number(endedIndex)) };
}
