/*
 * How the HTTP server is made: plain or TLS, with the time and space one client may take.
 */
import http from 'node:http';
import https from 'node:https';
import { limits } from '@sallyport/protocol/limits';
import { type FastifyServerFactory, type FastifyServerOptions, LogController } from 'fastify';
import type { HttpBounds } from './http-bounds.ts';
import type { HttpDeps } from './http-deps.ts';
import { answerClientError, answerThrown } from './refusals.ts';

/** Builds Fastify's options. `fastify.server` is the one server that signalling upgrades connections on. */
export function buildServerOptions(deps: Pick<HttpDeps, 'log' | 'tls' | 'trustedProxies'>, bounds: HttpBounds) {
  return {
    loggerInstance: deps.log,
    // Its lines hold whole URLs; request-log.ts writes our own.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytesMax,
    trustProxy: deps.trustedProxies.length === 0 ? false : [...deps.trustedProxies],
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    serverFactory: buildServerFactory(deps.tls, bounds),
    clientErrorHandler: answerClientError,
    frameworkErrors: answerThrown,
  } satisfies FastifyServerOptions;
}

function buildServerFactory(tls: HttpDeps['tls'], bounds: HttpBounds): FastifyServerFactory {
  const paces = {
    headersTimeout: bounds.headersWithinMs,
    requestTimeout: bounds.requestWithinMs,
    connectionsCheckingInterval: bounds.timeoutsCheckedEveryMs,
    keepAliveTimeout: bounds.keepAliveMs,
    maxHeaderSize: bounds.headerBytesMax,
  };
  return (listener) => {
    const server =
      tls === null
        ? http.createServer(paces, listener)
        : https.createServer({ ...paces, ...tls, minVersion: 'TLSv1.2' }, listener);
    server.maxConnections = bounds.connectionsMax;
    return server;
  };
}
