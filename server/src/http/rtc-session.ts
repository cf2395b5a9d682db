/*
 * What WHEP and WHIP share on HTTP: the headers of every answer, the bodies, OPTIONS, and all that is asked of a session
 * once it stands (PATCH, DELETE, GET, its events). Called by whep-routes.ts and whip-routes.ts in a scope of their own.
 */
import { EVENTS_REL } from '@sallyport/protocol/session-events';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SessionEvents } from '../app/session-events.ts';
import { sendEvents } from './event-stream.ts';
import type { HttpDeps, IceServer, RtcDeps } from './http-deps.ts';
import { sendRefusal } from './refusals.ts';
import { registerRtcCors } from './rtc-cors.ts';
import { FRAGMENT_TYPE, type Patchable, patchSession } from './rtc-patch.ts';
import { NONCE_HEADER } from './rtc-refusals.ts';

export const SDP_TYPE = 'application/sdp';

export type RtcSessions = Patchable & {
  end(cameraId: string, secret: string): Promise<'ended' | 'gone'>;
  has(cameraId: string, secret: string): boolean;
  events(cameraId: string, secret: string): SessionEvents<{ readonly type: string }> | null;
};

/** Everything but POST on the endpoint: registered in a scope that has no routes of another kind. */
export function registerRtcScope(
  app: FastifyInstance,
  base: '/v1/whep' | '/v1/whip',
  sessions: RtcSessions,
  rtc: RtcDeps,
  { publicUrl, clock }: Pick<HttpDeps, 'publicUrl' | 'clock'>,
): void {
  const endpoint = `${base}/:cameraId`;
  const session = `${endpoint}/:secret`;
  registerRtcCors(app, new Set([publicUrl, ...rtc.allowedOrigins]));
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('Cache-Control', 'no-store').header(NONCE_HEADER, rtc.nonces.current(clock.nowMs()));
  });
  app.removeAllContentTypeParsers();
  // Which type a request must have is the row's to say, in words of its own.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
  app.patch(session, (request, reply) => patchSession(sessions, request, reply));
  app.delete(session, async (request, reply) => {
    const { cameraId, secret } = readPath(request);
    const ended = await sessions.end(cameraId, secret);
    return ended === 'ended' ? reply.code(200).send() : sendRefusal(reply, { code: 'not-found' });
  });
  app.route({
    method: ['GET', 'HEAD'],
    url: session,
    handler: async (request, reply) => {
      const { cameraId, secret } = readPath(request);
      return sessions.has(cameraId, secret) ? reply.code(204).send() : sendRefusal(reply, { code: 'not-found' });
    },
  });
  app.get(`${session}/events`, { exposeHeadRoute: false }, async (request, reply) => {
    const { cameraId, secret } = readPath(request);
    const events = sessions.events(cameraId, secret);
    return events === null ? sendRefusal(reply, { code: 'not-found' }) : sendEvents(reply, events);
  });
  registerOptions(app, endpoint, ['PUT', 'PATCH', 'DELETE'], 'POST, GET, HEAD, OPTIONS');
  registerOptions(app, session, ['PUT', 'POST'], 'PATCH, DELETE, GET, HEAD, OPTIONS');
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

/** The headers of the answer that opens a session at `location`. Fastify sets Content-Length, which some clients need. */
export function buildSessionHeaders(
  location: string,
  tag: string,
  events: readonly string[],
  iceServers: readonly IceServer[],
): Record<string, string | string[]> {
  const listening = `<${location}/events>; rel="${EVENTS_REL}"; events="${events.join(',')}"`;
  return {
    'Content-Type': SDP_TYPE,
    Location: location,
    ETag: `"${tag}"`,
    'Accept-Patch': FRAGMENT_TYPE,
    Link: [...iceServers.flatMap(toLinks), listening],
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

export const readPath = ({ params }: FastifyRequest) =>
  params as { readonly cameraId: string; readonly secret: string };
