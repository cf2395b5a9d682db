// A camera's half of RTP over UDP for the scripted camera: two sockets, the Transport answers that name them, and what
// came to them.
import type { Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import type { Test } from 'tap';
import { bindSocketPair } from '../../../src/ingest/udp-sockets.ts';
import type { Script, Turn } from './scripted-camera.ts';
import { systemRandomness } from './surroundings.ts';

export class UdpHalf {
  readonly heard = { rtp: [] as Buffer[], rtcp: [] as Buffer[] };
  readonly #events = new EventEmitter();
  readonly #sockets: Record<'rtp' | 'rtcp', Socket>;
  #client: readonly [rtp: number, rtcp: number] = [0, 0];

  private constructor(sockets: Record<'rtp' | 'rtcp', Socket>) {
    this.#sockets = sockets;
    for (const kind of ['rtp', 'rtcp'] as const) {
      sockets[kind].on('message', (packet) => {
        this.heard[kind].push(packet);
        this.#events.emit('heard');
      });
    }
  }

  /** Its sockets are at `address`, which must be one of this machine. */
  static async open(t: Test, address = '127.0.0.1'): Promise<UdpHalf> {
    const pair = await bindSocketPair(address, { from: 24_000, to: 31_999 }, systemRandomness);
    if (pair === null) throw new Error('no pair of ports is free');
    for (const socket of [pair.rtp, pair.rtcp]) t.teardown(() => socket.close());
    return new UdpHalf(pair);
  }

  /** `server_port=a-b` */
  get serverPorts(): string {
    return `server_port=${this.#sockets.rtp.address().port}-${this.#sockets.rtcp.address().port}`;
  }

  /** Sets up over UDP only, and tells its ports; `more` is added to the Transport answer. */
  script(more = '', answer = (asked: string): string => `${asked};${this.serverPorts}${more}`): Script {
    return {
      SETUP: (turn: Turn) => {
        const asked = turn.asked.headers.get('transport') ?? '';
        const ports = /client_port=(\d+)-(\d+)/.exec(asked);
        if (!ports) return turn.answer('461 Unsupported Transport');
        this.#client = [Number(ports[1]), Number(ports[2])];
        return turn.answer('200 OK', { Session: '4711;timeout=60', Transport: answer(asked) });
      },
    };
  }

  get clientPorts(): readonly [rtp: number, rtcp: number] {
    return this.#client;
  }

  send(...packets: readonly Uint8Array[]): void {
    for (const packet of packets) this.#sockets.rtp.send(packet, this.#client[0], '127.0.0.1');
  }

  sendRtcp(packet: Uint8Array): void {
    this.#sockets.rtcp.send(packet, this.#client[1], '127.0.0.1');
  }

  /** Resolves when so many datagrams have come to a port. */
  async untilHeard(kind: 'rtp' | 'rtcp', count: number): Promise<void> {
    while (this.heard[kind].length < count) await once(this.#events, 'heard');
  }
}
