/*
 * The receipt of one entry (C2SP tlog-proof): its index, its inclusion path and the checkpoint it is proven under.
 * Pure; built by the store, checked by whoever holds the entry.
 */
import { parseBase64, toBase64 } from './bytes.ts';
import { type Checkpoint, verifyCheckpoint } from './checkpoint.ts';
import { HASH_BYTES, type Hash, leafHash } from './merkle.ts';
import { PROOF_HASHES_MAX, verifyInclusion } from './merkle-proof.ts';
import { type Parsed, parsed, unreadable } from './parsed.ts';
import type { VerifierKey } from './signed-note.ts';

export type TlogProof = {
  readonly index: number;
  /** The leaf's sibling first. */
  readonly path: readonly Hash[];
  /** The signed note, as it is. */
  readonly checkpoint: string;
  /** Bytes that travel with the proof and are not proven by it; null when there are none. */
  readonly extra: Uint8Array | null;
};

const HEADER = 'c2sp.org/tlog-proof@v1';

export function formatTlogProof(proof: TlogProof): string {
  const extra = proof.extra === null ? [] : [`extra ${toBase64(proof.extra)}`];
  const lines = [HEADER, ...extra, `index ${proof.index}`, ...proof.path.map(toBase64)];
  return `${lines.join('\n')}\n\n${proof.checkpoint}`;
}

export function parseTlogProof(text: string): Parsed<TlogProof> {
  const blank = text.indexOf('\n\n');
  if (blank < 0) return unreadable('the proof has no empty line before its checkpoint');
  const lines = text.slice(0, blank).split('\n');
  if (lines.shift() !== HEADER) return unreadable(`the proof does not begin with ${HEADER}`);
  let extra: Uint8Array | null = null;
  if (lines[0]?.startsWith('extra ')) {
    extra = parseBase64(lines.shift()!.slice('extra '.length));
    if (extra === null) return unreadable('the extra line is not base64');
  }
  const match = /^index (0|[1-9][0-9]*)$/.exec(lines.shift() ?? '');
  const index = Number(match?.[1]);
  if (!Number.isSafeInteger(index)) return unreadable('the proof has no index');
  if (lines.length > PROOF_HASHES_MAX) return unreadable('the path is too long');
  const path: Hash[] = [];
  for (const line of lines) {
    const hash = parseBase64(line);
    if (hash === null || hash.length !== HASH_BYTES) return unreadable('a line of the path is not a hash');
    path.push(hash);
  }
  return parsed({ index, path, checkpoint: text.slice(blank + 2), extra });
}

/** Checks that `entry` stands in the log of `log` as the proof says; answers where, or why it does not. */
export async function verifyTlogProof(
  text: string,
  entry: Uint8Array,
  log: VerifierKey,
): Promise<Parsed<{ readonly index: number; readonly checkpoint: Checkpoint }>> {
  const proof = parseTlogProof(text);
  if (!proof.ok) return proof;
  const checkpoint = await verifyCheckpoint(proof.value.checkpoint, log);
  if (!checkpoint.ok) return checkpoint;
  const { index, path } = proof.value;
  const { size, root } = checkpoint.value;
  const holds = verifyInclusion({ leaf: leafHash(entry), index, size, root }, path);
  return holds ? parsed({ index, checkpoint: checkpoint.value }) : unreadable('the entry is not the one proven here');
}
