/*
 * A vendor's site for a test: the built package, one example and a token route that asks a real Sallyport server, under
 * a content security policy without any exception for styles or scripts from elsewhere. Of the example only the
 * placeholders are replaced: the address of the server and the cameras' ids.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Ask = { readonly cameraId: string; readonly jkt: string };
export type TokenReply = { readonly status: number; readonly text: string };

export type SiteOptions = {
  readonly packageDir: string;
  readonly token: (ask: Ask) => Promise<TokenReply>;
  /** The same for a publish token. */
  readonly publishToken?: (ask: Ask) => Promise<TokenReply>;
};

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
export const readExample = (name: string): Promise<string> => readFile(join(examples, name), 'utf8');

const files = ['index.js', 'elements.js', 'publisher.js', 'publisher-element.js', 'sallyport.js'];
const entries = {
  '@sallyport/client': '/index.js',
  '@sallyport/client/elements': '/elements.js',
  '@sallyport/client/publisher': '/publisher.js',
  '@sallyport/client/publisher-element': '/publisher-element.js',
};
/** The same names, all in the single file. */
const inOneFile = Object.fromEntries(Object.keys(entries).map((name) => [name, '/sallyport.js']));
/** Pages for the examples that are a script alone. */
const bodies: Readonly<Record<string, string>> = {
  'one-camera': '<video muted playsinline></video>',
  'one-publisher': '<video muted playsinline></video><button>Start</button>',
};
const policy = [
  "default-src 'none'",
  "script-src 'self' 'nonce-map'",
  "style-src 'nonce-page'",
  "connect-src 'self' ws://localhost:* http://localhost:*",
  "require-trusted-types-for 'script'",
].join('; ');

const wrap = (
  body: string,
  imports: Readonly<Record<string, string>> = entries,
): string => `<!doctype html><html lang="en"><title>Example</title>
<style nonce="page">body { margin: 1rem; background: #10161b }</style>
<script type="importmap" nonce="map">${JSON.stringify({ imports })}</script>${body}</html>`;

const text = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

export class ExampleSite {
  readonly #options: SiteOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly asked: Ask[] = [];
  /** What stands for the placeholders in the examples: text -> text. */
  places: Readonly<Record<string, string>> = {};

  private constructor(options: SiteOptions) {
    this.#options = options;
  }

  static async start(options: SiteOptions): Promise<ExampleSite> {
    const site = new ExampleSite(options);
    site.#server.listen(0, '127.0.0.1');
    await once(site.#server, 'listening');
    return site;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname;
    try {
      const { token, publishToken } = this.#options;
      const give = path === '/my-token' ? token : path === '/my-publish-token' ? publishToken : undefined;
      if (give !== undefined) {
        const ask = JSON.parse(await text(request));
        this.asked.push(ask);
        const reply = await give(ask);
        response.writeHead(reply.status).end(reply.text);
        return;
      }
      const [type, body] = await this.#read(path.slice(1));
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  async #read(name: string): Promise<readonly [type: string, body: string]> {
    if (files.includes(name)) {
      return ['text/javascript', await readFile(join(this.#options.packageDir, name), 'utf8')];
    }
    if (name.endsWith('.js')) {
      const source = await readExample(name.replace(/js$/, 'ts'));
      return ['text/javascript', this.#fill(stripTypeScriptTypes(source))];
    }
    if (Object.hasOwn(bodies, name)) {
      const script = `<script type="module" src="${name}.js"></script>`;
      return ['text/html; charset=utf-8', wrap(`${bodies[name]}${script}`)];
    }
    const [example = '', build] = name.split('@');
    const imports = build === 'one-file' ? inOneFile : entries;
    return ['text/html; charset=utf-8', wrap(this.#fill(await readExample(`${example}.html`)), imports)];
  }

  #fill(source: string): string {
    return Object.entries(this.places).reduce((filled, [place, real]) => filled.replaceAll(place, real), source);
  }
}
