/*
 * An RTSP server (RFC 2326) for many virtual cameras on one port: interleaved TCP only, `/cam-1` and so on. It answers what
 * a camera answers and ignores key-frame requests, as most do. Loopback unless told otherwise.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { buildChallenge, type Credentials, isRightAnswer } from './digest-check.ts';
import { describeLoop } from './encoded-loop.ts';
import { PAYLOAD_TYPE, Pull, type VirtualCamera } from './virtual-camera.ts';

const REQUEST_BYTES_MAX = 16_384;
const SESSION_TIMEOUT_S = 60;
const METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN';

type Request = {
  readonly method: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
};
type Reply = { readonly status: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

export type RtspServerOptions = {
  /** By path without the slash: `cam-1`. */
  readonly cameras: ReadonlyMap<string, VirtualCamera>;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly credentials: Credentials | null;
};

export class RtspServer {
  readonly #options: RtspServerOptions;
  readonly #server: Server;
  readonly #talks = new Set<Talk>();
  #timer: NodeJS.Timeout | null = null;

  private constructor(options: RtspServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  static async open(options: RtspServerOptions): Promise<RtspServer> {
    const server = new RtspServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port, options.host, resolve);
    });
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Cuts every pull of the camera, as a power cut would; it answers again after `bootMs`. */
  reboot(path: string, bootMs: number): void {
    this.#options.cameras.get(path)?.reboot(performance.now(), bootMs);
    for (const talk of this.#talks) if (talk.path === path) talk.cut();
  }

  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const talk of this.#talks) talk.cut();
    await closed;
  }

  #welcome(socket: Socket): void {
    socket.setNoDelay(true);
    const talk = new Talk(socket, this.#options, () => this.#tick());
    this.#talks.add(talk);
    socket.on('close', () => {
      talk.cut();
      this.#talks.delete(talk);
    });
    socket.on('error', () => {});
  }

  /** One timer for all cameras, set to the next picture that is due. */
  #tick(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const nowMs = performance.now();
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const camera of this.#options.cameras.values()) {
      nextAtMs = Math.min(nextAtMs, camera.tick(nowMs, performance.timeOrigin + performance.now()) ?? nextAtMs);
    }
    if (nextAtMs < Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#tick(), Math.max(0, nextAtMs - performance.now()));
    }
  }
}

/** One connection: requests in, answers and pictures out. */
class Talk {
  path = '';
  readonly #socket: Socket;
  readonly #options: RtspServerOptions;
  readonly #onPlay: () => void;
  readonly #nonce = randomBytes(16).toString('hex');
  readonly #session = randomBytes(8).toString('hex');
  #camera: VirtualCamera | null = null;
  #pull: Pull | null = null;
  #unread: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, options: RtspServerOptions, onPlay: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#onPlay = onPlay;
    socket.on('data', (bytes) => this.#read(bytes));
  }

  cut(): void {
    if (this.#pull) this.#camera?.end(this.#pull);
    this.#pull = null;
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length > 0) {
      if (this.#unread[0] === 0x24) {
        // The other side's RTCP; a camera of this kind does not listen.
        if (this.#unread.length < 4 || this.#unread.length < 4 + this.#unread.readUInt16BE(2)) return;
        this.#unread = this.#unread.subarray(4 + this.#unread.readUInt16BE(2));
        continue;
      }
      const end = this.#unread.indexOf('\r\n\r\n');
      if (end < 0 && this.#unread.length > REQUEST_BYTES_MAX) this.cut();
      if (end < 0) return;
      const request = parseRequest(this.#unread.toString('latin1', 0, end));
      this.#unread = this.#unread.subarray(end + 4);
      this.#answer(request, this.#decide(request));
    }
  }

  #answer({ headers }: Request, { status, headers: fields = {}, body = '' }: Reply): void {
    const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const all = { CSeq: headers.get('cseq') ?? '0', ...fields, ...length };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    this.#socket.write(`${[`RTSP/1.0 ${status}`, ...lines, '', body].join('\r\n')}`);
    if (status.startsWith('200') && this.#pull && this.#camera && fields['RTP-Info']) {
      this.#camera.begin(this.#pull, performance.now());
      this.#onPlay();
    }
  }

  #decide(request: Request): Reply {
    const { method, url, headers } = request;
    if (method === 'OPTIONS') return { status: '200 OK', headers: { Public: METHODS } };
    const path = pathOf(url);
    const camera = this.#options.cameras.get(path);
    if (!camera) return { status: '404 Not Found' };
    if (camera.isDown(performance.now())) {
      this.#socket.destroy();
      return { status: '503 Service Unavailable' };
    }
    const { credentials } = this.#options;
    if (credentials && !isRightAnswer(headers.get('authorization'), method, this.#nonce, credentials)) {
      return { status: '401 Unauthorized', headers: { 'WWW-Authenticate': buildChallenge(this.#nonce) } };
    }
    return this.#serve(request, path, camera);
  }

  #serve({ method, url, headers }: Request, path: string, camera: VirtualCamera): Reply {
    const session = { Session: `${this.#session};timeout=${SESSION_TIMEOUT_S}` };
    switch (method) {
      case 'DESCRIBE': {
        const base = url.endsWith('/') ? url : `${url}/`;
        const body = describeLoop(camera.loop, PAYLOAD_TYPE, 'track1');
        return { status: '200 OK', headers: { 'Content-Base': base, 'Content-Type': 'application/sdp' }, body };
      }
      case 'SETUP': {
        const channel = /RTP\/AVP\/TCP;.*interleaved=(\d+)/i.exec(headers.get('transport') ?? '')?.[1];
        if (channel === undefined) return { status: '461 Unsupported Transport' };
        this.path = path;
        this.#camera = camera;
        this.#pull = new Pull(this.#socket, Number(channel));
        const ssrc = this.#pull.ssrc.toString(16).padStart(8, '0');
        const transport = `RTP/AVP/TCP;unicast;interleaved=${channel}-${Number(channel) + 1};ssrc=${ssrc}`;
        return { status: '200 OK', headers: { ...session, Transport: transport } };
      }
      case 'PLAY':
        if (!this.#pull) return { status: '455 Method Not Valid in This State' };
        return { status: '200 OK', headers: { ...session, 'RTP-Info': `url=${url}` } };
      case 'TEARDOWN':
        if (this.#pull) camera.end(this.#pull);
        this.#pull = null;
        return { status: '200 OK', headers: session };
      case 'GET_PARAMETER':
        return { status: '200 OK', headers: session };
      default:
        return { status: '405 Method Not Allowed', headers: { Allow: METHODS } };
    }
  }
}

function parseRequest(text: string): Request {
  const [first = '', ...lines] = text.split('\r\n');
  const [method = '', url = ''] = first.split(' ');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  return { method, url, headers };
}

/** `rtsp://host:port/cam-1/track1` is of `cam-1`. */
const pathOf = (url: string): string => /^rtsps?:\/\/[^/]+\/([^/?]*)/i.exec(url)?.[1] ?? '';
