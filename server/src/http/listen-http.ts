/*
 * Opens the HTTP server's doors: its own, and a second one for the other IP version that hands its connections to the
 * same server. Called once by compose.
 */
import { once } from 'node:events';
import { createServer, isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Listens on every host, or rejects with the system's error; all doors close with the application. */
export async function listenHttp(app: FastifyInstance, hosts: readonly [string, ...string[]], port: number) {
  const [first, ...others] = hosts;
  const doors = others.map((host) => ({ host, door: createServer((socket) => app.server.emit('connection', socket)) }));
  app.addHook('preClose', async () => {
    for (const { door } of doors) door.close();
  });
  // Alone, `::` is every address of both versions; beside one of the other version it is its own.
  const ipv6Only = (host: string): boolean => isIP(host) === 6 && others.length > 0;
  await app.listen({ host: first, port, ipv6Only: ipv6Only(first) });
  for (const { host, door } of doors) {
    door.maxConnections = app.server.maxConnections;
    await once(door.listen({ host, port, ipv6Only: ipv6Only(host) }), 'listening');
  }
}
