/*
 * The one loop that puts the table of routes on the server, and the answers for paths that are not in it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { buildGuard } from './guard.ts';
import type { RouteDeps } from './http-deps.ts';
import { registerIgnoredBody, registerJsonBody } from './json-body.ts';
import type { Rates } from './rates.ts';
import { sendRefusal } from './refusals.ts';
import type { Route } from './route.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Registers every row, guarded. */
export function registerRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  keys: RouteDeps['apiKeys'],
  rates: Rates,
): void {
  app.register(async (scope) => {
    registerJsonBody(scope);
    for (const route of routes) if (route.input.body !== undefined) registerRoute(scope, route, keys, rates);
  });
  app.register(async (scope) => {
    registerIgnoredBody(scope);
    for (const route of routes) if (route.input.body === undefined) registerRoute(scope, route, keys, rates);
  });
}

function registerRoute(scope: FastifyInstance, route: Route, keys: RouteDeps['apiKeys'], rates: Rates): void {
  const { method, path, produces } = route;
  scope.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: buildGuard(route, keys, rates),
    async handler(request, reply) {
      const { params, query, body, actor, askedAt } = request;
      const answer = await route.answer({ params, query, body, actor, askedAt });
      if (!answer.ok) return sendRefusal(reply, answer);
      const { type = JSON_TYPE, cacheControl = 'no-store' } = produces ?? {};
      reply.code(answer.status).header('Content-Type', type).header('Cache-Control', cacheControl);
      return reply.send(answer.value);
    },
  });
}

/** Answers what no row and no page does: 405 where another method would be taken, else 404. */
export function registerNotFound(app: FastifyInstance, routes: readonly Route[], rates: Rates): void {
  const rows = routes.map(({ method, path }) => ({ method, pattern: toPattern(path) }));
  app.setNotFoundHandler(async (request: FastifyRequest, reply: FastifyReply) => {
    if (!(await rates.admit('stranger', request, reply))) return reply;
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = rows.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    const isKnown = methods.length > 0 && !methods.some((method) => method === request.method);
    if (!isKnown) return sendRefusal(reply, { code: 'not-found', detail: 'There is nothing at this path.' });
    return sendRefusal(reply.header('Allow', methods.join(', ')), { code: 'method-not-allowed' });
  });
}

const toPattern = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replaceAll(/\{\w+\}/g, '[^/]+')
      .replace('*', '.*')}$`,
  );
