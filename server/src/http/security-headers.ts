/*
 * What every answer tells the browser: scripts, styles and connections from here alone, no framing, no referrer. There
 * is no CORS: pages of other origins have no business with this API.
 */
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

const YEAR_S = 31_536_000;

/** Registers helmet. HTTPS is insisted on only where the public URL has it: a plain pilot network must still work. */
export function registerSecurityHeaders(app: FastifyInstance, publicUrl: string): void {
  const { protocol, host } = new URL(publicUrl);
  const isSecure = protocol === 'https:';
  app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: buildDirectives(`${isSecure ? 'wss' : 'ws'}://${host}`) },
    strictTransportSecurity: isSecure ? { maxAge: YEAR_S, includeSubDomains: false } : false,
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  });
}

function buildDirectives(signalOrigin: string) {
  return {
    defaultSrc: ["'self'"],
    // Older browsers do not count WebSocket among 'self'.
    connectSrc: ["'self'", signalOrigin],
    mediaSrc: ["'self'", 'blob:'],
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  };
}
