/*
 * A real HTTP server that plays the WHIP endpoint as a test tells it to: gives out nonces, keeps what it hears, streams
 * events. It knows no media; the test brings the answers.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Heard = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'Authorization, DPoP, Content-Type, If-Match',
  'access-control-allow-methods': 'POST, PATCH, DELETE, GET, HEAD, OPTIONS',
  'access-control-expose-headers': 'Location, ETag, Link, Retry-After, DPoP-Nonce',
};

/** A refusal as the server words it. */
export const problem = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { ...headers, 'content-type': 'application/problem+json' },
  body: JSON.stringify({ type: `urn:sallyport:${code}`, status, code, title: code, detail: code }),
});

export class WhipServer {
  readonly heard: Heard[] = [];
  nonce = 'nonce-1';
  /** Answers POST and PATCH; `taken` counts the posts before this one. */
  answer: (heard: Heard, taken: number) => Promise<Reply> = async () => problem(500, 'fault');
  /** The first event of every stream; null refuses streams. */
  firstEvent: 'wanted' | 'idle' | null = 'idle';
  #streams: ServerResponse[] = [];
  #wake: (() => void)[] = [];
  readonly #server = createServer((request, response) => void this.#hear(request, response));

  static async start(): Promise<WhipServer> {
    const server = new WhipServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A session as RFC 9725 has it; `at` names it. */
  created(at: number, sdp: string): Reply {
    const location = `/v1/whip/session-${at}`;
    const events = `<${location}/events>; rel="urn:sallyport:ext:server-sent-events"; events="wanted,idle,cut"`;
    const headers = { location, etag: `"tag-${at}"`, link: events, 'content-type': 'application/sdp' };
    return { status: 201, headers, body: sdp };
  }

  say(event: string, data: object = {}): void {
    for (const stream of this.#streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  endStreams(): void {
    for (const stream of this.#streams.splice(0)) stream.destroy();
  }

  /** Waits for the n-th request of a method, counted from 0. */
  async hears(method: string, at = 0): Promise<Heard> {
    for (;;) {
      const found = this.heard.filter((one) => one.method === method)[at];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  count(method: string): number {
    return this.heard.filter((one) => one.method === method).length;
  }

  async stop(): Promise<void> {
    this.endStreams();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    if (method === 'OPTIONS') return void response.writeHead(200, CORS).end();
    if (method === 'GET') return this.#stream(response);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const heard = { method, path, headers, body };
    const taken = this.count('POST');
    this.heard.push(heard);
    for (const wake of this.#wake.splice(0)) wake();
    const reply = method === 'HEAD' || method === 'DELETE' ? { status: 200 } : await this.answer(heard, taken);
    response.writeHead(reply.status, {
      ...CORS,
      'dpop-nonce': this.nonce,
      ...('headers' in reply ? reply.headers : {}),
    });
    response.end('body' in reply ? reply.body : undefined);
  }

  #stream(response: ServerResponse): void {
    if (this.firstEvent === null) return void response.writeHead(404, CORS).end();
    response.writeHead(200, { ...CORS, 'content-type': 'text/event-stream' });
    response.write(`event: ${this.firstEvent}\ndata: {}\n\n`);
    this.#streams.push(response);
  }
}
