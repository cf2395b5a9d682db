/*
 * The checkpoint of a log (C2SP tlog-checkpoint): origin, size and root, as the text of a signed note. Pure; written
 * by the store, read by every verifier.
 */
import { parseBase64, toBase64 } from './bytes.ts';
import { HASH_BYTES, type Hash } from './merkle.ts';
import { type Parsed, parsed, unreadable } from './parsed.ts';
import { isKeyName, type VerifierKey, verifyNote } from './signed-note.ts';

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Hash };

/** Writes the note's text. The origin is the log's key name. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isKeyName(origin)) throw new TypeError('an origin is a key name');
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads the text; extension lines are allowed by the format and ignored here. */
export function parseCheckpoint(text: string): Parsed<Checkpoint> {
  const lines = text.split('\n');
  const [origin = '', sizeText = '', rootText = ''] = lines;
  if (lines.length < 4 || lines.pop() !== '' || lines.includes('')) return unreadable('not the text of a checkpoint');
  const size = Number(sizeText);
  if (!/^(0|[1-9][0-9]*)$/.test(sizeText) || !Number.isSafeInteger(size)) return unreadable('a bad tree size');
  const root = parseBase64(rootText);
  if (root === null || root.length !== HASH_BYTES) return unreadable('a bad root');
  return parsed({ origin, size, root });
}

/** Opens a signed checkpoint; it must be signed by `log`, whose name is its origin. Further keys are witnesses. */
export async function verifyCheckpoint(
  note: string,
  log: VerifierKey,
  witnesses: readonly VerifierKey[] = [],
): Promise<Parsed<Checkpoint>> {
  const opened = await verifyNote(note, [log, ...witnesses]);
  if (!opened.ok) return opened;
  if (!opened.value.signedBy.some(({ key }) => key === log)) return unreadable('not signed by the log itself');
  const checkpoint = parseCheckpoint(opened.value.text);
  if (checkpoint.ok && checkpoint.value.origin !== log.name) return unreadable('the checkpoint of another log');
  return checkpoint;
}
