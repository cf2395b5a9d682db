/*
 * One line per answered request: what was asked by its route, not by its URL, since a URL may hold what should not be
 * kept. No header and no body is ever logged, and the address only of requests that were turned away.
 */
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../app/ports/clock.ts';

const quietRoutes: readonly string[] = ['/healthz', '/readyz', '/metrics', '/tile/*', '/checkpoint'];
const turnedAway: readonly number[] = [401, 403, 429];

export function registerRequestLog(app: FastifyInstance, clock: Pick<Clock, 'monotonicMs'>): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, actor, askedAt, routeOptions, ip } = request;
    const { statusCode } = reply;
    const line = {
      method,
      route: routeOptions.url ?? null,
      status: statusCode,
      tookMs: Math.round((clock.monotonicMs() - askedAt) * 10) / 10,
      keyId: actor?.id ?? null,
      ...(turnedAway.includes(statusCode) ? { remoteAddress: ip } : {}),
    };
    if (quietRoutes.includes(routeOptions.url ?? '')) request.log.debug(line, 'answered');
    else request.log.info(line, 'answered');
  });
}
