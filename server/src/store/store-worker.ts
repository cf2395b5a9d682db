/*
 * The worker thread of the store: the only place that touches the database, so that nothing else ever waits for a
 * disk. Started by worker-store.ts; answers in the order it was asked and ends itself once a commit has failed.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Call, ReadContext } from './command.ts';
import { type ReadName, reads } from './commands/read-table.ts';
import { writeHead } from './head-file.ts';
import { type OpenEngine, openEngine } from './open-engine.ts';
import { StoreError, toFailure } from './store-error.ts';
import { storeLimits } from './store-limits.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-message.ts';

const say = (message: FromWorker): void => parentPort?.postMessage(message);
const isReadName = (name: string): name is ReadName => Object.hasOwn(reads, name);

class WorkerLoop {
  readonly #directory: string;
  readonly #open: OpenEngine;
  #headNote = '';
  #headAtMs = 0;

  constructor(directory: string, open: OpenEngine) {
    this.#directory = directory;
    this.#open = open;
  }

  take(message: ToWorker): void {
    if (message.kind === 'read') say({ kind: 'read', id: message.id, answer: this.#read(message.call) });
    else if (message.kind === 'batch') this.#batch(message.calls, message.nowMs);
    else this.#close(message.nowMs, message.atMs);
  }

  /**
   * Keeps the checkpoint file at most one heart beat behind. It is a witness, not a record: when it cannot be written
   * (a full disk) the next beat tries again, and the entries it would cover are durable all the same.
   */
  publishHead(nowMs: number): void {
    const { note } = this.#open.engine.ledger.durable;
    this.#headAtMs = nowMs;
    if (note === this.#headNote) return;
    try {
      writeHead(this.#directory, note);
      this.#headNote = note;
    } catch {
      this.#headNote = '';
    }
  }

  #batch(calls: readonly Call[], nowMs: number): void {
    try {
      const answers = this.#open.engine.run(calls, nowMs);
      say({ kind: 'batch', answers, size: this.#open.engine.ledger.durable.frontier.size });
    } catch (error) {
      if (error instanceof StoreError && error.code === 'unwritten') {
        say({ kind: 'unwritten', failure: toFailure(error, 'unwritten') });
      } else this.#fail(error);
      return;
    }
    if (Math.abs(nowMs - this.#headAtMs) >= storeLimits.heartbeatMs) this.publishHead(nowMs);
  }

  #read({ name, input }: Call): Answer {
    const { statements, rows, engine } = this.#open;
    const context: ReadContext = { statements, rows, ledger: engine.ledger.durable };
    try {
      if (!isReadName(name)) throw new Error(`no read command ${name}`);
      return { ok: true, value: (reads[name] as (context: ReadContext, input: unknown) => unknown)(context, input) };
    } catch (error) {
      return { ok: false, failure: toFailure(error, 'unwritten') };
    }
  }

  #close(nowMs: number, atMs: number): void {
    const { engine, statements, nodeId } = this.#open;
    try {
      engine.run([{ name: 'stopNode', input: { nodeId, atMs } }], nowMs);
      this.publishHead(nowMs);
      statements.connection.close();
    } catch (error) {
      this.#fail(error);
      return;
    }
    say({ kind: 'closed' });
    parentPort?.close();
  }

  #fail(error: unknown): void {
    say({ kind: 'failed', failure: toFailure(error, 'failed') });
    parentPort?.close();
  }
}

const start = workerData as WorkerStart;
try {
  const open = await openEngine(start);
  const loop = new WorkerLoop(start.directory, open);
  loop.publishHead(start.nowMs);
  parentPort?.on('message', (message: ToWorker) => loop.take(message));
  const { verifierKey, crashedSessions } = open;
  say({ kind: 'opened', verifierKey, crashedSessions, size: open.engine.ledger.durable.frontier.size });
} catch (error) {
  say({ kind: 'refused', failure: toFailure(error, 'unusable') });
}
