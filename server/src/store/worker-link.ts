/*
 * The main thread's end of the worker: natural group commit (one batch in flight, what queues up meanwhile is the next
 * one), reads sent at once, bounds on both, and one way to fail. Used by worker-store.ts.
 */
import { Worker } from 'node:worker_threads';
import type { Clock, MonotonicMs, Timer } from '../app/ports/clock.ts';
import type { Answer, Call } from './command.ts';
import type { Reads } from './commands/read-table.ts';
import type { Writes } from './commands/write-table.ts';
import { type Failure, StoreError, toFailure } from './store-error.ts';
import { storeLimits } from './store-limits.ts';
import type { FromWorker, ToWorker, WorkerStart } from './worker-message.ts';

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: StoreError) => void };
type Queued = Waiting & { readonly call: Call };
export type Opened = Extract<FromWorker, { kind: 'opened' }>;

const settle = ({ resolve, reject }: Waiting, answer: Answer): void =>
  answer.ok ? resolve(answer.value) : reject(toError(answer.failure));
const toError = ({ code, message }: Failure): StoreError => new StoreError(code, message);

export class WorkerLink {
  readonly #clock: Clock;
  readonly #onWritten: (tookMs: number) => void;
  readonly #worker: Worker;
  readonly #reads = new Map<number, Waiting>();
  readonly #failureListeners: ((failure: Error) => void)[] = [];
  #queue: Queued[] = [];
  #inFlight: readonly Queued[] | null = null;
  #sendPlanned = false;
  #nextRead = 0;
  #size = 0;
  #committedAt: MonotonicMs;
  #heartbeat: Timer | null = null;
  #end: StoreError | null = null;
  #opening: { resolve: (opened: Opened) => void; reject: (error: StoreError) => void } | null = null;
  #closing: { promise: Promise<void>; resolve: () => void; atMs: number } | null = null;

  private constructor(clock: Clock, start: WorkerStart, onWritten: (tookMs: number) => void) {
    this.#clock = clock;
    this.#onWritten = onWritten;
    this.#committedAt = clock.monotonicMs();
    this.#worker = new Worker(new URL('./store-worker.ts', import.meta.url), { workerData: start });
    this.#worker.on('message', (message: FromWorker) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(toFailure(error, 'failed')));
    this.#worker.on('exit', () => this.#fail({ code: 'failed', message: 'the store thread has ended' }));
  }

  /** Starts the thread; rejects with the opening codes of StoreError. */
  static async open(
    clock: Clock,
    start: WorkerStart,
    onWritten: (tookMs: number) => void = () => {},
  ): Promise<{ link: WorkerLink; opened: Opened }> {
    const link = new WorkerLink(clock, start, onWritten);
    const opened = await new Promise<Opened>((resolve, reject) => {
      link.#opening = { resolve, reject };
    });
    link.#beat();
    return { link, opened };
  }

  get lagMs(): number {
    return this.#clock.monotonicMs() - this.#committedAt;
  }

  get size(): number {
    return this.#size;
  }

  onFailed(listener: (failure: Error) => void): void {
    this.#failureListeners.push(listener);
    if (this.#end?.code === 'failed') listener(this.#end);
  }

  write<N extends keyof Writes>(name: N, input: Parameters<Writes[N]>[1]): Promise<ReturnType<Writes[N]>> {
    if (this.#end !== null) return Promise.reject(this.#end);
    if (this.#queue.length >= storeLimits.writesWaitingMax) return Promise.reject(busy());
    const askedAt = this.#clock.monotonicMs();
    return new Promise<ReturnType<Writes[N]>>((resolve, reject) => {
      const written = (value: unknown): void => {
        this.#onWritten(this.#clock.monotonicMs() - askedAt);
        (resolve as Waiting['resolve'])(value);
      };
      this.#queue.push({ call: { name, input }, resolve: written, reject });
      this.#planSend();
    });
  }

  read<N extends keyof Reads>(name: N, input: Parameters<Reads[N]>[1]): Promise<ReturnType<Reads[N]>> {
    if (this.#end !== null) return Promise.reject(this.#end);
    if (this.#reads.size >= storeLimits.readsWaitingMax) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const id = this.#nextRead++;
      this.#reads.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#send({ kind: 'read', id, call: { name, input } });
    });
  }

  /** Lets what was accepted finish, then closes. Never rejects: after a failure there is nothing left to close. */
  close(atMs: number): Promise<void> {
    if (this.#closing !== null) return this.#closing.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing = { promise, resolve, atMs };
    if (this.#end !== null) {
      resolve();
      return promise;
    }
    this.#end = new StoreError('closed', 'the store is closed');
    this.#heartbeat?.cancel();
    if (this.#inFlight === null) this.#sendBatch();
    return promise;
  }

  #planSend(): void {
    if (this.#sendPlanned || this.#inFlight !== null) return;
    this.#sendPlanned = true;
    // Commands of one tick go together; a timer would only add to their latency.
    queueMicrotask(() => {
      this.#sendPlanned = false;
      if (this.#inFlight === null) this.#sendBatch();
    });
  }

  #sendBatch(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#queue.length > 0) {
      this.#inFlight = this.#queue.slice(0, storeLimits.batchCommandsMax);
      this.#queue = this.#queue.slice(storeLimits.batchCommandsMax);
      this.#send({ kind: 'batch', nowMs, calls: this.#inFlight.map(({ call }) => call) });
    } else if (this.#closing !== null) this.#send({ kind: 'close', nowMs, atMs: this.#closing.atMs });
  }

  #send(message: ToWorker): void {
    try {
      this.#worker.postMessage(message);
    } catch (error) {
      this.#fail(toFailure(error, 'failed'));
    }
  }

  #take(message: FromWorker): void {
    if (message.kind === 'read') {
      const waiting = this.#reads.get(message.id);
      this.#reads.delete(message.id);
      if (waiting !== undefined) settle(waiting, message.answer);
    } else if (message.kind === 'batch') this.#committed(message.size, message.answers);
    else if (message.kind === 'unwritten') this.#unwritten(message.failure);
    else if (message.kind === 'opened') {
      this.#size = message.size;
      this.#committedAt = this.#clock.monotonicMs();
      this.#opening?.resolve(message);
      this.#opening = null;
    } else if (message.kind === 'closed') this.#closing?.resolve();
    else this.#fail(message.failure);
  }

  #committed(size: number, answers: readonly Answer[]): void {
    const batch = this.#inFlight ?? [];
    this.#inFlight = null;
    this.#size = size;
    this.#committedAt = this.#clock.monotonicMs();
    this.#sendBatch();
    batch.forEach((waiting, at) => {
      settle(waiting, answers[at]!);
    });
  }

  #unwritten(failure: Failure): void {
    const batch = this.#inFlight ?? [];
    this.#inFlight = null;
    this.#sendBatch();
    for (const { reject } of batch) reject(toError(failure));
  }

  /** A batch without commands: proves that the disk writes and dates a crash that may come. */
  #beat(): void {
    this.#heartbeat = this.#clock.after(storeLimits.heartbeatMs, () => {
      if (this.#end !== null) return;
      if (this.#inFlight === null && this.#queue.length === 0) {
        this.#inFlight = [];
        this.#send({ kind: 'batch', nowMs: this.#clock.nowMs(), calls: [] });
      }
      this.#beat();
    });
  }

  #fail(failure: Failure): void {
    if (this.#opening !== null) {
      this.#opening.reject(toError(failure));
      this.#opening = null;
      this.#end = toError(failure);
      return;
    }
    const failedAlready = this.#end?.code === 'failed';
    this.#closing?.resolve();
    const waiting = [...(this.#inFlight ?? []), ...this.#queue, ...this.#reads.values()];
    // An orderly close ends the thread too; by then nobody waits.
    if (failedAlready || (this.#closing !== null && waiting.length === 0)) return;
    this.#end = new StoreError('failed', failure.message);
    this.#heartbeat?.cancel();
    this.#inFlight = null;
    this.#queue = [];
    this.#reads.clear();
    for (const { reject } of waiting) reject(this.#end);
    for (const listener of this.#failureListeners) listener(this.#end);
  }
}

const busy = (): StoreError => new StoreError('busy', 'too many commands wait for the store');
