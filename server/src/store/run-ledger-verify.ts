/*
 * `sallyport ledger verify` and `ledger prove` without their argument parsing: finds out what kind of place is meant,
 * runs the check, says the outcome in lines of text. Edge of this folder; called by the command line.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type SessionId, sessionIdSchema } from '@sallyport/protocol/ids';
import { Frontier } from '@sallyport/protocol/merkle';
import { proveSession } from './commands/ledger-commands.ts';
import { DatabaseSource, isDataDirectory, openReadOnly } from './database-source.ts';
import { LedgerRows } from './ledger-rows.ts';
import type { LedgerSource } from './ledger-source.ts';
import { type VerifyOutcome, verifyLedger } from './ledger-verify.ts';
import { StoreError } from './store-error.ts';
import { fetchFrom, readFrom, TilesSource } from './tiles-source.ts';

/** 0 sound, 1 something is wrong with the ledger, 2 it could not be checked. */
export type ExitCode = 0 | 1 | 2;
export type Say = (line: string) => void;

export type LedgerVerifyOptions = {
  /** A data directory, a directory of tlog-tiles files, or the URL a server publishes its ledger at. */
  readonly target: string;
  /** A verifier key or the path of a file with one; null takes the key beside the ledger. */
  readonly key: string | null;
  /** Paths of signed checkpoints kept from earlier. */
  readonly earlier: readonly string[];
};

/** Throws StoreError `unusable` or `locked`. */
export function openLedgerSource(target: string): LedgerSource {
  if (/^https?:\/\//i.test(target)) return new TilesSource(target, fetchFrom(target));
  if (!existsSync(target)) throw new StoreError('unusable', `${target} does not exist`);
  if (isDataDirectory(target)) return new DatabaseSource(target);
  if (existsSync(join(target, 'checkpoint'))) return new TilesSource(target, readFrom(target));
  throw new StoreError('unusable', `${target} is neither a data directory nor a directory of ledger tiles`);
}

/** Checks a ledger and says what it found; never rejects. */
export async function runLedgerVerify(options: LedgerVerifyOptions, say: Say): Promise<ExitCode> {
  try {
    const source = openLedgerSource(options.target);
    try {
      const earlier = options.earlier.map((path) => readFileSync(path, 'utf8'));
      const outcome = await verifyLedger(source, { key: readKey(options.key), earlier });
      for (const line of describeOutcome(outcome)) say(line);
      return outcome.sound ? 0 : 1;
    } finally {
      source.close();
    }
  } catch (error) {
    say(`could not be checked: ${describe(error)}`);
    return 2;
  }
}

/** Says the proofs of a session's boundaries from a data directory no server has open; never rejects. */
export async function runLedgerProve(directory: string, sessionId: string, say: Say): Promise<ExitCode> {
  try {
    const id = sessionIdSchema.safeParse(sessionId);
    if (!id.success) throw new StoreError('unusable', `${sessionId} is not the id of a session`);
    const proof = proveOffline(directory, id.data);
    if (proof === null) {
      say(`no session ${sessionId} in ${directory}`);
      return 1;
    }
    say(JSON.stringify(proof, null, 2));
    return 0;
  } catch (error) {
    say(`could not be proven: ${describe(error)}`);
    return 2;
  }
}

function proveOffline(directory: string, sessionId: SessionId) {
  const statements = openReadOnly(directory);
  try {
    const rows = new LedgerRows(statements);
    const newest = rows.newestCheckpoint();
    if (newest === null) return null;
    const frontier = Frontier.load(newest.size, (level, index, width) => rows.readTile(level, index, width));
    const ledger = { frontier, note: newest.note, lastMs: 0, epoch: 0 };
    return proveSession({ statements, rows, ledger }, sessionId);
  } finally {
    statements.connection.close();
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
const readKey = (key: string | null): string | null =>
  key !== null && isFile(key) ? readFileSync(key, 'utf8').trim() : key;

/** fetch() says only `fetch failed`; the reason is in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && !(error instanceof StoreError)
    ? `${error.message}: ${error.cause.message}`
    : error.message;
}

const KEY_FROM: Record<VerifyOutcome['keyFrom'], string> = {
  given: 'the key you gave',
  beside: 'the key found beside the ledger; compare it with one you got another way (--key)',
  nowhere: 'no key',
};

/** The outcome as lines for a person. */
export function describeOutcome(outcome: VerifyOutcome): string[] {
  const { sessions, findings, findingsOmitted } = outcome;
  const lines = [
    `ledger    ${outcome.source}`,
    `key       ${outcome.key ?? '-'} (${KEY_FROM[outcome.keyFrom]})`,
    `entries   ${outcome.size}${outcome.lastMs > 0 ? `, the newest of ${new Date(outcome.lastMs).toISOString()}` : ''}`,
    `root      ${outcome.root === '' ? '-' : outcome.root}`,
    `sessions  ${sessions.started} started, ${sessions.started - sessions.open} ended, ${sessions.open} open`,
  ];
  if (outcome.sound) return [...lines, 'SOUND     every entry, hash, signature and rule holds'];
  const found = findings.map(({ index, words }) => `  - ${index === null ? '' : `entry ${index}: `}${words}`);
  const more = findingsOmitted > 0 ? [`  - and ${findingsOmitted} more`] : [];
  return [...lines, 'NOT SOUND', ...found, ...more];
}
