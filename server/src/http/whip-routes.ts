/*
 * WHIP (RFC 9725), so that browsers, phones and encoders can feed a published camera: an offer is posted, a session is
 * patched and deleted. Translates to app/whip-publishers.ts and decides nothing. Registered by build-http.ts.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps, RtcDeps } from './http-deps.ts';
import { sendRefusal } from './refusals.ts';
import { readCredential, readOffer } from './rtc-offer.ts';
import { refuseOffer, refusePublisher } from './rtc-refusals.ts';
import { buildSessionHeaders, registerRtcScope } from './rtc-session.ts';

const BASE = '/v1/whip';
const ENDPOINT = `${BASE}/:cameraId`;
const EVENTS = ['wanted', 'idle', 'cut'];
const RETRY_AFTER_S = 5;

type Deps = Pick<HttpDeps, 'publicUrl' | 'clock' | 'whipPublishers'>;

/** Registers endpoint and sessions in a scope of their own. */
export function registerWhip(app: FastifyInstance, rtc: RtcDeps, deps: Deps): void {
  registerRtcScope(app, BASE, deps.whipPublishers, rtc, deps);
  app.post(ENDPOINT, (request, reply) => publish(rtc, deps, request, reply));
  app.route({ method: ['GET', 'HEAD'], url: ENDPOINT, handler: async (_request, reply) => reply.code(204).send() });
}

async function publish(rtc: RtcDeps, deps: Deps, request: FastifyRequest, reply: FastifyReply) {
  const offer = readOffer(request, reply);
  if (offer === null) return reply;
  const { cameraId, sdp } = offer;
  const brought = readCredential(request, cameraId, `${deps.publicUrl}${BASE}/${cameraId}`);
  const published = await deps.whipPublishers.publish(brought, sdp, request.ip);
  switch (published.how) {
    case 'denied':
      return refusePublisher(reply, published.code, published.freshNonce, RETRY_AFTER_S);
    case 'bad-offer':
      return refuseOffer(reply, published.fault, published.detail);
    case 'stopping':
      return sendRefusal(reply.header('Retry-After', String(RETRY_AFTER_S)), { code: 'server-stopped' });
    case 'overloaded':
      return sendRefusal(reply.header('Retry-After', String(RETRY_AFTER_S)), { code: 'overloaded' });
    case 'answer':
      return reply
        .code(201)
        .headers(
          buildSessionHeaders(`${BASE}/${cameraId}/${published.secret}`, published.tag, EVENTS, rtc.iceServers()),
        )
        .send(Buffer.from(published.sdp));
  }
}
