/*
 * Very cheap cameras: an RTSP server that plays one encoded loop over interleaved TCP to any number of clients, each path
 * a camera. All clients of a phase are written the same bytes, so that fifty cameras cost little more than their packets.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Loop } from './encode-loop.ts';

const PHASES = 10;
const PAYLOAD_TYPE = 96;
const RTP_HEADER_BYTES = 12;
const FRAME_HEADER_BYTES = 4;
const TICKS_PER_S = 90_000;
const HEAD_BYTES_MAX = 16_384;
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER';

/** Clients that are sent each picture at the same moment. */
class Phase {
  readonly clients = new Set<Socket>();
  readonly #loop: Loop;
  readonly #tickStep: number;
  readonly #ssrc: number;
  #at = 0;
  #sequence = 1;
  #timestamp = 1;

  constructor(loop: Loop, fps: number, ssrc: number) {
    this.#loop = loop;
    this.#tickStep = TICKS_PER_S / fps;
    this.#ssrc = ssrc;
  }

  /** Writes the next picture to every client. */
  play(): void {
    const payloads = this.#loop.pictures[this.#at % this.#loop.pictures.length] ?? [];
    this.#at += 1;
    this.#timestamp = (this.#timestamp + this.#tickStep) >>> 0;
    if (this.clients.size === 0) return;
    const packets = Buffer.concat(payloads.map((payload, i) => this.#frame(payload, i === payloads.length - 1)));
    for (const client of this.clients) client.write(packets);
  }

  #frame(payload: Uint8Array, isLast: boolean): Buffer {
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + RTP_HEADER_BYTES + payload.length);
    frame[0] = 0x24;
    frame[1] = 0;
    frame.writeUInt16BE(RTP_HEADER_BYTES + payload.length, 2);
    frame[4] = 0x80;
    frame[5] = PAYLOAD_TYPE | (isLast ? 0x80 : 0);
    frame.writeUInt16BE(this.#sequence, 6);
    frame.writeUInt32BE(this.#timestamp, 8);
    frame.writeUInt32BE(this.#ssrc, 12);
    frame.set(payload, FRAME_HEADER_BYTES + RTP_HEADER_BYTES);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    return frame;
  }
}

export class LoopServer {
  readonly #server: Server;
  readonly #phases: readonly Phase[];
  readonly #sockets = new Set<Socket>();
  readonly #sdp: string;
  readonly #timers: NodeJS.Timeout[] = [];
  #plays = 0;

  constructor(loop: Loop, fps: number) {
    this.#phases = Array.from({ length: PHASES }, (_, at) => new Phase(loop, fps, 1_000 + at));
    const profile = Buffer.from(loop.sps.subarray(1, 4)).toString('hex');
    const sets = [loop.sps, loop.pps].map((set) => Buffer.from(set).toString('base64')).join(',');
    this.#sdp = [
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=Loop\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*',
      `m=video 0 RTP/AVP ${PAYLOAD_TYPE}\r\na=rtpmap:${PAYLOAD_TYPE} H264/90000`,
      `a=fmtp:${PAYLOAD_TYPE} packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${sets}`,
      'a=control:trackID=1\r\n',
    ].join('\r\n');
    this.#server = createServer((socket) => this.#serve(socket));
    for (const [at, phase] of this.#phases.entries()) {
      const start = () => this.#timers.push(setInterval(() => phase.play(), 1_000 / fps));
      this.#timers.push(setTimeout(start, (at * 1_000) / fps / PHASES));
    }
  }

  /** Listens on any free port; answers it. */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let rest: Buffer = Buffer.alloc(0);
    const leave = () => {
      this.#sockets.delete(socket);
      for (const phase of this.#phases) phase.clients.delete(socket);
    };
    socket.setNoDelay(true);
    socket.on('close', leave).on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      rest = this.#read(socket, Buffer.concat([rest, chunk]));
      if (rest.length > HEAD_BYTES_MAX) socket.destroy();
    });
  }

  /** Answers what is whole and gives back the rest. Clients send reports in between, which nobody reads. */
  #read(socket: Socket, bytes: Buffer): Buffer {
    let at = 0;
    while (at < bytes.length) {
      if (bytes[at] === 0x24) {
        if (bytes.length < at + FRAME_HEADER_BYTES) break;
        const next = at + FRAME_HEADER_BYTES + bytes.readUInt16BE(at + 2);
        if (next > bytes.length) break;
        at = next;
        continue;
      }
      const end = bytes.indexOf('\r\n\r\n', at);
      if (end < 0) break;
      this.#answer(socket, bytes.toString('latin1', at, end));
      at = end + 4;
    }
    return bytes.subarray(at);
  }

  #answer(socket: Socket, head: string): void {
    const [, method = '', uri = ''] = /^(\w+) (\S+)/.exec(head) ?? [];
    const cseq = /^cseq: *(\d+)/im.exec(head)?.[1] ?? '0';
    const say = (headers: readonly string[] = [], body = '') =>
      socket.write(['RTSP/1.0 200 OK', `CSeq: ${cseq}`, 'Session: 1;timeout=60', ...headers, '', body].join('\r\n'));
    if (method === 'DESCRIBE') {
      const length = `Content-Length: ${this.#sdp.length}`;
      say([`Content-Base: ${uri}/`, 'Content-Type: application/sdp', length], this.#sdp);
    } else if (method === 'SETUP') say(['Transport: RTP/AVP/TCP;unicast;interleaved=0-1']);
    else if (method === 'PLAY') {
      say();
      this.#phases[this.#plays % PHASES]?.clients.add(socket);
      this.#plays += 1;
    } else if (method === 'TEARDOWN') {
      say();
      socket.end();
    } else say([`Public: ${METHODS}`]);
  }
}
