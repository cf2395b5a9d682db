/*
 * Reads a POST of WHEP or WHIP: an offer, a camera, a credential and its proof. Pure translation, nothing is decided.
 * Called by whep-routes.ts and whip-routes.ts.
 */
import { type CameraId, cameraIdSchema } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Brought } from '../app/gate/viewer-evidence.ts';
import { sendRefusal } from './refusals.ts';
import { readPath, SDP_TYPE } from './rtc-session.ts';

export type PostedOffer = { readonly cameraId: CameraId; readonly sdp: string };

const CREDENTIALS = /^(dpop|bearer) +([^\s]+)$/i;

/** The offer and the camera it is for; null when the refusal has been sent. */
export function readOffer(request: FastifyRequest, reply: FastifyReply): PostedOffer | null {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const sdp = String(request.body ?? '');
  if (type !== SDP_TYPE) {
    const refusal = { code: 'unsupported-type', detail: `Send ${SDP_TYPE}.` } as const;
    sendRefusal(reply.header('Accept-Post', SDP_TYPE), refusal);
    return null;
  }
  if (Buffer.byteLength(sdp) > limits.sdpBytesMax) {
    sendRefusal(reply, { code: 'too-large', detail: `An offer has at most ${limits.sdpBytesMax} bytes.` });
    return null;
  }
  const cameraId = cameraIdSchema.safeParse(readPath(request).cameraId);
  if (cameraId.success) return { cameraId: cameraId.data, sdp };
  sendRefusal(reply, { code: 'not-found' });
  return null;
}

/** The credential and what must hold for its proof. Without one too the gate is asked: every refusal is on record. */
export function readCredential(request: FastifyRequest, cameraId: CameraId, url: string): Brought {
  const found = CREDENTIALS.exec(request.headers.authorization ?? '');
  return {
    cameraId,
    token: found?.[2] ?? null,
    scheme: found?.[1]?.toLowerCase() === 'bearer' ? 'bearer' : 'dpop',
    proof: readSingle(request, 'dpop'),
    htm: 'POST',
    htu: url,
  };
}

/** Null when it is absent or comes more than once (RFC 9449, 4.3). */
function readSingle({ headers }: FastifyRequest, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && !value.includes(',') ? value : null;
}
