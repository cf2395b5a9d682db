/*
 * Serves one page with one script, bundled the way the real pages are, on a loopback port: a secure context, as the
 * SDK needs it. The page's background is a green no picture has.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const html = `<!doctype html><html lang="en"><title>test</title><style>
body { margin: 0; background: rgb(0, 128, 0) } video { display: block; width: 320px; height: 180px }
</style><video muted playsinline></video><script type="module" src="/page.js"></script>`;

export type BundledPage = { readonly url: string; readonly stop: () => Promise<void> };

async function bundle(entry: string): Promise<string> {
  const root = fileURLToPath(new URL('../pages/', import.meta.url));
  const path = fileURLToPath(new URL(entry, new URL('../pages/', import.meta.url)));
  const result = await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry: path, formats: ['es'], fileName: 'page' } },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (first === undefined || !('output' in first)) throw new Error('the bundler wrote nothing');
  return first.output[0].code;
}

/** Bundles `test/pages/<entry>`, or the script at a file URL, and serves it until stopped. */
export async function serveBundledPage(entry: string): Promise<BundledPage> {
  const script = await bundle(entry);
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' });
    response.end(isScript ? script : html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
