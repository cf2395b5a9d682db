/* What the two sides of the worker thread say to each other. Types only. */
import type { Answer, Call } from './command.ts';
import type { Failure } from './store-error.ts';

export type WorkerStart = {
  readonly directory: string;
  /** Name of a new ledger; one that exists keeps its own. */
  readonly origin: string;
  /** Name of a new node; one that exists keeps its own. */
  readonly nodeId: string;
  readonly nowMs: number;
};

export type ToWorker =
  | { readonly kind: 'batch'; readonly nowMs: number; readonly calls: readonly Call[] }
  | { readonly kind: 'read'; readonly id: number; readonly call: Call }
  | { readonly kind: 'close'; readonly nowMs: number; readonly atMs: number };

export type FromWorker =
  | { readonly kind: 'opened'; readonly verifierKey: string; readonly size: number; readonly crashedSessions: number }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'batch'; readonly answers: readonly Answer[]; readonly size: number }
  | { readonly kind: 'unwritten'; readonly failure: Failure }
  | { readonly kind: 'read'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'closed' };
