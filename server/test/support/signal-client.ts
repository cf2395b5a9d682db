/*
 * A viewer's control connection in Node, written from protocol/SPEC.md without the SDK: for refusals, floods and crashes,
 * and as the control half of a browser's peer connection.
 */
import { once } from 'node:events';
import { type ServerMessage, SUBPROTOCOL, serverMessageSchema } from '@sallyport/protocol/server-message';
import WebSocket from 'ws';
import { makeProof, makeViewerKey, type ViewerKey } from './possession.ts';

type Hello = Extract<ServerMessage, { type: 'hello' }>;
type Predicate<M extends ServerMessage> = (message: ServerMessage) => message is M;

export class SignalClient {
  readonly key: ViewerKey;
  readonly messages: ServerMessage[] = [];
  closeCode: number | null = null;
  readonly #socket: WebSocket;
  readonly #waiters = new Set<() => void>();
  #requests = 0;

  private constructor(socket: WebSocket, key: ViewerKey) {
    this.#socket = socket;
    this.key = key;
    socket.on('message', (text) => {
      this.messages.push(serverMessageSchema.parse(JSON.parse(String(text))));
      for (const look of [...this.#waiters]) look();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      for (const look of [...this.#waiters]) look();
    });
  }

  /** Connects and waits for `hello`. */
  static async connect(url: string, key?: ViewerKey): Promise<SignalClient> {
    const ownKey = key ?? (await makeViewerKey());
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/signal`, SUBPROTOCOL);
    const client = new SignalClient(socket, ownKey);
    await once(socket, 'open');
    await client.hello();
    return client;
  }

  hello(): Promise<Hello> {
    return this.until((message): message is Hello => message.type === 'hello');
  }

  /** The first message, received or to come, that fits. Rejects when the connection closes first. */
  until<M extends ServerMessage>(fits: Predicate<M>): Promise<M> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.messages.find(fits);
        if (!found && this.closeCode === null) return;
        this.#waiters.delete(look);
        if (found) resolve(found);
        else reject(new Error(`the connection closed with ${this.closeCode} before the awaited message`));
      };
      this.#waiters.add(look);
      look();
    });
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async prove(token: string, change: Partial<Parameters<typeof makeProof>[1]> = {}, key = this.key): Promise<string> {
    // The nonce changes every minute; the newest `hello` has the one to use.
    const newest = this.messages.findLast((message): message is Hello => message.type === 'hello');
    const { htu, nonce } = newest ?? (await this.hello());
    return makeProof(key, { accessToken: token, htu, nonce, nowMs: Date.now(), ...change });
  }

  /** Joins and answers what came back, an `offer` or an `error`. */
  async join(
    cameraId: string,
    token: string,
    proof?: string,
  ): Promise<Extract<ServerMessage, { type: 'offer' | 'error' }>> {
    this.#requests += 1;
    const id = this.#requests;
    this.send({ type: 'join', id, cameraId, token, proof: proof ?? (await this.prove(token)) });
    return this.until(
      (message): message is Extract<ServerMessage, { type: 'offer' | 'error' }> =>
        (message.type === 'offer' || message.type === 'error') && message.id === id,
    );
  }

  /** The news that a session is over. */
  untilClosed(sessionId: string): Promise<Extract<ServerMessage, { type: 'gate' }>> {
    return this.until(
      (message): message is Extract<ServerMessage, { type: 'gate' }> =>
        message.type === 'gate' && message.sessionId === sessionId && message.state === 'closed',
    );
  }

  async close(): Promise<void> {
    if (this.closeCode !== null) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
