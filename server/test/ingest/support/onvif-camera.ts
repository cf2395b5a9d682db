// A simulated ONVIF device on a real HTTP server. It checks passwords as devices do: a UsernameToken's digest by its own
// clock and nonce by nonce, or HTTP Digest; and it is odd in the ways its options say. Everything it was asked is kept.
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  capabilitiesAnswer,
  deviceAnswer,
  doneAnswer,
  envelope,
  fault,
  type MediaVersion,
  profilesAnswer,
  type SimulatedProfile,
  servicesAnswer,
  timeAnswer,
  uriAnswer,
  videoSourcesAnswer,
} from './onvif-answers.ts';

export const USER = { username: 'operator', password: 'p&<ä> 1' } as const;

export type OnvifOptions = {
  readonly profiles?: readonly SimulatedProfile[];
  readonly media?: readonly MediaVersion[];
  /** What it takes for a password; `none` asks for none. */
  readonly auth?: 'token' | 'digest' | 'basic' | 'none';
  readonly user?: { readonly username: string; readonly password: string };
  /** How far its clock is ahead. */
  readonly clockOffsetMs?: number;
  /** Its time is for its users only, too. */
  readonly hidesTime?: boolean;
  readonly prefix?: string;
  /** Knows GetCapabilities only. */
  readonly isOld?: boolean;
  /** Speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** What it calls itself in its addresses, such as one nobody can reach; else where it listens. */
  readonly calledBase?: string;
  /** Host and port of its streams. */
  readonly streamsAt?: string;
  /** Put before every answer. */
  readonly preamble?: string;
  /** Answers a question otherwise, or of one media service (`GetProfiles ver20`): with this body and status. */
  readonly odd?: Readonly<Record<string, { readonly status: number; readonly text: string }>>;
};
export type OnvifAsked = {
  readonly question: string;
  readonly path: string;
  readonly body: string;
  readonly authorization: string | null;
};

export const MAIN: SimulatedProfile = {
  token: 'main',
  name: 'mainStream',
  encoding: 'H264',
  size: [1920, 1080],
  fps: 25,
  kbps: 4096,
  gop: 50,
  audio: true,
  snapshot: true,
};
export const SUB: SimulatedProfile = { token: 'sub', encoding: 'H264', size: [640, 360], fps: 15, kbps: 512, gop: 30 };
/** Real devices allow a little; more than that is a replay. */
const CLOCK_SLACK_MS = 5_000;
const REALM = 'simulated';
const hash = (algorithm: string, ...parts: readonly (string | Buffer)[]): Buffer => {
  const state = createHash(algorithm);
  for (const part of parts) state.update(part);
  return state.digest();
};
const textOf = (text: string, name: string): string =>
  new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(text)?.[1] ?? '';
const unescapeXml = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

export class OnvifCamera {
  readonly asked: OnvifAsked[] = [];
  readonly #options: OnvifOptions;
  readonly #server: Server;
  readonly #events = new EventEmitter();
  readonly #nonces = new Set<string>();
  readonly #challenge = randomBytes(12).toString('hex');
  #refusals = 0;

  private constructor(options: OnvifOptions) {
    this.#options = options;
    const serve = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  }

  static async start(options: OnvifOptions = {}): Promise<OnvifCamera> {
    const camera = new OnvifCamera(options);
    camera.#server.listen(0, '127.0.0.1');
    await once(camera.#server, 'listening');
    return camera;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get questions(): readonly string[] {
    return this.asked.map(({ question }) => question);
  }

  /** Wrong passwords it has seen; a real one locks the account at five or so. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Resolves when a question has been asked so many times. */
  async until(question: string, times = 1): Promise<OnvifAsked> {
    for (;;) {
      const found = this.asked.filter((one) => one.question === question)[times - 1];
      if (found) return found;
      await once(this.#events, 'asked');
    }
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request) body += String(part);
    const inner = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body);
    const question = inner?.[1] ?? '';
    const authorization = request.headers.authorization ?? null;
    const path = request.url ?? '';
    const { status, text, challenge } = this.#answer(question, path, body, authorization, request.method ?? '');
    const headers = {
      'Content-Type': 'application/soap+xml; charset=utf-8',
      ...(challenge ? { 'WWW-Authenticate': challenge } : {}),
    };
    response.writeHead(status, { ...headers, Date: new Date(this.#nowMs()).toUTCString() });
    response.end(`${this.#options.preamble ?? ''}${text}`);
    this.asked.push({ question, path, body, authorization });
    this.#events.emit('asked');
  }

  #nowMs(): number {
    return Date.now() + (this.#options.clockOffsetMs ?? 0);
  }

  #answer(question: string, path: string, body: string, authorization: string | null, method: string) {
    const { auth = 'token', hidesTime = false, prefix, odd = {} } = this.#options;
    const isOpen = auth === 'none' || (question === 'GetSystemDateAndTime' && !hidesTime);
    if (!isOpen) {
      const refusal = this.#refusal(body, authorization, method, path);
      if (refusal) return refusal;
    }
    const strange = odd[`${question} ${path.slice(-5)}`] ?? odd[question];
    if (strange) return { ...strange, challenge: null };
    const answer = this.#say(question, path, body);
    return answer === null
      ? {
          status: 500,
          text: fault('ActionNotSupported', `Optional Action ${question} Not Implemented`),
          challenge: null,
        }
      : { status: 200, text: envelope(answer, prefix), challenge: null };
  }

  #refusal(body: string, authorization: string | null, method: string, path: string) {
    const { auth = 'token' } = this.#options;
    if (auth === 'token') {
      if (this.#isTokenRight(body)) return null;
      if (body.includes('UsernameToken')) this.#refusals += 1;
      return { status: 400, text: fault('NotAuthorized', 'Sender not Authorized'), challenge: null };
    }
    if (auth === 'digest' && authorization && this.#isDigestRight(authorization, method, path)) return null;
    if (authorization) this.#refusals += 1;
    const digest = `Digest realm="${REALM}", qop="auth", nonce="${this.#challenge}", algorithm=MD5`;
    return { status: 401, text: '', challenge: auth === 'basic' ? `Basic realm="${REALM}"` : digest };
  }

  #isTokenRight(body: string): boolean {
    const { user = USER } = this.#options;
    const created = textOf(body, 'Created');
    const nonce = textOf(body, 'Nonce');
    const awry = Math.abs(Date.parse(created) - this.#nowMs());
    if (!(awry <= CLOCK_SLACK_MS) || nonce === '' || this.#nonces.has(nonce)) return false;
    this.#nonces.add(nonce);
    const digest = hash('sha1', Buffer.from(nonce, 'base64'), created, user.password).toString('base64');
    return unescapeXml(textOf(body, 'Username')) === user.username && textOf(body, 'Password') === digest;
  }

  #isDigestRight(authorization: string, method: string, path: string): boolean {
    const { username, password } = this.#options.user ?? USER;
    const field = (name: string): string => new RegExp(`[ ,]${name}="?([^",]*)`).exec(authorization)?.[1] ?? '';
    const hex = (text: string): string => hash('md5', text).toString('hex');
    const ha1 = hex(`${username}:${REALM}:${password}`);
    const middle = `${this.#challenge}:${field('nc')}:${field('cnonce')}:auth`;
    return field('uri') === path && field('response') === hex(`${ha1}:${middle}:${hex(`${method}:${path}`)}`);
  }

  #say(question: string, path: string, body: string): string | null {
    const {
      profiles = [MAIN, SUB],
      media = ['ver10'],
      isOld = false,
      calledBase = `http${this.#options.tls ? 's' : ''}://${this.address}`,
    } = this.#options;
    const version = path.endsWith('ver20') ? 'ver20' : 'ver10';
    const { streamsAt = '127.0.0.1:554' } = this.#options;
    const profile = profiles.find(({ token }) => token === unescapeXml(textOf(body, 'ProfileToken')));
    switch (question) {
      case 'GetSystemDateAndTime':
        return timeAnswer(this.#nowMs());
      case 'GetServices':
        return isOld ? null : servicesAnswer(media, calledBase);
      case 'GetCapabilities':
        return media.includes('ver10') ? capabilitiesAnswer(calledBase) : null;
      case 'GetDeviceInformation':
        return deviceAnswer();
      case 'GetVideoSources':
        return videoSourcesAnswer();
      case 'GetProfiles':
        return media.includes(version) ? profilesAnswer(version, profiles) : null;
      case 'GetStreamUri':
        return profile
          ? uriAnswer(version, question, profile.uri ?? `rtsp://${streamsAt}/${profile.token}?a=1&b=2`)
          : null;
      case 'GetSnapshotUri':
        return profile?.snapshot ? uriAnswer(version, question, `${calledBase}/snap.jpg`) : null;
      case 'SetSynchronizationPoint':
        return profile ? doneAnswer(version, question) : null;
      default:
        return null;
    }
  }
}
