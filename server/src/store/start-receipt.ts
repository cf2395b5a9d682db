/*
 * Makes and recognises start receipts. A receipt is known by its identity, so none can be built elsewhere; used by the
 * store when a start is durable and by whoever opens a valve.
 */
import type { SessionId } from '@sallyport/protocol/ids';
import type { StartReceipt } from '../app/ports/store.ts';

const issued = new WeakSet<object>();

export function issueStartReceipt(sessionId: SessionId, index: number, audio: boolean): StartReceipt {
  const receipt = Object.freeze({ sessionId, index, audio }) as StartReceipt;
  issued.add(receipt);
  return receipt;
}

/** Says whether this very object was issued by the store of this process. */
export const isStartReceipt = (value: unknown): value is StartReceipt =>
  typeof value === 'object' && value !== null && issued.has(value);
