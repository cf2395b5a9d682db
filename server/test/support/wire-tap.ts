/*
 * A hop on the wire between one viewer and the server's media port: every datagram passes through it unchanged and is
 * counted, so that a test knows what has really left the server, whatever either side says about itself.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

const LOOPBACK = '127.0.0.1';
const DTLS_ALERT = 21;

export type WireCounts = {
  readonly rtp: number;
  readonly rtcp: number;
  /** Whether the server has said goodbye (an alert of DTLS 1.2, as close_notify is). */
  readonly farewell: 'said' | 'unsaid';
  /**
   * RTP that came behind the goodbye. One socket sends both, and loopback keeps their order: anything here was sent
   * after the transport had been closed.
   */
  readonly rtpAfterFarewell: number;
};

export class WireTap {
  readonly #front: Socket;
  readonly #back: Socket;
  readonly #waiters = new Set<() => void>();
  #viewer: RemoteInfo | null = null;
  #counts: WireCounts = { rtp: 0, rtcp: 0, farewell: 'unsaid', rtpAfterFarewell: 0 };

  private constructor(front: Socket, back: Socket) {
    this.#front = front;
    this.#back = back;
    front.on('message', (datagram, viewer) => {
      this.#viewer = viewer;
      back.send(datagram);
    });
    back.on('message', (datagram) => {
      this.#count(datagram);
      if (this.#viewer) front.send(datagram, this.#viewer.port, this.#viewer.address);
    });
    // What is still sent to a server that has gone.
    back.on('error', () => undefined);
  }

  /** Opens a hop to the media port of a server on this machine. */
  static async open(mediaPort: number): Promise<WireTap> {
    const [front, back] = [createSocket('udp4'), createSocket('udp4')];
    front.bind(0, LOOPBACK);
    await once(front, 'listening');
    back.connect(mediaPort, LOOPBACK);
    await once(back, 'connect');
    return new WireTap(front, back);
  }

  /** The server's description with this hop as the only way to it. */
  reroute(sdp: string): string {
    const { port } = this.#front.address();
    return sdp
      .replace(/^a=candidate:\S+ 1 tcp .*\r\n/gim, '')
      .replace(/^(a=candidate:\S+ 1 udp \d+ )\S+ \d+ /gim, `$1${LOOPBACK} ${port} `);
  }

  counts(): WireCounts {
    return this.#counts;
  }

  /** Resolves when the server has said goodbye. */
  async untilFarewell(): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.#counts.farewell === 'unsaid') return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      look();
    });
  }

  close(): void {
    this.#front.close();
    this.#back.close();
  }

  /** By the first byte (RFC 7983) and, of RTP and RTCP, by the second (RFC 5761). */
  #count(datagram: Uint8Array): void {
    const [first = 0, second = 0] = datagram;
    const { rtp, rtcp, farewell, rtpAfterFarewell } = this.#counts;
    if (first === DTLS_ALERT) this.#counts = { ...this.#counts, farewell: 'said' };
    else if (first >= 128 && first <= 191) {
      if (second >= 192 && second <= 223) this.#counts = { ...this.#counts, rtcp: rtcp + 1 };
      else {
        const after = farewell === 'said' ? 1 : 0;
        this.#counts = { ...this.#counts, rtp: rtp + 1, rtpAfterFarewell: rtpAfterFarewell + after };
      }
    }
    for (const look of [...this.#waiters]) look();
  }
}
