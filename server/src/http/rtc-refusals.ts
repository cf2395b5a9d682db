/*
 * How standard players and publishers are told no: the reason as a problem, and the challenge (RFC 9449, 8 and 9; RFC
 * 6750, 3) where a credential or a proof is what is missing. Called by whep-routes.ts and whip-routes.ts.
 */
import type { ErrorCode } from '@sallyport/protocol/error-codes';
import type { DenialCode, WireReason } from '@sallyport/protocol/reasons';
import type { FastifyReply } from 'fastify';
import { toWireDenial } from '../domain/wire-reason.ts';
import { sendRefusal } from './refusals.ts';

export const NONCE_HEADER = 'DPoP-Nonce';
const NONCE_DETAIL = 'Make the proof again with the nonce of the header DPoP-Nonce.';

/** Answers a denial of a player. What concerns the camera or its owner's mind is one answer, byte for byte. */
export function refusePlayer(reply: FastifyReply, code: DenialCode, freshNonce: string | null): FastifyReply {
  if (freshNonce !== null) return giveNonce(reply, freshNonce);
  return code === 'token-missing' ? askForToken(reply, 'dpop') : refuseAs(reply, toWireDenial(code));
}

/**
 * Answers a denial of a publisher. Whoever holds a credential for this camera may know that it is gone or taken; whoever
 * does not hears the same of every camera.
 */
export function refusePublisher(
  reply: FastifyReply,
  code: DenialCode,
  freshNonce: string | null,
  retryAfterS: number,
): FastifyReply {
  if (freshNonce !== null) return giveNonce(reply, freshNonce);
  switch (code) {
    case 'token-missing':
      return askForToken(reply, 'dpop or bearer');
    case 'token-wrong-camera':
      return sendRefusal(reply, { code: 'forbidden', detail: 'This credential does not feed this camera.' });
    case 'camera-withdrawn':
    case 'camera-not-published':
      return sendRefusal(reply, { code: 'not-found', detail: 'There is no camera here to publish to.' });
    case 'publisher-busy':
      return sendRefusal(reply.header('Retry-After', String(retryAfterS)), { code });
    default:
      return refuseAs(reply, toWireDenial(code));
  }
}

/** Answers a request without any credential; with no error code, as RFC 6750 (3.1) has it. */
function askForToken(reply: FastifyReply, schemes: 'dpop' | 'dpop or bearer'): FastifyReply {
  const dpop = 'DPoP algs="ES256"';
  reply.header('WWW-Authenticate', schemes === 'dpop' ? dpop : `${dpop}, Bearer realm="sallyport"`);
  return sendRefusal(reply, { code: 'token-invalid' });
}

/** Answers an offer that cannot be used. */
export function refuseOffer(reply: FastifyReply, fault: 'malformed' | 'unusable', detail: string): FastifyReply {
  const code: ErrorCode = fault === 'malformed' ? 'sdp-invalid' : 'sdp-unusable';
  return sendRefusal(reply, { code, detail: `The offer: ${detail}.` });
}

function giveNonce(reply: FastifyReply, freshNonce: string): FastifyReply {
  challenge(reply.header(NONCE_HEADER, freshNonce), 'use_dpop_nonce');
  return sendRefusal(reply, { code: 'use-nonce', detail: NONCE_DETAIL });
}

function refuseAs(reply: FastifyReply, wire: WireReason): FastifyReply {
  switch (wire) {
    case 'token-invalid':
    case 'token-expired':
      return sendRefusal(challenge(reply, 'invalid_token'), { code: wire });
    case 'proof-invalid':
      return sendRefusal(challenge(reply, 'invalid_dpop_proof'), { code: wire, detail: NONCE_DETAIL });
    case 'left':
    case 'connection-lost':
      return sendRefusal(reply, { code: 'fault' });
    default:
      return sendRefusal(reply, { code: wire });
  }
}

const challenge = (reply: FastifyReply, error: string): FastifyReply =>
  reply.header('WWW-Authenticate', `DPoP error="${error}", algs="ES256"`);
