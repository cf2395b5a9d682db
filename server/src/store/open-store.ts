/*
 * Opens the embedded store: the Store port on one SQLite file, written by one worker thread. Adapter; called by
 * compose and by tests. Everything else of this folder is reached through here and ledger-verify.ts.
 */
import { buildId, ID_RANDOM_BYTES } from '@sallyport/protocol/ids';
import type { Clock } from '../app/ports/clock.ts';
import type { Randomness } from '../app/ports/randomness.ts';
import type { EmbeddedStore } from './embedded-store.ts';
import { WorkerLink } from './worker-link.ts';
import { WorkerStore } from './worker-store.ts';

export type { EmbeddedStore } from './embedded-store.ts';
export { isStartReceipt } from './start-receipt.ts';
export { storeLimits } from './store-limits.ts';

export type StoreOptions = {
  /** Created with mode 0700 when missing. One process at a time. */
  readonly directory: string;
  /** Name of the log (C2SP origin and key name) when it is new; one that exists keeps the name it was born with. */
  readonly origin: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Told how long each write took, from being handed over to being durable and in the signed tree. MUST NOT throw. */
  readonly onWritten?: (tookMs: number) => void;
};

/**
 * Opens the data directory, checks its history and begins a new epoch; sessions a crash left open are ended first.
 * Rejects with a StoreError: `locked`, `rolled-back`, `forked`, `wrong-key`, `clock-behind` or `unusable`; the operator
 * has to act on each, so do not retry.
 */
export async function openStore(options: StoreOptions): Promise<EmbeddedStore> {
  const { directory, origin, clock, randomness, onWritten } = options;
  const nodeId = buildId('nod', randomness.bytes(ID_RANDOM_BYTES));
  const start = { directory, origin, nodeId, nowMs: clock.nowMs() };
  const { link, opened } = await WorkerLink.open(clock, start, onWritten);
  return new WorkerStore(link, opened, randomness);
}

/** The name of a log served under a public URL: the URL without its scheme, and `/ledger`. */
export function buildOrigin(publicUrl: string): string {
  const { host, pathname } = new URL(publicUrl);
  return `${host}${pathname.replace(/\/+$/, '')}/ledger`;
}
