/*
 * When to renew a gate, and how to fetch the token for it. The arithmetic is pure; fetching puts a bound on the
 * page's own callback. Called by a feed.
 */
import type { ClientClock } from './client-clock.ts';
import { clientLimits } from './client-limits.ts';
import { PageRefusal, ViewingRefused } from './refusal.ts';
import type { CameraId } from './wire-words.ts';

/** What a page's callback is asked: a token for this camera, bound to this key. */
export type TokenAsk = { readonly cameraId: CameraId; readonly jkt: string };

/** Milliseconds until the next renewal of a gate with so much left; null when it would come too late. */
export function renewAfterMs(leftMs: number): number | null {
  if (leftMs < clientLimits.renewLeftMsMin) return null;
  return Math.max(clientLimits.renewEveryMsMin, Math.floor(leftMs * clientLimits.renewAtShare));
}

/**
 * Asks the page for a token. Rejects with PageRefusal: the one that was thrown, `token-refused` when the page threw
 * ViewingRefused, else `token-unavailable`, also after 30 s without an answer.
 */
export async function fetchToken(ask: () => Promise<string>, clock: ClientClock): Promise<string> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(clientLimits.tokenWithinMs, () => reject(new PageRefusal('token-unavailable')));
    const refuse = (cause: unknown) => {
      cancel();
      if (cause instanceof PageRefusal) return reject(cause);
      const reason = cause instanceof ViewingRefused ? 'token-refused' : 'token-unavailable';
      reject(new PageRefusal(reason, { cause }));
    };
    const accept = (token: string) => {
      cancel();
      resolve(token);
    };
    // The callback is the page's: it may throw before it answers a promise.
    Promise.resolve().then(ask).then(accept, refuse);
  });
}
