/*
 * Which pages of other origins may play and publish (WHEP, WHIP): the only CORS there is, on these paths alone. Called by
 * whep-routes.ts and whip-routes.ts.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Spelled out: `*` does not cover Authorization. */
const REQUEST_HEADERS = 'Authorization, DPoP, Content-Type, If-Match, Prefer, Last-Event-ID';
const METHODS = 'POST, PATCH, DELETE, GET, HEAD, OPTIONS';
const EXPOSED = 'Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate, DPoP-Nonce';
const PREFLIGHT_KEPT_S = '600';

/** Adds the headers to every answer of this scope, for origins that are allowed. */
export function registerRtcCors(app: FastifyInstance, origins: ReadonlySet<string>): void {
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('Vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.has(origin)) return;
    reply
      .header('Access-Control-Allow-Origin', origin)
      .header('Access-Control-Expose-Headers', EXPOSED)
      // The answers of this API are otherwise for its own origin.
      .header('Cross-Origin-Resource-Policy', 'cross-origin');
    if (request.method !== 'OPTIONS') return;
    reply
      .header('Access-Control-Allow-Headers', REQUEST_HEADERS)
      .header('Access-Control-Allow-Methods', METHODS)
      .header('Access-Control-Max-Age', PREFLIGHT_KEPT_S);
  });
}
