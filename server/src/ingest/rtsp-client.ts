/*
 * The conversation with a camera: OPTIONS, DESCRIBE (through redirects), SETUP of the picture, and of the sound where it
 * is wanted, over the same connection or beside it over UDP, PLAY, keep-alive, TEARDOWN (RFC 2326). Used by the source and by the probe; one client per attempt.
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
import { type Channels, type SetUpTrack, setUpTrack, type TrackWish } from './track-setup.ts';
import type { PortRange } from './udp-sockets.ts';
import type { TrackOutlet } from './udp-track.ts';
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

type TrackAddress = Pick<VideoTrack, 'control' | 'profile'>;
export type SoundOutlet = TrackOutlet & { readonly track: TrackAddress & { readonly clockRateHz: number } };
export type PlayWish = { readonly wanted?: RtspTransport; readonly sound?: SoundOutlet | null };
type Others = Map<number, (packet: Uint8Array) => void>;

/** What a camera answers that does not do a track; the rest means that nothing more can be asked of it. */
const REFUSALS: ReadonlySet<string> = new Set([
  ...['camera-refused', 'credentials-wrong', 'credentials-needed', 'not-found', 'codec-unsupported'],
  ...['no-tcp', 'no-udp', 'no-udp-port', 'not-allowed'],
]);

export class RtspClient {
  readonly #connection: RtspConnection;
  readonly #url: RtspUrl;
  readonly #surroundings: ClientSurroundings;
  readonly #described: Described;
  readonly #stop = new AbortController();
  #session: SessionHeader | null = null;
  /** How each track travels, the picture first. */
  readonly #travels: SetUpTrack['travel'][] = [];
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
    return this.#travels.reduce(
      (sum, travel) => sum + (travel.by === 'udp' ? travel.track.bytesIn : 0),
      this.#connection.bytesIn,
    );
  }

  /** How the picture that plays travels, and its sound with it; null before. */
  get travelsBy(): 'tcp' | 'udp' | null {
    return this.#travels[0]?.by ?? null;
  }

  /**
   * Sets the picture up, and the sound where there is a `sound`, and plays. The picture gets every interleaved packet
   * that is not known to be something else, and over UDP its own in their order, also before PLAY is answered, as some
   * cameras do. A camera that refuses the sound plays without. Throws IngestFault; the caller closes.
   */
  async play(track: VideoTrack, picture: TrackOutlet, { wanted = 'auto', sound = null }: PlayWish = {}): Promise<void> {
    const others: Others = new Map([[1, picture.onRtcp]]);
    this.#connection.onFrame((channel, payload) => (others.get(channel) ?? picture.onRtp)(payload));
    const wish = { kind: 'picture', clockRateHz: VIDEO_CLOCK_HZ, wanted, channels: [0, 1] } as const;
    const { session, travel } = await this.#setUp(track, wish, picture);
    this.#session = session;
    this.#keep(travel);
    if (travel.by === 'tcp') {
      others.clear();
      others.set(travel.channels[1], picture.onRtcp);
    }
    if (sound !== null) await this.#addSound(sound, travel, others);
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
    for (const travel of this.#travels) if (travel.by === 'udp') travel.track.close();
    if (this.#session) {
      const headers = this.#sessionHeaders();
      await this.#connection.farewell('TEARDOWN', this.#aggregate(), headers, limits.teardownWithinMs);
    }
    this.#connection.close(new IngestFault('stopped', STOPPED_TEXT));
  }

  #keep(travel: SetUpTrack['travel']): void {
    this.#travels.push(travel);
    if (travel.by === 'udp' && this.#closing) travel.track.close();
  }

  /** The same way as the picture; interleaved on the channels after it, unless the camera says otherwise. */
  async #addSound(sound: SoundOutlet, picture: SetUpTrack['travel'], others: Others): Promise<void> {
    const taken: readonly number[] = picture.by === 'tcp' ? picture.channels : [];
    const channels: Channels = taken.some((one) => one === 2 || one === 3) ? [4, 5] : [2, 3];
    const { clockRateHz } = sound.track;
    const wish = { kind: 'sound', clockRateHz, wanted: picture.by, channels } as const;
    const added = await this.#setUp(sound.track, wish, sound).catch((thrown) => {
      if (thrown instanceof IngestFault && REFUSALS.has(thrown.code)) return null;
      throw thrown;
    });
    if (added === null) return;
    const { travel } = added;
    this.#keep(travel);
    // A camera that mixes its tracks up is taken for one without sound.
    if (travel.by === 'udp' || travel.channels.some((one) => taken.includes(one))) return;
    others.set(travel.channels[0], sound.onRtp);
    others.set(travel.channels[1], sound.onRtcp);
  }

  #setUp(
    track: TrackAddress,
    asked: Pick<TrackWish, 'kind' | 'clockRateHz' | 'wanted' | 'channels'>,
    outlet: TrackOutlet,
  ): Promise<SetUpTrack> {
    const { guard } = this.#surroundings;
    const url = this.#url;
    const mayReach = (host: string, port: number): Promise<boolean> =>
      guard.check({ ...url, host, port }, this.#stop.signal).then(
        () => true,
        () => false,
      );
    const uri = resolveControl(this.#described.base, track.control);
    const wish = { ...asked, uri, profile: track.profile, session: this.#session, scheme: url.scheme };
    return setUpTrack(this.#connection, wish, { ...this.#surroundings, mayReach }, outlet);
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
