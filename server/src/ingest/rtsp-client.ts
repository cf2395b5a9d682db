/*
 * The conversation with a camera: OPTIONS, DESCRIBE (through redirects), SETUP of one track over the same connection or
 * beside it over UDP, PLAY, keep-alive, TEARDOWN (RFC 2326). Used by the source and by the probe; one client per attempt.
 */
import type { RtspTransport } from '@sallyport/protocol/camera';
import type { Clock } from '../app/ports/clock.ts';
import type { Randomness } from '../app/ports/randomness.ts';
import { openSocket } from './camera-socket.ts';
import { Authenticator } from './digest-auth.ts';
import { IngestFault } from './ingest-fault.ts';
import { KeepAlive } from './keep-alive.ts';
import { limits } from './limits.ts';
import { type Headers, RtspConnection } from './rtsp-connection.ts';
import { headerOf, type RtspResponse, type SessionHeader } from './rtsp-message.ts';
import { followRedirect, toStatusFault } from './rtsp-status.ts';
import { parseRtspUrl, type RtspUrl, resolveControl, withoutCredentials } from './rtsp-url.ts';
import { parseSdp, type SdpDescription } from './sdp-description.ts';
import { type SetUpTrack, setUpTrack } from './track-setup.ts';
import type { PortRange } from './udp-sockets.ts';
import type { UrlGuard } from './url-guard.ts';
import type { VideoTrack } from './video-track.ts';
import { STOPPED_TEXT } from './within.ts';

/** RFC 6184, 8.1, and the same for all other video; what a description says otherwise is a mistake. */
const VIDEO_CLOCK_HZ = 90_000;

export type ClientSurroundings = {
  readonly guard: Pick<UrlGuard, 'check'>;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Where cameras over UDP send to. */
  readonly udpPorts: PortRange;
};

type Described = { readonly base: string; readonly description: SdpDescription; readonly methods: string };

export class RtspClient {
  readonly #connection: RtspConnection;
  readonly #url: RtspUrl;
  readonly #surroundings: ClientSurroundings;
  readonly #described: Described;
  readonly #stop = new AbortController();
  #session: SessionHeader | null = null;
  #travel: SetUpTrack['travel'] | null = null;
  #keepAlive: KeepAlive | null = null;
  #closing: Promise<void> | null = null;

  private constructor(
    connection: RtspConnection,
    url: RtspUrl,
    surroundings: ClientSurroundings,
    described: Described,
  ) {
    this.#connection = connection;
    this.#url = url;
    this.#surroundings = surroundings;
    this.#described = described;
  }

  /**
   * Connects and describes, following at most three redirects, each through the guard. Throws IngestFault; nothing is
   * left open then. When the signal fires before it resolves, it throws `stopped`.
   */
  static async open(
    url: RtspUrl,
    certificateSha256: string | null,
    surroundings: ClientSurroundings,
    signal: AbortSignal,
  ): Promise<RtspClient> {
    let current = url;
    for (let hops = 0; hops <= limits.redirectsMax; hops += 1) {
      const addresses = await surroundings.guard.check(current, signal);
      const socket = await openSocket({ url: current, addresses, certificateSha256 }, surroundings.clock, signal);
      const authenticator = new Authenticator(current.credentials, surroundings.randomness);
      const connection = new RtspConnection(socket, authenticator, surroundings.clock);
      const outcome = await describeUnless(signal, connection, current);
      if (!('redirectedTo' in outcome)) return new RtspClient(connection, current, surroundings, outcome);
      connection.close(new IngestFault('stopped', 'The camera sent us elsewhere.'));
      current = followRedirect(current, outcome.redirectedTo);
    }
    throw new IngestFault('too-many-redirects', `The camera redirected more than ${limits.redirectsMax} times.`);
  }

  get description(): SdpDescription {
    return this.#described.description;
  }

  /** Resolves with the reason when the connection is over; never rejects. */
  get ended(): Promise<IngestFault> {
    return this.#connection.ended;
  }

  get bytesIn(): number {
    return this.#connection.bytesIn + (this.#travel?.by === 'udp' ? this.#travel.track.bytesIn : 0);
  }

  /** How the track that plays travels; null before. */
  get travelsBy(): 'tcp' | 'udp' | null {
    return this.#travel?.by ?? null;
  }

  /**
   * Sets one track up and plays it. `onRtp` gets every packet of it but RTCP, over UDP in their order, also before PLAY
   * is answered, as some cameras do; it MUST NOT throw. Throws IngestFault; the caller closes.
   */
  async play(track: VideoTrack, onRtp: (packet: Uint8Array) => void, wanted: RtspTransport = 'auto'): Promise<void> {
    let rtcpChannel = 1;
    this.#connection.onFrame((channel, payload) => {
      if (channel !== rtcpChannel) onRtp(payload);
    });
    const { session, travel } = await this.#setUp(track, onRtp, wanted);
    this.#session = session;
    this.#travel = travel;
    if (travel.by === 'tcp') rtcpChannel = travel.rtcpChannel;
    else if (this.#closing) travel.track.close();
    await this.#startPlaying();
    const timeoutMs = this.#session?.timeoutMs ?? limits.sessionTimeoutMs;
    const { methods } = this.#described;
    const method = methods === '' || methods.includes('GET_PARAMETER') ? 'GET_PARAMETER' : 'OPTIONS';
    const kept = { uri: this.#aggregate(), headers: this.#sessionHeaders(), timeoutMs };
    this.#keepAlive = new KeepAlive(this.#connection, this.#surroundings.clock, kept, method);
  }

  /** Takes leave and cuts the connection, within a second or so. Never rejects; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#takeLeave();
    return this.#closing;
  }

  async #takeLeave(): Promise<void> {
    this.#keepAlive?.stop();
    this.#stop.abort();
    this.#connection.onFrame(() => {});
    if (this.#travel?.by === 'udp') this.#travel.track.close();
    if (this.#session) {
      const headers = this.#sessionHeaders();
      await this.#connection.farewell('TEARDOWN', this.#aggregate(), headers, limits.teardownWithinMs);
    }
    this.#connection.close(new IngestFault('stopped', STOPPED_TEXT));
  }

  #setUp(track: VideoTrack, onRtp: (packet: Uint8Array) => void, wanted: RtspTransport): Promise<SetUpTrack> {
    const { guard } = this.#surroundings;
    const url = this.#url;
    const mayReach = (host: string, port: number): Promise<boolean> =>
      guard.check({ ...url, host, port }, this.#stop.signal).then(
        () => true,
        () => false,
      );
    const uri = resolveControl(this.#described.base, track.control);
    const wish = { uri, profile: track.profile, clockRateHz: VIDEO_CLOCK_HZ, wanted, scheme: url.scheme };
    return setUpTrack(this.#connection, wish, { ...this.#surroundings, mayReach }, onRtp);
  }

  /** Servers differ on the slash after the aggregate URL and on the range of something live; each form is tried once. */
  async #startPlaying(): Promise<void> {
    const uri = this.#aggregate();
    const other = uri.endsWith('/') ? uri.slice(0, -1) : `${uri}/`;
    const range = ['Range', 'npt=0.000-'] as const;
    let answer: RtspResponse | null = null;
    for (const [target, extra] of [
      [uri, [range]],
      [other, [range]],
      [uri, []],
    ] as const) {
      answer = await this.#connection.request('PLAY', target, [...this.#sessionHeaders(), ...extra]);
      if (answer.status < 300) return;
      if (![400, 404, 457, 460].includes(answer.status)) break;
    }
    throw toStatusFault('PLAY', answer);
  }

  #aggregate(): string {
    return resolveControl(this.#described.base, this.#described.description.control);
  }

  #sessionHeaders(): Headers {
    return this.#session ? [['Session', this.#session.id]] : [];
  }
}

/** Describes; closes the connection when that fails or the signal fires meanwhile. */
async function describeUnless(
  signal: AbortSignal,
  connection: RtspConnection,
  url: RtspUrl,
): Promise<Described | { readonly redirectedTo: string }> {
  const stop = (): void => connection.close(new IngestFault('stopped', STOPPED_TEXT));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await describe(connection, url);
  } catch (thrown) {
    stop();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function describe(
  connection: RtspConnection,
  url: RtspUrl,
): Promise<Described | { readonly redirectedTo: string }> {
  // Some cameras refuse OPTIONS; only its list of methods is of use, and not knowing it is no harm.
  const options = await connection.request('OPTIONS', url.href);
  const answer = await connection.request('DESCRIBE', url.href, [['Accept', 'application/sdp']]);
  const location = headerOf(answer, 'location');
  if (answer.status >= 300 && answer.status < 400 && location !== null) return { redirectedTo: location };
  if (answer.status >= 300) throw toStatusFault('DESCRIBE', answer);
  return {
    base: baseOf(answer, url),
    description: parseSdp(answer.body.toString('utf8')),
    methods: options.status < 300 ? (headerOf(options, 'public') ?? '').toUpperCase() : '',
  };
}

/** Content-Base, else Content-Location, else what was asked for (RFC 2326, C.1.1); relative and broken ones are no use. */
function baseOf(answer: RtspResponse, url: RtspUrl): string {
  const named = [headerOf(answer, 'content-base'), headerOf(answer, 'content-location')];
  const usable = named.find((base) => base !== null && parseRtspUrl(base).ok);
  return usable ? withoutCredentials(usable) : url.href;
}
