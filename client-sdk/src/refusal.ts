/*
 * What a refusal means for a feed: the reason to show, and whether the feed may come back by itself. Pure tables;
 * called by a feed for error messages, closed gates and failed callbacks.
 */
import { isWireReason } from './parse-server-message.ts';
import type { DarkNext, DarkReason } from './viewer-state.ts';

/** An `error` of the server that answers a join or a renew. `code` is one of the protocol's error codes. */
export class SignalRefusal extends Error {
  override readonly name = 'SignalRefusal';
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Throw this from `getToken` when asking again is of no use; the feed then stays dark. */
export class ViewingRefused extends Error {
  override readonly name = 'ViewingRefused';
}

/** A refusal that is already a reason of the page's own. */
export class PageRefusal extends Error {
  override readonly name = 'PageRefusal';
  readonly reason: DarkReason;
  constructor(reason: DarkReason, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

export type Cut = { readonly reason: DarkReason; readonly next: DarkNext };

const retried: ReadonlySet<string> = new Set([
  'token-expired',
  'connection-lost',
  'server-stopped',
  'fault',
  'busy',
  'transport-closed',
  'control-lost',
  'path-lost',
  'track-ended',
  'time-up',
  'silent',
  'token-unavailable',
]);

const translated: Readonly<Record<string, DarkReason>> = {
  'rate-limited': 'busy',
  'already-joined': 'busy',
  'too-many-feeds': 'over-budget',
  'use-nonce': 'proof-invalid',
  'unknown-session': 'connection-lost',
  busy: 'busy',
};

/** A reason together with whether the feed comes back: only what may pass by itself is retried. */
export const toCut = (reason: DarkReason): Cut => ({ reason, next: retried.has(reason) ? 'retrying' : 'final' });

/** Maps an error code of the wire. A code this version does not know is final: the page is at fault or too old. */
export function codeToCut(code: string): Cut {
  if (isWireReason(code)) return toCut(code);
  return toCut(Object.hasOwn(translated, code) ? (translated[code] ?? 'not-understood') : 'not-understood');
}

/** Maps whatever a join or a renew threw. */
export function causeToCut(cause: unknown): Cut {
  if (cause instanceof SignalRefusal) return codeToCut(cause.code);
  if (cause instanceof PageRefusal) return toCut(cause.reason);
  return toCut('not-understood');
}
