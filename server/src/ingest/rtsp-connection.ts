/*
 * One RTSP connection: requests one at a time with their answers, authentication, requests of the camera answered,
 * interleaved frames passed on. Everything waited for has a limit; a connection that makes no sense is cut.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../app/ports/clock.ts';
import type { Authenticator, AuthTry } from './digest-auth.ts';
import { IngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import { cseqOf, formatAnswer, formatRequest, type RtspRequest, type RtspResponse } from './rtsp-message.ts';
import { RtspParser } from './rtsp-parser.ts';
import type { UdpPeer } from './udp-track.ts';

export type Headers = readonly (readonly [name: string, value: string])[];
export type FrameListener = (channel: number, payload: Uint8Array) => void;

type Pending = {
  readonly cseq: number;
  readonly resolve: (response: RtspResponse) => void;
  readonly reject: (fault: IngestFault) => void;
  readonly timer: Timer;
};

const USER_AGENT = 'Sallyport';
/** Requests of a camera that are answered kindly; the rest is not implemented. */
const UNDERSTOOD = new Set(['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER', 'ANNOUNCE', 'REDIRECT', 'TEARDOWN']);
/** After these the camera will send nothing more. */
const LAST_WORDS = new Set(['REDIRECT', 'TEARDOWN']);

export class RtspConnection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #authenticator: Authenticator;
  readonly #parser = new RtspParser();
  readonly #ended = Promise.withResolvers<IngestFault>();
  #cseq = 0;
  /** The highest CSeq nobody waits for any more; its answer may still come and is not the next one's. */
  #abandonedCseq = 0;
  #pending: Pending | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #onFrame: FrameListener = () => {};
  #closed: IngestFault | null = null;
  #bytesIn = 0;

  constructor(socket: Socket, authenticator: Authenticator, clock: Clock) {
    this.#socket = socket;
    this.#authenticator = authenticator;
    this.#clock = clock;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => this.close(new IngestFault('connection-lost', 'The connection to the camera broke.')));
    socket.on('close', () => this.close(new IngestFault('connection-lost', 'The camera closed the connection.')));
  }

  /** Resolves with the reason when the connection is over; never rejects. */
  get ended(): Promise<IngestFault> {
    return this.#ended.promise;
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** Where the connection leads, and where it begins; UDP goes between the same two. */
  get peer(): UdpPeer {
    return { address: this.#socket.remoteAddress ?? '', localAddress: this.#socket.localAddress ?? '' };
  }

  /** Interleaved frames go to this one listener, which MUST NOT throw; before it is set they are dropped. */
  onFrame(listener: FrameListener): void {
    this.#onFrame = listener;
  }

  /**
   * Sends a request when its turn comes and answers with the final response, any status but 401. Throws `timed-out`,
   * `credentials-needed`, `credentials-wrong`, or the reason the connection ended.
   */
  request(method: string, uri: string, headers: Headers = []): Promise<RtspResponse> {
    const mine = this.#turn.then(() => this.#converse(method, uri, headers));
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** Sends a last request past the queue and waits for its answer, briefly. Never rejects. */
  async farewell(method: string, uri: string, headers: Headers, limitMs: number): Promise<void> {
    this.#abandon(new IngestFault('stopped', 'The conversation with the camera was ended.'));
    await this.#exchange(method, uri, headers, this.#authenticator.begin(), limitMs).catch(() => {});
  }

  /** Cuts the connection. Idempotent; the first reason stands. */
  close(reason: IngestFault): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#onFrame = () => {};
    this.#abandon(reason);
    this.#socket.destroy();
    this.#ended.resolve(reason);
  }

  /** The Authenticator bounds the tries: one for the challenge, a few for stale nonces. */
  async #converse(method: string, uri: string, headers: Headers): Promise<RtspResponse> {
    const tried = this.#authenticator.begin();
    for (;;) {
      const response = await this.#exchange(method, uri, headers, tried, limits.answerWithinMs);
      if (response.status !== 401) {
        this.#authenticator.accepted(tried);
        return response;
      }
      const verdict = this.#authenticator.challenged(response.headers.get('www-authenticate') ?? [], tried);
      if (verdict === 'credentials-needed') {
        throw new IngestFault(verdict, 'The camera asks for a user name and a password; put them into its URL.');
      }
      if (verdict === 'credentials-wrong') {
        throw new IngestFault(verdict, 'The camera does not accept the user name and password.');
      }
    }
  }

  #exchange(method: string, uri: string, headers: Headers, tried: AuthTry, limitMs: number): Promise<RtspResponse> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(this.#closed);
        return;
      }
      this.#cseq += 1;
      const late = new IngestFault('timed-out', `The camera did not answer ${method} in time.`);
      const timer = this.#clock.after(limitMs, () => this.#abandon(late));
      this.#pending = { cseq: this.#cseq, resolve, reject, timer };
      const authorization = this.#authenticator.authorize(method, uri, tried);
      this.#write(
        formatRequest(method, uri, [
          ['CSeq', String(this.#cseq)],
          ['User-Agent', USER_AGENT],
          ...(authorization === null ? [] : [['Authorization', authorization] as const]),
          ...headers,
        ]),
      );
    });
  }

  #abandon(fault: IngestFault): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = null;
    this.#abandonedCseq = pending.cseq;
    pending.timer.cancel();
    pending.reject(fault);
  }

  #read(chunk: Buffer): void {
    this.#bytesIn += chunk.length;
    for (const item of this.#parser.push(chunk)) {
      if (this.#closed) return;
      if (item.kind === 'frame') this.#onFrame(item.channel, item.payload);
      else if (item.kind === 'response') this.#settle(item);
      else this.#answer(item);
    }
    if (this.#parser.broken !== null) {
      this.close(new IngestFault('not-rtsp', `The camera sent ${this.#parser.broken}.`));
    }
  }

  /** Cameras forget CSeq or make one up: what is not the late answer to an abandoned request is meant for this one. */
  #settle(response: RtspResponse): void {
    const pending = this.#pending;
    if (!pending || response.status < 200) return;
    const cseq = cseqOf(response);
    if (cseq !== null && cseq !== pending.cseq && cseq > 0 && cseq <= this.#abandonedCseq) return;
    this.#pending = null;
    pending.timer.cancel();
    pending.resolve(response);
  }

  #answer(request: RtspRequest): void {
    this.#write(formatAnswer(request, UNDERSTOOD.has(request.method) ? '200 OK' : '501 Not Implemented'));
    if (LAST_WORDS.has(request.method)) {
      this.close(new IngestFault('connection-lost', `The camera ended the session (${request.method}).`));
    }
  }

  #write(text: string): void {
    if (this.#closed || !this.#socket.writable) return;
    this.#socket.write(text);
    if (this.#socket.writableLength > limits.unsentBytesMax) {
      this.close(new IngestFault('connection-lost', 'The camera does not read what it is sent.'));
    }
  }
}
