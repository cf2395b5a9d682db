/*
 * WHEP, so that any standard player can watch through the same gate: an offer is posted, a session is patched and
 * deleted. Translates to app/whep-players.ts and decides nothing. Registered by build-http.ts.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps, RtcDeps } from './http-deps.ts';
import { readCredential, readOffer } from './rtc-offer.ts';
import { refuseOffer, refusePlayer } from './rtc-refusals.ts';
import { buildSessionHeaders, registerRtcScope, SDP_TYPE } from './rtc-session.ts';

const BASE = '/v1/whep';
const ENDPOINT = `${BASE}/:cameraId`;
const EVENTS = ['consent-ending', 'cut'];

type Deps = Pick<HttpDeps, 'publicUrl' | 'clock' | 'whepPlayers'>;

/** Registers endpoint and sessions in a scope of their own. */
export function registerWhep(app: FastifyInstance, rtc: RtcDeps, deps: Deps): void {
  registerRtcScope(app, BASE, deps.whepPlayers, rtc, deps);
  app.post(ENDPOINT, (request, reply) => watch(rtc, deps, request, reply));
  // So that a player can tell by itself what is here.
  app.head(ENDPOINT, async (_request, reply) => reply.header('Content-Type', SDP_TYPE).send());
  app.get(ENDPOINT, { exposeHeadRoute: false }, async (_request, reply) => reply.code(204).send());
}

async function watch(rtc: RtcDeps, { publicUrl, whepPlayers }: Deps, request: FastifyRequest, reply: FastifyReply) {
  const offer = readOffer(request, reply);
  if (offer === null) return reply;
  const { cameraId, sdp } = offer;
  const brought = readCredential(request, cameraId, `${publicUrl}${BASE}/${cameraId}`);
  const watched = await whepPlayers.watch(brought, sdp, readWish(request), request.ip);
  if (watched.how === 'denied') return refusePlayer(reply, watched.code, watched.freshNonce);
  if (watched.how === 'bad-offer') return refuseOffer(reply, watched.fault, watched.detail);
  const location = `${BASE}/${cameraId}/${watched.secret}`;
  return reply
    .code(watched.how === 'answer' ? 201 : 406)
    .headers(buildSessionHeaders(location, watched.tag, EVENTS, rtc.iceServers()))
    .send(Buffer.from(watched.sdp));
}

/** A player may ask to be offered to: `Prefer: counter-offer` (RFC 7240) or `?mode=offer`. */
function readWish({ headers, query }: FastifyRequest): 'answer' | 'offer' {
  const asked = String(headers['prefer'] ?? '').split(/[,;]/);
  const isAsked = asked.some((one) => one.trim().toLowerCase() === 'counter-offer');
  return isAsked || (query as { readonly mode?: unknown }).mode === 'offer' ? 'offer' : 'answer';
}
