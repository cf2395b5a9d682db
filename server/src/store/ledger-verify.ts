/*
 * Checks a whole ledger from outside: signature, every hash, the root, every stored tile, older checkpoints, and what
 * the entries say. Trusts nothing but the key it is given. Streams bundle by bundle; used by run-ledger-verify.ts.
 */
import { bytesEqual, toBase64 } from '@sallyport/protocol/bytes';
import { canonicalJson } from '@sallyport/protocol/canonical-json';
import { type Checkpoint, verifyCheckpoint } from '@sallyport/protocol/checkpoint';
import { type LedgerEntry, ledgerEntrySchema } from '@sallyport/protocol/ledger-entry';
import { TILE_WIDTH } from '@sallyport/protocol/merkle';
import { parseVerifierKey, type VerifierKey } from '@sallyport/protocol/signed-note';
import { type Finding, FindingList } from './finding-list.ts';
import { LedgerRules } from './ledger-rules.ts';
import type { LedgerSource } from './ledger-source.ts';
import { TreeCheck } from './tree-check.ts';

export type VerifyOptions = {
  /** The log's verifier key as its reader knows it; null takes the one found beside the ledger. */
  readonly key: string | null;
  /** Signed checkpoints kept from earlier: the ledger must begin with each of them. */
  readonly earlier: readonly string[];
  /** Called after each bundle. */
  readonly onProgress?: (checked: number, size: number) => void;
};

export type VerifyOutcome = {
  readonly sound: boolean;
  readonly source: string;
  readonly key: string | null;
  readonly keyFrom: 'given' | 'beside' | 'nowhere';
  readonly size: number;
  /** Base64, as the checkpoint has it. */
  readonly root: string;
  readonly sessions: { readonly started: number; readonly open: number };
  /** Date of the newest entry. */
  readonly lastMs: number;
  readonly findings: readonly Finding[];
  /** Findings beyond those listed. */
  readonly findingsOmitted: number;
};

/** A checkpoint the tree must pass through, and where it comes from. */
type Waypoint = { readonly checkpoint: Checkpoint; readonly from: string };

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Checks everything. Rejects only when there is nothing to check: no checkpoint, no answer, no access. */
export async function verifyLedger(source: LedgerSource, options: VerifyOptions): Promise<VerifyOutcome> {
  const findings = new FindingList();
  const note = await source.readCheckpoint();
  const beside = options.key === null ? await source.readVerifierKey() : null;
  const keyText = options.key ?? beside;
  const key = keyText === null ? null : parseVerifierKey(keyText);
  const keyFrom = options.key !== null ? 'given' : beside !== null ? 'beside' : 'nowhere';
  const unchecked = { source: source.name, key: keyText, keyFrom, size: 0, root: '', lastMs: 0 } as const;
  const stop = (): VerifyOutcome => ({ ...unchecked, sessions: { started: 0, open: 0 }, ...findings.outcome() });
  if (key === null || !key.ok) {
    findings.add(null, key === null ? 'no verifier key was given, and none was found' : `the key: ${key.why}`);
    return stop();
  }
  const signed = await verifyCheckpoint(note, key.value);
  if (!signed.ok) {
    findings.add(null, `the checkpoint: ${signed.why}`);
    return stop();
  }
  const waypoints = await gatherWaypoints(source, options.earlier, signed.value, key.value, findings);
  const { rules, tree } = await walk({ source, key: key.value, signed: signed.value, waypoints, findings, options });
  const size = await source.readSize();
  if (size !== null && size > signed.value.size) {
    findings.add(null, `${size - signed.value.size} entries stand after the newest checkpoint, unsigned`);
  }
  if (!bytesEqual(tree.root(), signed.value.root))
    findings.add(null, 'the entries do not have the root that was signed');
  return {
    ...unchecked,
    size: signed.value.size,
    root: toBase64(signed.value.root),
    lastMs: rules.lastMs,
    sessions: rules.sessions,
    ...findings.outcome(),
  };
}

async function gatherWaypoints(
  source: LedgerSource,
  earlier: readonly string[],
  signed: Checkpoint,
  key: VerifierKey,
  findings: FindingList,
): Promise<Waypoint[]> {
  const kept = await source.readKeptCheckpoint();
  const notes = earlier.map((note, at) => ({ note, from: `earlier checkpoint ${at + 1}` }));
  if (kept !== null) notes.push({ note: kept, from: 'the checkpoint kept beside the database' });
  const waypoints: Waypoint[] = [];
  for (const { note, from } of notes) {
    const checked = await verifyCheckpoint(note, key);
    if (!checked.ok) findings.add(null, `${from}: ${checked.why}`);
    else if (checked.value.size > signed.size) {
      const text = `the ledger was rolled back: it has ${signed.size} entries, ${from} covers ${checked.value.size}`;
      findings.add(null, text);
    } else waypoints.push({ checkpoint: checked.value, from });
  }
  return waypoints.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

type Walk = {
  readonly source: LedgerSource;
  readonly key: VerifierKey;
  readonly signed: Checkpoint;
  readonly waypoints: Waypoint[];
  readonly findings: FindingList;
  readonly options: VerifyOptions;
};

/** Goes through the ledger once, bundle by bundle. */
async function walk({ source, key, signed, waypoints, findings, options }: Walk) {
  const rules = new LedgerRules();
  const tree = new TreeCheck(source, findings);
  let judgeable = true;
  for (let from = 0; from < signed.size; from += TILE_WIDTH) {
    const count = Math.min(TILE_WIDTH, signed.size - from);
    const older = await source.readEarlierCheckpoint(from, from + count);
    if (older !== null) await addOlder(older, key, waypoints, findings);
    const entries = await source.readEntries(from, count);
    await tree.openBundle(from, entries);
    for (const [at, entry] of entries.entries()) {
      const index = from + at;
      const intact = tree.append(index, entry);
      if (judgeable && !(entry !== null && intact && checkWords(index, entry, rules, findings))) {
        // A gap would make every later entry look wrong.
        judgeable = false;
        findings.add(index, 'from here on the rules between entries could not be checked');
      }
      while (waypoints[0] !== undefined && waypoints[0].checkpoint.size <= index + 1) {
        passWaypoint(waypoints.shift()!, index + 1, tree, findings);
      }
    }
    options.onProgress?.(from + count, signed.size);
  }
  await tree.finish(signed.size);
  return { rules, tree };
}

async function addOlder(note: string, key: VerifierKey, waypoints: Waypoint[], findings: FindingList): Promise<void> {
  const checked = await verifyCheckpoint(note, key);
  if (!checked.ok) {
    findings.add(null, `a stored checkpoint: ${checked.why}`);
    return;
  }
  waypoints.push({ checkpoint: checked.value, from: `the checkpoint signed over ${checked.value.size} entries` });
  waypoints.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

function passWaypoint({ checkpoint, from }: Waypoint, size: number, tree: TreeCheck, findings: FindingList): void {
  // A checkpoint over nothing says nothing about the entries.
  if (checkpoint.size !== size || bytesEqual(tree.root(), checkpoint.root)) return;
  findings.add(null, `the ledger was rewritten: its first ${size} entries are not those of ${from}`);
}

/**
 * Says whether `text` is the canonical form of the flat object it was parsed from. Without escapes that is the order of
 * its keys and the platform's own form of the rest, which is several times cheaper than writing it anew.
 */
function isCanonical(value: unknown, text: string): boolean {
  if (text.includes('\\')) return canonicalJson(value) === text;
  const keys = Object.keys(value as object);
  return keys.every((key, at) => at === 0 || keys[at - 1]! < key) && JSON.stringify(value) === text;
}

/** Reads one entry; what is no entry of ours cannot be judged further. */
function parseEntry(bytes: Uint8Array): LedgerEntry | string {
  try {
    const text = strictUtf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    const checked = ledgerEntrySchema.safeParse(value);
    if (!checked.success) return `it is not an entry of this ledger: ${checked.error.issues[0]?.message ?? ''}`;
    return isCanonical(value, text) ? checked.data : 'it is not written in canonical form';
  } catch {
    return 'it is not JSON';
  }
}

/** Checks what an entry says; false when it cannot be read. */
function checkWords(index: number, bytes: Uint8Array, rules: LedgerRules, findings: FindingList): boolean {
  const entry = parseEntry(bytes);
  if (typeof entry === 'string') findings.add(index, entry);
  else rules.step(entry, (words) => findings.add(index, words));
  return typeof entry !== 'string';
}
