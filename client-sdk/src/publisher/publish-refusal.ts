/*
 * What a refusal or an end means for a publisher: the reason to show, whether it may come back by itself, and after how
 * long. Pure tables; called by a Publisher for HTTP answers, `cut` events and failed devices.
 */
import { PageRefusal, ViewingRefused } from '../refusal.ts';
import type { PublishReason } from './publisher-state.ts';

/** Throw this from `getPublishToken` when asking again is of no use; the publisher then stays off. */
export class PublishingRefused extends ViewingRefused {}

/** Something that ended an attempt, already in the publisher's own words. */
export class PublishFault extends Error {
  override readonly name = 'PublishFault';
  readonly reason: PublishReason;
  /** The server's wish for the next attempt (Retry-After), milliseconds; 0 without one. */
  readonly retryAfterMs: number;
  constructor(reason: PublishReason, retryAfterMs = 0, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

export type Broken = { readonly reason: PublishReason; readonly next: 'final' | 'retrying' };

const retried: ReadonlySet<PublishReason> = new Set([
  'token-expired',
  'publisher-busy',
  'busy',
  'server-stopped',
  'connection-lost',
  'fault',
  'server-unreachable',
  'path-lost',
  'token-unavailable',
]);

/** Only what may pass by itself is retried. */
export const toBroken = (reason: PublishReason): Broken => ({
  reason,
  next: retried.has(reason) ? 'retrying' : 'final',
});

/** Codes of problems and reasons of `cut` events, in the publisher's words. */
const told: Readonly<Record<string, PublishReason>> = {
  'token-invalid': 'token-invalid',
  'token-expired': 'token-expired',
  'proof-invalid': 'proof-invalid',
  'use-nonce': 'proof-invalid',
  forbidden: 'forbidden',
  'not-found': 'not-found',
  'publisher-busy': 'publisher-busy',
  'rate-limited': 'busy',
  overloaded: 'busy',
  'server-stopped': 'server-stopped',
  fault: 'fault',
  'worker-died': 'fault',
  'connection-lost': 'connection-lost',
  'taken-over': 'taken-over',
  'camera-withdrawn': 'camera-withdrawn',
  'key-revoked': 'key-revoked',
  flooded: 'flooded',
};

/** Reads a code; one this version does not know is judged by the HTTP status that came with it (RFC 9110, 15). */
export function codeToReason(code: unknown, status: number): PublishReason {
  if (typeof code === 'string' && Object.hasOwn(told, code)) return told[code] ?? 'not-understood';
  if (status === 404) return 'not-found';
  if (status === 429) return 'busy';
  return status >= 500 ? 'fault' : 'not-understood';
}

const devices: Readonly<Record<string, PublishReason>> = {
  NotAllowedError: 'device-refused',
  SecurityError: 'device-refused',
  NotFoundError: 'device-missing',
  OverconstrainedError: 'device-missing',
  NotReadableError: 'device-busy',
  AbortError: 'device-busy',
};

/** What `getUserMedia` and `getDisplayMedia` reject with (W3C Media Capture and Streams). */
export function deviceToReason(cause: unknown): PublishReason {
  const name = cause instanceof Error ? cause.name : '';
  return Object.hasOwn(devices, name) ? (devices[name] ?? 'unsupported') : 'unsupported';
}

/** Maps whatever an attempt threw. */
export function causeToReason(cause: unknown): PublishReason {
  if (cause instanceof PublishFault) return cause.reason;
  if (!(cause instanceof PageRefusal)) return 'not-understood';
  return cause.reason === 'token-refused' || cause.reason === 'token-unavailable' ? cause.reason : 'unsupported';
}
