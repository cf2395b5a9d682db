/*
 * The one control connection of a whole wall: opens it, keeps it, comes back with jittered back-off, and obeys close
 * codes that say not to. Knows messages, not feeds; a Viewer owns it and hears from it.
 */
import type { ClientMessage } from '@sallyport/protocol/client-message';
import { closeCodes, isRetryable } from '@sallyport/protocol/close-codes';
import { SUBPROTOCOL } from '@sallyport/protocol/wire-version';
import { backOffMs } from './back-off.ts';
import type { Cancel, ClientClock } from './client-clock.ts';
import { clientLimits } from './client-limits.ts';
import { OutgoingQueue } from './outgoing-queue.ts';
import {
  type Gate,
  type Hello,
  type Ice,
  type Offer,
  parseServerMessage,
  type Refusal,
} from './parse-server-message.ts';
import { type Answer, PendingRequests } from './pending-requests.ts';
import { SignalRefusal } from './refusal.ts';

type WithoutId<M> = M extends { readonly id: number } ? Omit<M, 'id'> : never;
export type SignalRequest = WithoutId<ClientMessage>;
export type SignalNotice = Exclude<ClientMessage, { readonly id: number }>;

export interface SignalListener {
  /** A connection stands. Sessions of an earlier connection are over. */
  onOpen(hello: Hello): void;
  /** A gate changed, whether or not a request asked for it. */
  onGate(gate: Gate): void;
  /** The connection is gone; `final` when it will not come back by itself. */
  onLost(next: 'retrying' | 'final'): void;
}

export type SignalChannelOptions = {
  readonly url: string;
  readonly listener: SignalListener;
  readonly clock: ClientClock;
};

type Ready = { readonly resolve: (hello: Hello) => void; readonly reject: (cause: Error) => void };
type Link = {
  readonly socket: WebSocket;
  readonly queue: OutgoingQueue;
  hello: Hello | null;
  /** Running out of any of these shows that nobody is there; one more message of the server, that somebody is. */
  readonly deadlines: Set<Cancel>;
};

function clearDeadlines({ deadlines }: Link): void {
  for (const cancel of deadlines) cancel();
  deadlines.clear();
}

export class SignalChannel {
  readonly #options: SignalChannelOptions;
  readonly #requests: PendingRequests;
  #link: Link | null = null;
  #cancelTimer: Cancel | null = null;
  #attempt = 0;
  #closed = false;
  #readies: Ready[] = [];

  constructor(options: SignalChannelOptions) {
    this.#options = options;
    this.#requests = new PendingRequests(options.clock);
  }

  /** A connection stands, as far as can be known. */
  get isOpen(): boolean {
    return this.#link?.hello != null;
  }

  /** Opens the connection if there is none and answers its hello; rejects once the channel is closed for good. */
  ready(): Promise<Hello> {
    if (this.#closed) return Promise.reject(new SignalRefusal('not-understood', 'the connection is closed'));
    const hello = this.#link?.hello;
    if (hello) return Promise.resolve(hello);
    if (this.#readies.length >= clientLimits.readiesMax)
      return Promise.reject(new SignalRefusal('busy', 'too many wait'));
    if (this.#link === null && this.#cancelTimer === null) this.#open();
    return new Promise((resolve, reject) => this.#readies.push({ resolve, reject }));
  }

  /** Sends a join or a renew. Rejects with SignalRefusal when refused, lost, late or the queue is full. */
  async request(message: SignalRequest): Promise<Answer> {
    const { id, answer } = this.#requests.open(message.type === 'renew' ? message.sessionId : null);
    if (!this.#push({ ...message, id })) {
      this.#requests.rejectOne(id, new SignalRefusal('connection-lost', 'not connected'));
    }
    return answer;
  }

  /** Asks for new ICE credentials. Rejects as request(). */
  async restart(sessionId: Ice['sessionId']): Promise<Ice> {
    const answer = await this.request({ type: 'restart', sessionId });
    if (answer.type !== 'ice') throw new TypeError('a restart is answered by credentials');
    return answer;
  }

  /** The network changed and no request will find out whether this connection lives: opens another without a pause. */
  reopen(): void {
    if (this.#link !== null) this.#drop(this.#link, closeCodes.silent.code);
    if (this.#closed || this.#cancelTimer === null) return;
    this.#cancelTimer();
    this.#open();
  }

  /** Sends what needs no answer; false when there is no connection to send it on. */
  notify(message: SignalNotice): boolean {
    return this.#push(message);
  }

  /** Closes for good. Idempotent. */
  close(): void {
    if (!this.#closed) this.#end(new SignalRefusal('left', 'the viewer was closed'));
  }

  #push(message: ClientMessage): boolean {
    const link = this.#link;
    if (link === null || link.hello === null) return false;
    // A network that changed tells neither side: what is always answered, and is not, shows that nobody is there.
    if (message.type === 'restart' || message.type === 'leave') this.#expectWord(link, clientLimits.wordWithinMs);
    if (message.type === 'join' || message.type === 'renew') this.#expectWord(link, clientLimits.joinWordWithinMs);
    return link.queue.push(JSON.stringify(message));
  }

  /** Drops a connection on which nothing at all is heard for so long. */
  #expectWord(link: Link, withinMs: number): void {
    link.deadlines.add(this.#options.clock.after(withinMs, () => this.#drop(link, closeCodes.silent.code)));
  }

  #open(): void {
    const { clock, url } = this.#options;
    const socket = new WebSocket(url, SUBPROTOCOL);
    const queue = new OutgoingQueue(clock, (text) => {
      if (socket.bufferedAmount > clientLimits.socketBufferBytesMax) this.#drop(link, closeCodes.tooSlow.code);
      else socket.send(text);
    });
    const link: Link = { socket, queue, hello: null, deadlines: new Set() };
    this.#link = link;
    this.#cancelTimer = clock.after(clientLimits.helloWithinMs, () => this.#drop(link, closeCodes.silent.code));
    socket.addEventListener('message', (event: MessageEvent<unknown>) => this.#read(link, event.data));
    socket.addEventListener('close', (event) => this.#lost(link, event.code));
  }

  /** Lets go of a socket at once; its own close event comes late or never when the network is gone. */
  #drop(link: Link, code: number): void {
    link.socket.close(code);
    this.#lost(link, code);
  }

  #lost(link: Link, code: number): void {
    if (this.#link !== link) return;
    this.#link = null;
    clearDeadlines(link);
    link.queue.stop();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    // Our own word for a message we could not read is not the server's word that we must stay away.
    const mayReturn = (isRetryable(code) || link.socket.readyState < WebSocket.CLOSED) && !this.#closed;
    if (!mayReturn || this.#attempt >= clientLimits.channelAttemptsMax) {
      this.#end(new SignalRefusal('not-understood', `the server closed the connection with ${code}`));
      this.#options.listener.onLost('final');
      return;
    }
    this.#requests.rejectAll(new SignalRefusal('connection-lost', 'the connection was lost'));
    this.#cancelTimer = this.#options.clock.after(backOffMs(this.#attempt, this.#options.clock.random()), () => {
      this.#cancelTimer = null;
      this.#open();
    });
    this.#attempt += 1;
    this.#options.listener.onLost('retrying');
  }

  #end(cause: SignalRefusal): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const link = this.#link;
    this.#link = null;
    if (link !== null) clearDeadlines(link);
    link?.queue.stop();
    link?.socket.close(1000);
    this.#requests.rejectAll(cause);
    for (const ready of this.#readies.splice(0)) ready.reject(cause);
  }

  #read(link: Link, data: unknown): void {
    if (this.#link !== link) return;
    clearDeadlines(link);
    const message = typeof data === 'string' ? parseServerMessage(data) : 'malformed';
    if (message === 'unknown') return;
    if (message === 'malformed') this.#drop(link, closeCodes.malformed.code);
    else if (message.type === 'hello') this.#greet(link, message);
    else if (message.type === 'offer') this.#takeOffer(link, message);
    else if (message.type === 'ice') this.#requests.resolveOne(message);
    else if (message.type === 'error') this.#takeRefusal(link, message);
    else {
      if (message.state === 'open') this.#requests.resolveGate(message);
      this.#options.listener.onGate(message);
    }
  }

  #greet(link: Link, hello: Hello): void {
    const isFirst = link.hello === null;
    link.hello = hello;
    if (!isFirst) return;
    this.#attempt = 0;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#options.listener.onOpen(hello);
    for (const ready of this.#readies.splice(0)) ready.resolve(hello);
  }

  /** An offer nobody waits for any more would be an open gate without a picture: give it back. */
  #takeOffer(link: Link, offer: Offer): void {
    if (!this.#requests.resolveOne(offer)) {
      link.queue.push(JSON.stringify({ type: 'leave', sessionId: offer.sessionId } satisfies ClientMessage));
    }
  }

  #takeRefusal(link: Link, refusal: Refusal): void {
    if (refusal.nonce !== null && link.hello) link.hello = { ...link.hello, nonce: refusal.nonce };
    if (refusal.id !== null) this.#requests.rejectOne(refusal.id, new SignalRefusal(refusal.code, refusal.detail));
  }
}
