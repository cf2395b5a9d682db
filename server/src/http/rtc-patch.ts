/*
 * PATCH on a session of WHEP or WHIP: trickled candidates, an ICE restart (RFC 8840), or the answer to an offer of ours.
 * Translates to the sessions of app/; called by rtc-session.ts.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IceCredentials } from '../app/ports/valve.ts';
import type { Patched } from '../app/session-book.ts';
import type { WhepPlayers } from '../app/whep-players.ts';
import { sendRefusal } from './refusals.ts';

export const FRAGMENT_TYPE = 'application/trickle-ice-sdpfrag';
const FRAGMENT_CHARS_MAX = 16 * 1024;
/** Lines of the other side's fragment that say what it is about; they come back with the new credentials. */
const ABOUT = [/^a=group:BUNDLE [\w+/ -]{0,200}$/m, /^m=[\w/ .-]{1,400}$/m, /^a=mid:[\w+/-]{1,64}$/m];

export type Patchable = {
  patch(cameraId: string, secret: string, fragment: string, tag: string | null): Promise<Patched>;
  /** Where offers of ours are answered. */
  readonly answer?: WhepPlayers['answer'];
};

export async function patchSession(sessions: Patchable, request: FastifyRequest, reply: FastifyReply) {
  const { cameraId, secret } = request.params as { readonly cameraId: string; readonly secret: string };
  const text = String(request.body ?? '').replaceAll('\r\n', '\n');
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/sdp' && sessions.answer) {
    const answered = await sessions.answer(cameraId, secret, String(request.body ?? ''));
    if (answered.how === 'noted') return reply.code(204).send();
    if (answered.how === 'gone') return sendRefusal(reply, { code: 'not-found' });
    if (answered.how === 'not-asked') return refuseType(reply);
    return sendRefusal(reply, { code: 'sdp-unusable', detail: `The answer: ${answered.detail}.` });
  }
  if (type !== FRAGMENT_TYPE) return refuseType(reply);
  if (text.length > FRAGMENT_CHARS_MAX) return sendRefusal(reply, { code: 'too-large' });
  return sendPatched(reply, await sessions.patch(cameraId, secret, text, readTag(request)), text);
}

function sendPatched(reply: FastifyReply, patched: Patched, fragment: string): FastifyReply {
  switch (patched.how) {
    case 'noted':
      return reply.code(204).send();
    case 'restarted':
      return reply
        .code(200)
        .header('Content-Type', FRAGMENT_TYPE)
        .header('ETag', `"${patched.tag}"`)
        .send(Buffer.from(buildFragment(patched.ice, fragment)));
    case 'gone':
      return sendRefusal(reply, { code: 'not-found' });
    case 'malformed':
      return sendRefusal(reply, { code: 'sdp-invalid', detail: 'The fragment needs a=ice-ufrag and a=ice-pwd.' });
    case 'not-restarted':
      return sendRefusal(reply, { code: 'sdp-unusable', detail: 'ICE could not be restarted; the session goes on.' });
    default:
      return sendRefusal(reply, { code: patched.how });
  }
}

/** No candidates: they have not changed, and a player that joins several with commas would read them wrong. */
function buildFragment({ ufrag, password }: IceCredentials, fragment: string): string {
  const about = ABOUT.flatMap((line) => line.exec(fragment)?.[0] ?? []);
  const ours = [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, ''];
  return ['a=ice-lite', 'a=ice-options:trickle', ...about, ...ours].join('\r\n');
}

/** RFC 9725's examples quote the star, RFC 9110 does not: both are any. */
function readTag({ headers }: FastifyRequest): string | null {
  const value = headers['if-match'];
  return value === undefined ? null : value.trim().replace(/^"(.*)"$/, '$1');
}

function refuseType(reply: FastifyReply): FastifyReply {
  const detail = `Send ${FRAGMENT_TYPE}.`;
  return sendRefusal(reply.header('Accept-Patch', FRAGMENT_TYPE), { code: 'unsupported-type', detail });
}
