/*
 * Error messages of the control connection: the coarse code, its text, and what it answers. Pure.
 */
import { type ErrorCode, errorCodes } from '@sallyport/protocol/error-codes';
import type { SessionId } from '@sallyport/protocol/ids';
import type { DenialCode } from '@sallyport/protocol/reasons';
import type { ServerMessage } from '@sallyport/protocol/server-message';
import { toWireDenial } from '../domain/wire-reason.ts';
import { signallingBounds } from './bounds.ts';

export type WireError = Extract<ServerMessage, { type: 'error' }>;

type Concerning = {
  readonly id?: number | null;
  readonly sessionId?: SessionId | null;
  /** In place of the code's own text. */
  readonly detail?: string;
  readonly nonce?: string | null;
};

export function buildError(code: ErrorCode, about: Concerning): WireError {
  const { id = null, sessionId = null, detail = errorCodes[code], nonce = null } = about;
  return { type: 'error', id, sessionId, code, detail: detail.slice(0, signallingBounds.detailCharsMax), nonce };
}

/** A join or renewal the keeper refused: the coarse word, or the request to prove again with a fresh nonce. */
export function buildDenial(
  denied: { readonly code: DenialCode; readonly freshNonce: string | null },
  about: Pick<Concerning, 'id' | 'sessionId'>,
): WireError {
  if (denied.freshNonce !== null) return buildError('use-nonce', { ...about, nonce: denied.freshNonce });
  const coarse = toWireDenial(denied.code);
  // These two are reasons of an end; as the answer to a request they would be a fault of ours.
  return buildError(coarse === 'left' || coarse === 'connection-lost' ? 'fault' : coarse, about);
}
