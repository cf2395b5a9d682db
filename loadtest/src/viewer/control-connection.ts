/*
 * A control connection as protocol/SPEC.md tells it, shared by the feeds of one wall. Nonces are kept, answers find their
 * request, gates find their session.
 */
import type { ClientMessage } from '@sallyport/protocol/client-message';
import { type ServerMessage, SUBPROTOCOL, serverMessageSchema } from '@sallyport/protocol/server-message';

const OPEN_WITHIN_MS = 15_000;
const ANSWER_WITHIN_MS = 20_000;

type Hello = Extract<ServerMessage, { type: 'hello' }>;
export type JoinAnswer = Extract<ServerMessage, { type: 'offer' | 'error' | 'gate' }>;
export type GateNews = Extract<ServerMessage, { type: 'gate' }>;

/** The connection did not open, or ended before an answer. */
export class ControlFault extends Error {
  override readonly name = 'ControlFault';
}

type Waiting = { readonly resolve: (answer: JoinAnswer) => void; readonly reject: (fault: ControlFault) => void };

export class ControlConnection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  /** Renewals are answered by session, not by request. */
  readonly #renewals = new Map<string, Waiting>();
  readonly #gates = new Map<string, (news: GateNews) => void>();
  #hello: Hello | null = null;
  readonly #ended = Promise.withResolvers<string>();
  #requests = 0;
  #isOver = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /**
   * Opens it and waits for `hello`. Rejects with ControlFault. `cameFrom` is the address to speak for, where the server
   * believes us as a proxy; null speaks for this machine.
   */
  static async open(serverUrl: string, cameFrom: string | null = null): Promise<ControlConnection> {
    const url = new URL('/v1/signal', serverUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const headers = cameFrom === null ? {} : { 'x-forwarded-for': cameFrom };
    // Node's WebSocket takes headers, which no browser's does; the common type does not know them.
    const socket = new WebSocket(url, { protocols: SUBPROTOCOL, headers } as unknown as string);
    const connection = new ControlConnection(socket);
    const opened = Promise.withResolvers<void>();
    const timer = setTimeout(() => opened.reject(new ControlFault('no hello in time')), OPEN_WITHIN_MS);
    socket.addEventListener('message', ({ data }) => {
      connection.#hear(serverMessageSchema.parse(JSON.parse(String(data))));
      if (connection.#hello) opened.resolve();
    });
    socket.addEventListener('close', ({ code, reason }) => {
      const fault = new ControlFault(`the control connection closed with ${code} ${reason}`.trim());
      opened.reject(fault);
      connection.#end(fault);
    });
    socket.addEventListener('error', () => opened.reject(new ControlFault(`${url.href} cannot be reached`)));
    try {
      await opened.promise;
      return connection;
    } catch (fault) {
      socket.close();
      throw fault;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves with the reason when it is over; every session on it has ended then. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the next proof must carry. */
  get challenge(): { readonly nonce: string; readonly htu: string } {
    if (!this.#hello) throw new ControlFault('no hello yet');
    return { nonce: this.#hello.nonce, htu: this.#hello.htu };
  }

  /** Sends a join; answers `offer` or `error`. Rejects with ControlFault when the connection ends or nothing comes. */
  join(cameraId: string, token: string, proof: string): Promise<JoinAnswer> {
    this.#requests += 1;
    const id = this.#requests;
    return this.#ask(this.#waiting, id, { type: 'join', id, cameraId, token, proof } as ClientMessage);
  }

  /** Sends a renewal; answers `gate` or `error`. */
  renew(sessionId: string, token: string, proof: string): Promise<JoinAnswer> {
    this.#requests += 1;
    const renewal = { type: 'renew', id: this.#requests, sessionId, token, proof } as ClientMessage;
    return this.#ask(this.#renewals, sessionId, renewal);
  }

  /** From now on `listener` hears what becomes of the session's gate, until it has closed. */
  watch(sessionId: string, listener: (news: GateNews) => void): void {
    this.#gates.set(sessionId, listener);
  }

  send(message: ClientMessage): void {
    if (!this.#isOver) this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.close(1000);
  }

  #ask<K>(waiting: Map<K, Waiting>, key: K, message: ClientMessage): Promise<JoinAnswer> {
    if (this.#isOver) return Promise.reject(new ControlFault('the control connection is closed'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(new ControlFault('no answer in time'))), ANSWER_WITHIN_MS);
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        waiting.delete(key);
        how();
      };
      waiting.set(key, {
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (fault) => settle(() => reject(fault)),
      });
      this.send(message);
    });
  }

  #hear(message: ServerMessage): void {
    if (message.type === 'hello') this.#hello = message;
    else if (message.type === 'offer') this.#waiting.get(message.id)?.resolve(message);
    else if (message.type === 'error') this.#hearError(message);
    else if (message.type === 'gate') {
      this.#renewals.get(message.sessionId)?.resolve(message);
      this.#gates.get(message.sessionId)?.(message);
      if (message.state === 'closed') this.#gates.delete(message.sessionId);
    }
  }

  #hearError(message: Extract<ServerMessage, { type: 'error' }>): void {
    if (message.nonce !== null && this.#hello) this.#hello = { ...this.#hello, nonce: message.nonce };
    if (message.id !== null) this.#waiting.get(message.id)?.resolve(message);
    if (message.sessionId !== null) this.#renewals.get(message.sessionId)?.resolve(message);
  }

  #end(fault: ControlFault): void {
    this.#isOver = true;
    this.#ended.resolve(fault.message);
    for (const one of [...this.#waiting.values(), ...this.#renewals.values()]) one.reject(fault);
  }
}
