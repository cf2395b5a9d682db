/*
 * A real WebSocket server that says what a test tells it to. It knows nothing of gates: it greets, keeps what it
 * hears, and lets the test answer.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ClientMessage } from '@sallyport/protocol/client-message';
import type { ServerMessage } from '@sallyport/protocol/server-message';
import { type WebSocket, WebSocketServer } from 'ws';

export const hello: Extract<ServerMessage, { type: 'hello' }> = {
  type: 'hello',
  protocolVersion: 1,
  nonce: 'nonce-1',
  htu: 'https://video.example/v1/signal',
  limits: { feedsMax: 18, messageBytesMax: 65_536, answerWithinMs: 10_000 },
  iceServers: [],
};

/** One connection as the server sees it. */
export class Peer {
  readonly heard: ClientMessage[] = [];
  readonly subprotocol: string;
  readonly #socket: WebSocket;
  #wake: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.subprotocol = socket.protocol;
    socket.on('message', (bytes) => {
      this.heard.push(JSON.parse(String(bytes)));
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  say(message: ServerMessage): void {
    this.sayText(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.#socket.send(text);
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  /** Waits for the first message of a type, after the `skip` first ones of it. */
  async hears<T extends ClientMessage['type']>(type: T, skip = 0): Promise<Extract<ClientMessage, { type: T }>> {
    for (;;) {
      const found = this.heard.filter((message) => message.type === type)[skip];
      if (found !== undefined) return found as Extract<ClientMessage, { type: T }>;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

export class SignalServer {
  readonly peers: Peer[] = [];
  readonly #server: WebSocketServer;
  #wake: (() => void)[] = [];
  /** Said to every new connection; null says nothing. */
  greeting: string | null = JSON.stringify(hello);

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => {
      const peer = new Peer(socket);
      this.peers.push(peer);
      if (this.greeting !== null) peer.sayText(this.greeting);
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  static async start(): Promise<SignalServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return new SignalServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/signal`;
  }

  /** Waits for the n-th connection since the start, counted from 0. */
  async peer(at: number): Promise<Peer> {
    for (;;) {
      const found = this.peers[at];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
