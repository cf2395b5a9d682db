/*
 * The signalling on a real HTTP server with real WebSocket clients, a clock of the test's own and a keeper of its own.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerMessage, SUBPROTOCOL, serverMessageSchema } from '@sallyport/protocol/server-message';
import { type ClientOptions, WebSocket } from 'ws';
import type { Log } from '../../src/app/ports/log.ts';
import { openSignalling, type SignallingOptions } from '../../src/signalling/open-signalling.ts';
import type { ViewerKeeper } from '../../src/signalling/requests.ts';
import { NOW_MS } from '../support/facts.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FakeKeeper } from './fake-keeper.ts';

type Kind = ServerMessage['type'];
type Said<K extends Kind> = Extract<ServerMessage, { type: K }>;

/** A client that reads with the protocol's own schema and hands messages out in order. */
export class SignalClient {
  readonly socket: WebSocket;
  readonly #said: ServerMessage[] = [];
  #waiting: (() => void) | null = null;
  /** Close code, once the connection is closed. */
  readonly closed: Promise<number>;
  #isClosed = false;
  #settled = 0;

  constructor(url: string, subprotocols: readonly string[], options: ClientOptions) {
    this.socket = new WebSocket(url, [...subprotocols], options);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.#isClosed = true;
        this.#waiting?.();
        resolve(code);
      });
    });
    this.socket.on('error', () => {});
    this.socket.on('message', (frame) => {
      this.#said.push(serverMessageSchema.parse(JSON.parse(frame.toString())));
      this.#waiting?.();
    });
  }

  /** The next message; rejects when the connection closes before there is one, or when it is of another kind. */
  async next<K extends Kind>(type: K): Promise<Said<K>> {
    while (this.#said.length === 0) {
      if (this.#isClosed) throw new Error(`closed while waiting for ${type}`);
      await this.#change();
    }
    const message = this.#said.shift();
    if (message?.type !== type) throw new Error(`expected ${type}, heard ${JSON.stringify(message)}`);
    return message as Said<K>;
  }

  /** Everything heard that nobody has asked for yet. */
  takeAll(): readonly ServerMessage[] {
    return this.#said.splice(0);
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Says something that is answered at once, and waits for that: everything said before has been heard then. */
  async settled(): Promise<void> {
    const id = ++this.#settled + 1_000_000_000;
    this.say({ type: 'ready?', id });
    while (!this.#isClosed) {
      const at = this.#said.findIndex((message) => message.type === 'error' && message.id === id);
      if (at >= 0) return void this.#said.splice(at, 1);
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}

export type RigOptions = Partial<Omit<SignallingOptions, 'keeper'>> & { readonly keeper?: ViewerKeeper };
type Teardown = { teardown(close: () => Promise<void>): void };

const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Listens on a free port of the loopback; everything is closed when the test is over. */
export async function openRig(t: Teardown, replaced: RigOptions = {}) {
  const server = createServer((_, response) => response.end('plain'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = replaced.clock instanceof ManualClock ? replaced.clock : new ManualClock(NOW_MS);
  const keeper = new FakeKeeper();
  const tookMs: { joins: number[]; firstFrames: number[] } = { joins: [], firstFrames: [] };
  const nonce = { text: 'nonce-1' };
  const signalling = openSignalling({
    server,
    keeper,
    nonces: { current: () => nonce.text },
    clock,
    log: silentLog,
    telemetry: {
      joinTook: (ms) => void tookMs.joins.push(ms),
      firstFrameTook: (ms) => void tookMs.firstFrames.push(ms),
    },
    publicUrl: 'https://gate.example',
    allowedOrigins: ['https://wall.example'],
    iceServers: () => [],
    ...replaced,
  });
  const clients: SignalClient[] = [];
  t.teardown(async () => {
    for (const client of clients) client.socket.terminate();
    await signalling.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const open = (options: ClientOptions = {}, subprotocols: readonly string[] = [SUBPROTOCOL], path = '/v1/signal') => {
    const client = new SignalClient(`ws://127.0.0.1:${port}${path}`, subprotocols, options);
    clients.push(client);
    return client;
  };
  /** Connects and hears the first hello. */
  const connect = async (options: ClientOptions = {}) => {
    const client = open(options);
    await client.next('hello');
    return client;
  };
  /** The HTTP status a handshake was refused with; 101 when it was not. */
  const statusOf = (options: ClientOptions, subprotocols?: readonly string[], path?: string): Promise<number> => {
    const { socket } = open(options, subprotocols, path);
    return new Promise((resolve) => {
      socket.on('unexpected-response', (_, response: IncomingMessage) => {
        resolve(response.statusCode ?? 0);
        socket.terminate();
      });
      socket.on('upgrade', () => resolve(101));
    });
  };
  return { server, port, clock, keeper, nonce, tookMs, signalling, open, connect, statusOf };
}

/** Resolves when the condition holds; looked at in every turn of the loop, for as long as the test may run. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}
