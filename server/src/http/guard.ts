/*
 * Who asks, and may they: reads the API key, counts the request and compares the role, before a byte of the body is
 * read. One hook per row; closed unless everything fits.
 */
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Actor } from '../app/actor.ts';
import type { RouteDeps } from './http-deps.ts';
import type { Rates } from './rates.ts';
import { sendRefusal } from './refusals.ts';
import type { Route } from './route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose valid key came with the request; null on public rows and before the guard has looked. */
    actor: Actor | null;
  }
}

type Keys = Pick<RouteDeps['apiKeys'], 'authenticate'>;
const BEARER = /^bearer +([^\s]+)$/i;

/** Lets anybody pass, counted by address. */
export const buildPublicGuard =
  (rates: Rates): onRequestAsyncHookHandler =>
  async (request, reply) => {
    if (!(await rates.admit('public-read', request, reply))) return reply;
  };

/** Lets pass who brings a key of one of the row's roles; 401, 403 or 429 otherwise. */
export function buildGuard(route: Route, keys: Keys, rates: Rates): onRequestAsyncHookHandler {
  const { access, pace = 'usual' } = route;
  if (access === 'public') return buildPublicGuard(rates);
  return async (request, reply) => {
    // Guessing keys costs look-ups in the store, so an address that does it soon gets none; a stop is always looked up.
    if (pace !== 'stop' && (await rates.isExhausted('stranger', request)))
      return refuseStranger(request, reply, rates, undefined);
    const text = readKey(request);
    const actor = text === null ? null : await keys.authenticate(text);
    if (actor === null)
      return refuseStranger(request, reply, rates, text === null ? undefined : 'This API key is not valid here.');
    request.actor = actor;
    if (!(await rates.admit(pace === 'stop' ? 'stop' : 'key', request, reply))) return reply;
    if (!access.includes(actor.role))
      return sendRefusal(reply, {
        code: 'forbidden',
        detail: `This takes a key of the role ${access.join(' or ')}; yours is of the role ${actor.role}.`,
      });
  };
}

const readKey = ({ headers }: FastifyRequest): string | null => BEARER.exec(headers.authorization ?? '')?.[1] ?? null;

async function refuseStranger(
  request: FastifyRequest,
  reply: FastifyReply,
  rates: Rates,
  detail: string | undefined,
): Promise<FastifyReply> {
  if (await rates.admit('stranger', request, reply)) sendRefusal(reply, { code: 'unauthorized', detail });
  return reply;
}
