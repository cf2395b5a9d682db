/*
 * WHEP, so that any standard player can watch through the same gate: an offer is posted, a session is patched and
 * deleted. Translates to app/whep-players.ts and decides nothing. Registered by build-http.ts.
 */
import { type CameraId, cameraIdSchema } from '@sallyport/protocol/ids';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps, IceServer, WhepDeps } from './http-deps.ts';
import { sendRefusal } from './refusals.ts';
import { registerWhepCors } from './whep-cors.ts';
import { askForToken, NONCE_HEADER, refusePlayer } from './whep-refusals.ts';
import { patchSession } from './whep-session.ts';

const SDP_TYPE = 'application/sdp';
const ENDPOINT = '/v1/whep/:cameraId';
const SESSION = '/v1/whep/:cameraId/:secret';
const CREDENTIALS = /^(dpop|bearer) +([^\s]+)$/i;

/** Registers endpoint and sessions in a scope of their own. */
export function registerWhep(app: FastifyInstance, whep: WhepDeps, deps: Pick<HttpDeps, 'publicUrl' | 'clock'>): void {
  registerWhepCors(app, new Set([deps.publicUrl, ...whep.allowedOrigins]));
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('Cache-Control', 'no-store').header(NONCE_HEADER, whep.nonces.current(deps.clock.nowMs()));
  });
  app.removeAllContentTypeParsers();
  // Which type a request must have is the row's to say, in WHEP's own words.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
  app.post(ENDPOINT, (request, reply) => watch(whep, deps.publicUrl, request, reply));
  app.patch(SESSION, (request, reply) => patchSession(whep.players, request, reply));
  app.delete(SESSION, async (request, reply) => {
    const { cameraId, secret } = readPath(request);
    const ended = await whep.players.end(cameraId, secret);
    return ended === 'ended' ? reply.code(200).send() : sendRefusal(reply, { code: 'not-found' });
  });
  app.head(ENDPOINT, async (_request, reply) => reply.header('Content-Type', SDP_TYPE).send());
  app.get(ENDPOINT, { exposeHeadRoute: false }, async (_request, reply) => reply.code(204).send());
  app.route({
    method: ['GET', 'HEAD'],
    url: SESSION,
    handler: async (request, reply) => {
      const { cameraId, secret } = readPath(request);
      return whep.players.has(cameraId, secret) ? reply.code(204).send() : sendRefusal(reply, { code: 'not-found' });
    },
  });
  registerOptions(app, ENDPOINT, ['PUT', 'PATCH', 'DELETE'], 'POST, GET, HEAD, OPTIONS');
  registerOptions(app, SESSION, ['PUT', 'POST'], 'PATCH, DELETE, GET, HEAD, OPTIONS');
}

/** A preflight carries no token, so everybody is answered; methods that are not taken are named with those that are. */
function registerOptions(app: FastifyInstance, url: string, refused: string[], allow: string): void {
  app.options(url, async (_request, reply) => reply.header('Allow', allow).header('Accept-Post', SDP_TYPE).send());
  app.route({
    method: refused,
    url,
    handler: async (_request, reply) => sendRefusal(reply.header('Allow', allow), { code: 'method-not-allowed' }),
  });
}

async function watch(whep: WhepDeps, publicUrl: string, request: FastifyRequest, reply: FastifyReply) {
  if (readType(request) !== SDP_TYPE) {
    return sendRefusal(reply.header('Accept-Post', SDP_TYPE), {
      code: 'unsupported-type',
      detail: `Send ${SDP_TYPE}.`,
    });
  }
  const cameraId = cameraIdSchema.safeParse(readPath(request).cameraId);
  if (!cameraId.success) return sendRefusal(reply, { code: 'not-found' });
  const credentials = CREDENTIALS.exec(request.headers.authorization ?? '');
  if (credentials === null) return askForToken(reply);
  const brought = {
    cameraId: cameraId.data,
    token: credentials[2] ?? null,
    scheme: credentials[1]?.toLowerCase() === 'bearer' ? ('bearer' as const) : ('dpop' as const),
    proof: readSingle(request, 'dpop'),
    htm: 'POST',
    htu: `${publicUrl}/v1/whep/${cameraId.data}`,
  };
  const watched = await whep.players.watch(brought, String(request.body ?? ''), readWish(request), request.ip);
  if (watched.how === 'denied') return refusePlayer(reply, watched.code, watched.freshNonce);
  if (watched.how === 'bad-offer') {
    const code = watched.fault === 'malformed' ? 'sdp-invalid' : 'sdp-unusable';
    return sendRefusal(reply, { code, detail: `The offer: ${watched.detail}.` });
  }
  return reply
    .code(watched.how === 'answer' ? 201 : 406)
    .headers(buildSessionHeaders(cameraId.data, watched, whep.iceServers()))
    .send(Buffer.from(watched.sdp));
}

/** Fastify sets Content-Length, without which some players cannot read the answer. */
function buildSessionHeaders(
  cameraId: CameraId,
  { secret, tag }: { readonly secret: string; readonly tag: string },
  iceServers: readonly IceServer[],
): Record<string, string | string[]> {
  const links = iceServers.flatMap(toLinks);
  return {
    'Content-Type': SDP_TYPE,
    Location: `/v1/whep/${cameraId}/${secret}`,
    ETag: `"${tag}"`,
    'Accept-Patch': 'application/trickle-ice-sdpfrag',
    ...(links.length === 0 ? {} : { Link: links }),
  };
}

/** RFC 9725, 4.6. */
function toLinks({ urls, username, credential }: IceServer): string[] {
  const quote = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  const secret =
    username === undefined || credential === undefined
      ? ''
      : `; username=${quote(username)}; credential=${quote(credential)}; credential-type="password"`;
  return urls.map((url) => `<${url}>; rel="ice-server"${secret}`);
}

/** A player may ask to be offered to: `Prefer: counter-offer` (RFC 7240) or `?mode=offer`. */
function readWish({ headers, query }: FastifyRequest): 'answer' | 'offer' {
  const asked = String(headers['prefer'] ?? '').split(/[,;]/);
  const isAsked = asked.some((one) => one.trim().toLowerCase() === 'counter-offer');
  return isAsked || (query as { readonly mode?: unknown }).mode === 'offer' ? 'offer' : 'answer';
}

const readPath = ({ params }: FastifyRequest) => params as { readonly cameraId: string; readonly secret: string };

const readType = ({ headers }: FastifyRequest): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** Null when it is absent or comes more than once (RFC 9449, 4.3). */
function readSingle({ headers }: FastifyRequest, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && !value.includes(',') ? value : null;
}
