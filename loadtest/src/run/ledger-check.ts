/*
 * Compares the public ledger with what the viewers saw: every session of theirs has exactly one start and one end, with the
 * reason there was, and the ledger knows of no other on these cameras. Reads as anybody can.
 */
import type { LedgerEntry } from '@sallyport/protocol/ledger-entry';
import { TILE_WIDTH } from '@sallyport/protocol/merkle';
import { buildTilePath, decodeBundle } from '@sallyport/protocol/tile';
import type { SeenSession } from './agent-wire.ts';

const LISTED_MAX = 20;

export type LedgerVerdict = {
  readonly started: number;
  readonly ended: number;
  readonly mismatches: number;
  /** The first of them, in words. */
  readonly examples: readonly string[];
};

/** The number of entries the newest checkpoint tells. */
export async function readLedgerSize(serverUrl: string): Promise<number> {
  const answer = await fetch(new URL('/checkpoint', serverUrl));
  return Number((await answer.text()).split('\n')[1]);
}

/** Entries from `first` on. Rejects when a bundle cannot be read. */
export async function readEntries(serverUrl: string, first: number): Promise<readonly LedgerEntry[]> {
  const size = await readLedgerSize(serverUrl);
  const entries: LedgerEntry[] = [];
  for (let index = Math.floor(first / TILE_WIDTH); index * TILE_WIDTH < size; index += 1) {
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    const path = buildTilePath({ level: 'entries', index, width });
    const answer = await fetch(new URL(`/${path}`, serverUrl));
    const bundle = decodeBundle(new Uint8Array(await answer.arrayBuffer()));
    if (!answer.ok || !bundle.ok) throw new Error(`${path} of the ledger cannot be read`);
    bundle.value.forEach((bytes, at) => {
      if (index * TILE_WIDTH + at >= first) entries.push(JSON.parse(new TextDecoder().decode(bytes)));
    });
  }
  return entries;
}

/** Whether the cameras are the harness's own; on shared ones others may watch too. */
export type Watched = { readonly cameraIds: readonly string[]; readonly cameras: 'own' | 'shared' };

/** Pure. A viewer that failed may have any reason on record; one that left or was cut may not. */
export function compareLedger(
  entries: readonly LedgerEntry[],
  seen: readonly SeenSession[],
  { cameraIds, cameras }: Watched,
): LedgerVerdict {
  const starts = new Map<string, number>();
  const ends = new Map<string, string[]>();
  for (const entry of entries) {
    if (entry.type === 'session.started' && cameraIds.includes(entry.cameraId)) {
      starts.set(entry.sessionId, (starts.get(entry.sessionId) ?? 0) + 1);
    } else if (entry.type === 'session.ended') {
      ends.set(entry.sessionId, [...(ends.get(entry.sessionId) ?? []), entry.reason]);
    }
  }
  const wrong: string[] = [];
  for (const { sessionId, ending, reason } of seen) {
    const [started, reasons] = [starts.get(sessionId) ?? 0, ends.get(sessionId) ?? []];
    if (started !== 1 || reasons.length !== 1) {
      wrong.push(`${sessionId} has ${started} starts and ${reasons.length} ends`);
    } else if (ending === 'left' && reasons[0] !== 'left')
      wrong.push(`${sessionId} left and is on record as ${reasons[0]}`);
    else if (ending === 'cut' && reasons[0] === 'left')
      wrong.push(`${sessionId} was cut (${reason}) and is on record as left`);
  }
  const known = new Set(seen.map(({ sessionId }) => sessionId));
  const strangers = cameras === 'own' ? [...starts.keys()].filter((sessionId) => !known.has(sessionId)) : [];
  wrong.push(...strangers.map((sessionId) => `${sessionId} was started and no viewer saw it`));
  const ended = [...ends.keys()].filter((sessionId) => known.has(sessionId)).length;
  const started = [...starts.keys()].filter((sessionId) => known.has(sessionId)).length;
  return { started, ended, mismatches: wrong.length, examples: wrong.slice(0, LISTED_MAX) };
}
