/*
 * The built pages, as files of one directory. Names with a hash in them never change and may be kept; pages may not.
 */
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const HASHED_NAME = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** Serves `webRoot` below `/`; no directory lists, no dot files, nothing outside. */
export function registerPages(app: FastifyInstance, webRoot: string): void {
  app.register(fastifyStatic, {
    root: webRoot,
    index: 'index.html',
    dotfiles: 'ignore',
    cacheControl: false,
    decorateReply: false,
    setHeaders(reply, path) {
      const isHashed = path.includes('/assets/') && HASHED_NAME.test(path);
      reply.header('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
