/*
 * The HTTP edge as one Fastify instance: the table of routes, the pages, the refusals. It translates bytes to use
 * cases and failures to codes, and decides nothing. Built by compose; signalling listens for upgrades on its server.
 */
import { type FastifyInstance, fastify } from 'fastify';
import type { MonotonicMs } from '../app/ports/clock.ts';
import { buildPublicGuard } from './guard.ts';
import { httpBounds } from './http-bounds.ts';
import type { HttpDeps } from './http-deps.ts';
import { registerPages } from './pages.ts';
import { buildRates, registerRateCounting } from './rates.ts';
import { answerThrown } from './refusals.ts';
import { registerNotFound, registerRoutes } from './register-routes.ts';
import { registerRequestLog } from './request-log.ts';
import { buildRouteTable } from './routes/route-table.ts';
import { registerSecurityHeaders } from './security-headers.ts';
import { buildServerOptions } from './server-options.ts';
import { registerWhep } from './whep-routes.ts';
import { registerWhip } from './whip-routes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When the request arrived: its headers were read, nothing was looked up yet. */
    askedAt: MonotonicMs;
  }
}

/** Builds the edge; nothing listens yet. A missing directory of pages is a warning in the log: the API works without. */
export function buildHttp(deps: HttpDeps): FastifyInstance {
  const bounds = { ...httpBounds, ...deps.bounds };
  const app = fastify(buildServerOptions(deps, bounds));
  app.setErrorHandler(answerThrown);
  app.decorateRequest('actor', null);
  app.decorateRequest('askedAt', deps.clock.monotonicMs());
  app.addHook('onRequest', async (request) => {
    request.askedAt = deps.clock.monotonicMs();
  });
  registerRequestLog(app, deps.clock);
  registerSecurityHeaders(app, deps.publicUrl);
  registerRateCounting(app, bounds);
  app.register(async (scope) => {
    const rates = buildRates(scope, bounds);
    const routes = buildRouteTable(deps, deps.publicUrl);
    registerRoutes(scope, routes, deps.apiKeys, rates);
    scope.register(async (players) => {
      players.addHook('onRequest', buildPublicGuard(rates));
      registerWhep(players, deps.rtc, deps);
    });
    scope.register(async (publishers) => {
      publishers.addHook('onRequest', buildPublicGuard(rates));
      registerWhip(publishers, deps.rtc, deps);
    });
    registerNotFound(scope, routes, rates);
    scope.register(async (pages) => {
      pages.addHook('onRequest', buildPublicGuard(rates));
      registerPages(pages, deps.webRoot);
    });
  });
  return app;
}
