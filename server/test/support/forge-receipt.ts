/*
 * The one cast that makes a start receipt without a store, for tests of the valve alone. Code outside tests cannot:
 * the receipt's mark is known to the store only.
 */
import { randomBytes } from 'node:crypto';
import { buildId } from '@sallyport/protocol/ids';
import type { StartReceipt } from '../../src/app/ports/store.ts';

let nextIndex = 0;

/** Forges a receipt for a new random session, without sound unless asked. */
export function forgeReceipt({ audio = false } = {}): StartReceipt {
  nextIndex += 1;
  return { sessionId: buildId('ses', randomBytes(17)), index: nextIndex, audio } as StartReceipt;
}
