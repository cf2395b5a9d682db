// A camera on a real socket that does as its script says: an honest RTSP server where the script says nothing, so that
// each test writes down only the one thing that is odd. Everything it was asked is kept.
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { SPROP } from './h264-samples.ts';

export type Asked = {
  readonly method: string;
  readonly uri: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly connection: number;
};

/** What a script may do with one request: answer, say other things, or let go. */
export type Turn = {
  readonly asked: Asked;
  readonly socket: Socket;
  readonly port: number;
  /** Answers as an honest camera would. */
  honestly(): void;
  answer(status: string, headers?: Readonly<Record<string, string>>, body?: string): void;
};
/** What to do instead of answering honestly, by method. */
export type Script = { readonly [method: string]: (turn: Turn) => void };
export type Nature = {
  /** Speaks TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Reads no requests at all; this is all it does. */
  readonly connected?: (socket: Socket) => void;
};

export const SDP_LINES = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=Scripted',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'a=control:*',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  `a=fmtp:96 packetization-mode=1;profile-level-id=42c01f;sprop-parameter-sets=${SPROP}`,
  'a=control:trackID=1',
];
export const SDP = `${SDP_LINES.join('\r\n')}\r\n`;
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER';

export class ScriptedCamera {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #events = new EventEmitter();
  readonly #script: Script;
  readonly #nature: Nature;
  #connections = 0;

  private constructor(script: Script, nature: Nature) {
    this.#script = script;
    this.#nature = nature;
    const serve = (socket: Socket): void => this.#serve(socket);
    this.#server = nature.tls ? createTlsServer(nature.tls, serve) : createServer(serve);
  }

  static async start(script: Script = {}, nature: Nature = {}): Promise<ScriptedCamera> {
    const camera = new ScriptedCamera(script, nature);
    camera.#server.listen(0, '127.0.0.1');
    await once(camera.#server, 'listening');
    return camera;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  url(path = '/live', userInfo = ''): string {
    return `rtsp://${userInfo}127.0.0.1:${this.port}${path}`;
  }

  get methods(): readonly string[] {
    return this.asked.map((asked) => asked.method);
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  get connections(): number {
    return this.#connections;
  }

  /** Resolves with the request when a method has been asked so many times. */
  async until(method: string, times = 1): Promise<Asked> {
    for (;;) {
      const found = this.asked.filter((asked) => asked.method === method)[times - 1];
      if (found) return found;
      await once(this.#events, 'asked');
    }
  }

  /** Resolves when no connection is open any more. */
  async untilLeft(): Promise<void> {
    while (this.#sockets.size > 0) await once(this.#events, 'left');
  }

  /** Writes to every open connection. */
  write(bytes: Uint8Array | string): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** Cuts every open connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#connections += 1;
    const connection = this.#connections;
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#events.emit('left');
    });
    if (this.#nature.connected) {
      this.#nature.connected(socket);
      return;
    }
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        if (!head.startsWith('RTSP/')) this.#turn(socket, connection, head);
        else this.#hear({ method: 'ANSWER', uri: head.split('\r\n')[0] ?? '', headers: headersOf(head), connection });
      }
    });
  }

  #turn(socket: Socket, connection: number, head: string): void {
    const [method = '', uri = ''] = head.split(' ');
    const asked: Asked = { method, uri, headers: headersOf(head), connection };
    const cseq = asked.headers.get('cseq') ?? '';
    const answer: Turn['answer'] = (status, headers = {}, body = '') => {
      const lines = Object.entries({ CSeq: cseq, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
      socket.write(`RTSP/1.0 ${status}\r\n${lines.join('')}${length}\r\n${body}`);
    };
    const honestly = (): void => answerHonestly(asked, answer);
    const turn: Turn = { asked, socket, port: this.port, honestly, answer };
    const scripted = this.#script[method];
    if (scripted) scripted(turn);
    else honestly();
    this.#hear(asked);
  }

  #hear(asked: Asked): void {
    this.asked.push(asked);
    this.#events.emit('asked');
  }
}

function headersOf(head: string): ReadonlyMap<string, string> {
  const pairs = head.split('\r\n').slice(1);
  return new Map(
    pairs.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

function answerHonestly(asked: Asked, answer: Turn['answer']): void {
  const session = { Session: '4711;timeout=60' };
  const transport = { Transport: `${asked.headers.get('transport')};ssrc=CAFE` };
  const described = { 'Content-Base': `${asked.uri}/`, 'Content-Type': 'application/sdp' };
  if (asked.method === 'OPTIONS') answer('200 OK', { Public: METHODS });
  else if (asked.method === 'DESCRIBE') answer('200 OK', described, SDP);
  else if (asked.method === 'SETUP') answer('200 OK', { ...session, ...transport });
  else answer('200 OK', session);
}

/** RFC 2326, 10.12. */
export function interleave(channel: number, packet: Uint8Array): Buffer {
  const head = Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]);
  return Buffer.concat([head, packet]);
}
