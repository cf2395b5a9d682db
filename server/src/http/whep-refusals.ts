/*
 * How a standard player is told no: the gate's coarse word as a problem, and the DPoP challenge (RFC 9449, 8 and 9)
 * where a token or a proof is what is missing. Called by whep-routes.ts.
 */
import type { DenialCode } from '@sallyport/protocol/reasons';
import type { FastifyReply } from 'fastify';
import { toWireDenial } from '../domain/wire-reason.ts';
import { sendRefusal } from './refusals.ts';

export const NONCE_HEADER = 'DPoP-Nonce';
const NONCE_DETAIL = 'Make the proof again with the nonce of the header DPoP-Nonce.';

/** Answers a denial. What concerns the camera or its owner's mind is one answer, byte for byte. */
export function refusePlayer(reply: FastifyReply, code: DenialCode, freshNonce: string | null): FastifyReply {
  if (freshNonce !== null) {
    challenge(reply.header(NONCE_HEADER, freshNonce), 'use_dpop_nonce');
    return sendRefusal(reply, { code: 'use-nonce', detail: NONCE_DETAIL });
  }
  const wire = toWireDenial(code);
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

/** Answers a request without any token. */
export const askForToken = (reply: FastifyReply): FastifyReply =>
  sendRefusal(reply.header('WWW-Authenticate', 'DPoP algs="ES256"'), { code: 'token-invalid' });

const challenge = (reply: FastifyReply, error: string): FastifyReply =>
  reply.header('WWW-Authenticate', `DPoP error="${error}", algs="ES256"`);
