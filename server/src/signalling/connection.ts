/*
 * One control connection as a thing with a lifetime: frames in, messages out, and the bounds on both. Counts what it
 * hears, stops sending to whoever does not read, and has one way to close. Made by the signal server.
 */
import { type CloseName, closeCodes } from '@sallyport/protocol/close-codes';
import { limits } from '@sallyport/protocol/limits';
import { PROTOCOL_VERSION, type ServerMessage } from '@sallyport/protocol/server-message';
import type { RawData, WebSocket } from 'ws';
import { Conversation, type ConversationDeps } from './conversation.ts';
import { readMessage } from './read-message.ts';
import { TokenBucket } from './token-bucket.ts';
import { buildError } from './wire-error.ts';

export type IceServer = Extract<ServerMessage, { type: 'hello' }>['iceServers'][number];
export type ConnectionDeps = ConversationDeps & { readonly iceServers: () => readonly IceServer[] };

export class Connection {
  /** What connections are counted by. */
  readonly addressGroup: string;
  readonly #socket: WebSocket;
  readonly #deps: ConnectionDeps;
  readonly #conversation: Conversation;
  readonly #bucket: TokenBucket;
  readonly #gone = Promise.withResolvers<void>();
  #nonceTold: string | null = null;
  #malformed = 0;
  #heardSincePing = true;
  #isEnding = false;

  constructor(socket: WebSocket, from: { remoteAddress: string; addressGroup: string }, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.addressGroup = from.addressGroup;
    this.#conversation = new Conversation(deps, from.remoteAddress, (message) => this.#send(message));
    const rate = { perSecond: limits.signalMessagesPerSecond, burst: limits.signalMessagesBurst };
    this.#bucket = new TokenBucket(rate, deps.clock.monotonicMs());
    socket.on('message', (frame, isBinary) => this.#hear(frame, isBinary));
    socket.on('ping', () => this.#admitFrame());
    socket.on('pong', () => this.#admitFrame());
    // A frame that is no WebSocket or too large: ws answers it with its own close code.
    socket.on('error', () => this.#part());
    socket.on('close', () => {
      this.#part();
      void this.#conversation.end().then(() => this.#gone.resolve());
    });
  }

  /** Resolves when the socket is closed and every session of the connection has been left. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Says hello with this nonce, unless it was the last one said. */
  greet(nonce: string): void {
    if (nonce === this.#nonceTold || this.#isEnding) return;
    this.#nonceTold = nonce;
    this.#send({
      type: 'hello',
      protocolVersion: PROTOCOL_VERSION,
      nonce,
      htu: this.#deps.htu,
      limits: {
        feedsMax: limits.feedsPerConnectionMax,
        messageBytesMax: limits.signalMessageBytesMax,
        answerWithinMs: limits.answerWithinMs,
      },
      iceServers: [...this.#deps.iceServers()],
    });
  }

  /** Asks for a sign of life; ends a connection that has given none since it was asked last. */
  ping(): void {
    if (!this.#heardSincePing) this.end('silent');
    if (this.#isEnding || !this.#isKeepingUp()) return;
    this.#heardSincePing = false;
    this.#socket.ping();
  }

  /**
   * Ends the connection: its sessions at once, the socket with this close code, torn down when the other side does not
   * finish the closing handshake in time. Idempotent; the first reason counts.
   */
  end(name: CloseName): void {
    if (this.#isEnding) return;
    this.#deps.log.debug({ close: name }, 'a control connection is closed');
    this.#part();
    this.#socket.close(closeCodes[name].code, name);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #part(): void {
    this.#isEnding = true;
    void this.#conversation.end();
  }

  #hear(frame: RawData, isBinary: boolean): void {
    if (!this.#admitFrame()) return;
    if (isBinary) this.end('malformed');
    else this.#read(frame.toString());
  }

  #read(text: string): void {
    const read = readMessage(text);
    if (read.ok) {
      void this.#conversation.hear(read.message);
      return;
    }
    this.#send(buildError(read.code, { id: read.id, detail: read.detail }));
    if (read.code === 'malformed-message') this.#malformed += 1;
    if (this.#malformed >= this.#deps.bounds.malformedMax) this.end('malformed');
  }

  /** Counts a frame of any kind; false when it must not be looked at. */
  #admitFrame(): boolean {
    if (this.#isEnding) return false;
    this.#heardSincePing = true;
    if (!this.#bucket.take(this.#deps.clock.monotonicMs())) {
      this.end('flooding');
      return false;
    }
    return this.#isKeepingUp();
  }

  #isKeepingUp(): boolean {
    if (this.#socket.bufferedAmount <= this.#deps.bounds.unsentBytesMax) return true;
    this.end('tooSlow');
    return false;
  }

  #send(message: ServerMessage): void {
    if (this.#isEnding || !this.#isKeepingUp()) return;
    // A failed write is followed by `close`, which ends the sessions.
    this.#socket.send(JSON.stringify(message), () => {});
  }
}
