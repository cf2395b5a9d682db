/*
 * A camera's wire into the worker: one connected UDP socket on loopback. Half the cost of mediasoup's own channel, and
 * a send is one system call. Both ends are connected to each other, so no other program of this machine can slip
 * packets into a camera's feed. Made by feed.ts; ingest writes into it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { FeedSink } from '../app/ports/feed-sink.ts';
import { mediaLimits } from './limits.ts';

const LOOPBACK = '127.0.0.1';

export type SinkCounts = {
  readonly sent: number;
  /** Not sent: too large, too many waiting, or after the close. */
  readonly dropped: number;
  /** Refused by the system, or a listener that threw. */
  readonly errors: number;
};

/** What every packet through a sink carries. */
export type SinkMarks = Pick<UdpSink, 'ssrc' | 'payloadType' | 'captureTimeId'>;

export class UdpSink implements FeedSink {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly captureTimeId: number | null;
  readonly #socket: Socket;
  #onRtcp: ((packet: Uint8Array) => void) | null = null;
  #state: 'open' | 'closed' = 'open';
  #sent = 0;
  #dropped = 0;
  #errors = 0;

  private constructor(socket: Socket, marks: SinkMarks) {
    this.#socket = socket;
    this.ssrc = marks.ssrc;
    this.payloadType = marks.payloadType;
    this.captureTimeId = marks.captureTimeId;
    socket.on('error', () => {
      this.#errors += 1;
    });
    socket.on('message', (packet) => this.#receive(packet));
  }

  /** Opens the socket towards the worker's `port`; rejects when the system has no socket left. */
  static async open(marks: SinkMarks, port: number): Promise<UdpSink> {
    const socket = createSocket('udp4');
    const sink = new UdpSink(socket, marks);
    try {
      const bound = once(socket, 'listening');
      socket.bind(0, LOOPBACK);
      await bound;
      const connected = once(socket, 'connect');
      socket.connect(port, LOOPBACK);
      await connected;
      return sink;
    } catch (error) {
      sink.close();
      throw error;
    }
  }

  get localPort(): number {
    return this.#socket.address().port;
  }

  /** The worker's end of the wire. */
  get remotePort(): number {
    return this.#socket.remoteAddress().port;
  }

  send(packet: Uint8Array): void {
    const full = packet.length > mediaLimits.sinkPacketBytesMax || this.#queueIsFull();
    if (this.#state === 'closed' || full) {
      this.#dropped += 1;
      return;
    }
    this.#sent += 1;
    this.#socket.send(packet, this.#countError);
  }

  onRtcp(listener: (packet: Uint8Array) => void): void {
    this.#onRtcp = listener;
  }

  counts(): SinkCounts {
    return { sent: this.#sent, dropped: this.#dropped, errors: this.#errors };
  }

  /** Idempotent; what is sent afterwards is dropped. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#onRtcp = null;
    this.#socket.close();
  }

  #queueIsFull(): boolean {
    return this.#state === 'open' && this.#socket.getSendQueueCount() >= mediaLimits.sinkQueuePackets;
  }

  readonly #countError = (error: Error | null): void => {
    if (error) this.#errors += 1;
  };

  #receive(packet: Uint8Array): void {
    try {
      this.#onRtcp?.(packet);
    } catch {
      // A packet that the source cannot read is one lost; the socket's event must not take the server down.
      this.#errors += 1;
    }
  }
}
