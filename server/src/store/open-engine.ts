/*
 * Opens everything the worker thread needs, in the order that keeps a wrong start harmless: lock, schema, key,
 * history, clock, and only then the entry that begins an epoch. Used by store-worker.ts.
 */
import { formatVerifierKey } from '@sallyport/protocol/signed-note';
import { BatchEngine } from './batch-engine.ts';
import { loadHead } from './check-head.ts';
import type { NodeStarted } from './commands/life-commands.ts';
import { LedgerRows } from './ledger-rows.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { openLogSigner } from './log-signer.ts';
import { openDatabase, settleIdentity } from './open-database.ts';
import type { Statements } from './statements.ts';
import { StoreError } from './store-error.ts';
import { storeLimits } from './store-limits.ts';
import type { WorkerStart } from './worker-message.ts';

export type OpenEngine = {
  readonly statements: Statements;
  readonly rows: LedgerRows;
  readonly engine: BatchEngine;
  readonly nodeId: string;
  readonly verifierKey: string;
  readonly crashedSessions: number;
};

/** Throws the opening codes of StoreError; nothing stays open then. */
export async function openEngine({ directory, origin, nodeId, nowMs }: WorkerStart): Promise<OpenEngine> {
  const statements = await openDatabase(directory);
  try {
    const rows = new LedgerRows(statements);
    const identity = settleIdentity(statements, { nodeId, origin });
    const signer = openLogSigner(directory, identity.origin, rows.size());
    const head = await loadHead(directory, rows, signer.key);
    const { epoch, aliveMs } = lastEpoch(statements);
    requireClock(nowMs, aliveMs);
    // Every entry was dated at or before the last sign of life, so that is where the ledger's time goes on from.
    const ledger = new LedgerWriter(statements, signer, { ...head, lastMs: aliveMs, epoch });
    const engine = new BatchEngine(statements, ledger, aliveMs);
    const [answer] = engine.run([{ name: 'startNode', input: { nodeId: identity.nodeId } }], nowMs);
    if (answer === undefined || !answer.ok) throw new StoreError('unusable', answer?.failure.message ?? 'no start');
    const { crashedSessions } = answer.value as NodeStarted;
    const verifierKey = formatVerifierKey(signer.key);
    return { statements, rows, engine, nodeId: identity.nodeId, verifierKey, crashedSessions };
  } catch (error) {
    statements.connection.close();
    throw error;
  }
}

function lastEpoch(statements: Statements): { readonly epoch: number; readonly aliveMs: number } {
  const row = statements.raw('select epoch, alive_ms from node_epoch order by epoch desc limit 1').get();
  return { epoch: Number(row?.['epoch'] ?? 0), aliveMs: Number(row?.['alive_ms'] ?? 0) };
}

/** A node that believes an earlier time would keep gates open past their end (I3). */
function requireClock(nowMs: number, aliveMs: number): void {
  if (nowMs >= aliveMs - storeLimits.clockBackMsMax) return;
  const [now, alive] = [new Date(nowMs).toISOString(), new Date(aliveMs).toISOString()];
  const text = `the clock says ${now}, but this data directory was last alive at ${alive}; set the clock right first`;
  throw new StoreError('clock-behind', text);
}
