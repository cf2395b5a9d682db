/*
 * The life of the node in the ledger: its start, which also ends what a crash left open, and its orderly stop.
 * Commands; run by the worker thread at opening and closing.
 */
import type { CameraId, NodeId, SessionId } from '@sallyport/protocol/ids';
import type { WriteContext } from '../command.ts';
import { writeEnd } from './session-commands.ts';

type OrphanRow = { id: SessionId; camera_id: CameraId };

/** The sessions a crash left open and the last durable sign of life before it. */
export type NodeStarted = { readonly epoch: number; readonly crashedSessions: number };

/**
 * Begins an epoch and ends every session still open, in one transaction: a kill in the middle of it leaves the same
 * work for the next start (I7). The true end of such a session lies between the last sign of life and now.
 */
export function startNode(context: WriteContext, { nodeId }: { readonly nodeId: NodeId }): NodeStarted {
  const { statements } = context;
  const before = statements.raw('select epoch, alive_ms from node_epoch order by epoch desc limit 1').get();
  const lastAliveMs = before === undefined ? null : Number(before['alive_ms']);
  const open =
    'select o.id, s.camera_id from session_open o join session_start s on s.id = o.id order by s.started_index';
  const orphans = statements.raw(open).all() as OrphanRow[];
  context.beginEpoch(Number(before?.['epoch'] ?? 0) + 1);
  const draft = { type: 'node.started', nodeId, crashedSessions: orphans.length, lastAliveMs } as const;
  const { index, atMs } = context.append({ draft, opening: null });
  const insert = 'insert into node_epoch (epoch, started_index, started_ms, alive_ms) values (?, ?, ?, ?)';
  statements.raw(insert).run(context.epoch, index, atMs, atMs);
  for (const { id, camera_id } of orphans) {
    writeEnd(context, { sessionId: id, cameraId: camera_id, reason: 'crash', lastPacketAtMs: lastAliveMs });
  }
  return { epoch: context.epoch, crashedSessions: orphans.length };
}

/**
 * Writes `node.stopped`, unless a session is still open: then this was no orderly stop, and the next start will date
 * the open ends as it does after a crash.
 */
export function stopNode(
  context: WriteContext,
  { nodeId, atMs }: { readonly nodeId: NodeId; readonly atMs: number },
): 'stopped' | 'sessions-open' {
  if (context.statements.raw('select 1 from session_open limit 1').get() !== undefined) return 'sessions-open';
  context.append({ draft: { type: 'node.stopped', nodeId }, opening: null }, atMs);
  return 'stopped';
}
