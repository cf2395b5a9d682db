/*
 * SETUP of one track (RFC 2326, 10.4): inside the RTSP connection where the camera does that, and over UDP where it does
 * not or where the operator says so. UDP is open to everybody on the way, so never beside an encrypted connection.
 */
import type { RtspTransport } from '@sallyport/protocol/camera';
import { IngestFault } from './ingest-fault.ts';
import type { RtspConnection } from './rtsp-connection.ts';
import { headerOf, parseSession, parseTransport, type RtspResponse, type SessionHeader } from './rtsp-message.ts';
import { toStatusFault } from './rtsp-status.ts';
import { type MayReach, type TrackKind, type TrackOutlet, type UdpSurroundings, UdpTrack } from './udp-track.ts';

/** 461 says so; the others are what servers answer that look for ports in the header and find none. */
const MAY_MEAN_TRANSPORT: ReadonlySet<number> = new Set([400, 451, 461, 500, 501, 551]);

export type Channels = readonly [rtp: number, rtcp: number];

export type TrackWish = TrackKind & {
  /** The track's own URL. */
  readonly uri: string;
  /** `RTP/AVP` or `RTP/AVPF`. */
  readonly profile: string;
  /** Interleaved on these, unless the camera says otherwise. */
  readonly channels: Channels;
  /** Of the tracks set up before. */
  readonly session: SessionHeader | null;
  readonly wanted: RtspTransport;
  /** Of the RTSP connection. */
  readonly scheme: 'rtsp' | 'rtsps';
};
export type TrackSurroundings = UdpSurroundings & { readonly mayReach: MayReach };

export type SetUpTrack = {
  readonly session: SessionHeader | null;
  /** Interleaved: its channels. Over UDP: the open ports, for the caller to close. */
  readonly travel:
    | { readonly by: 'tcp'; readonly channels: Channels }
    | { readonly by: 'udp'; readonly track: UdpTrack };
};

/**
 * Sets a track up. Over UDP the outlet gets its packets; interleaved ones come by the connection. Throws IngestFault
 * (`no-tcp`, `no-udp`, `no-udp-port`, `not-allowed` and what the camera refuses); no port is left open then.
 */
export async function setUpTrack(
  connection: RtspConnection,
  wish: TrackWish,
  surroundings: TrackSurroundings,
  outlet: TrackOutlet,
): Promise<SetUpTrack> {
  if (wish.wanted === 'udp') return setUpUdp(connection, wish, surroundings, outlet);
  const interleaved = wish.channels.join('-');
  const answer = await ask(connection, wish, (profile) => `${profile}/TCP;unicast;interleaved=${interleaved}`);
  const refusal = answer.status >= 300 ? toStatusFault('SETUP', answer) : null;
  if (refusal) {
    if (wish.wanted === 'tcp' || wish.scheme === 'rtsps' || !MAY_MEAN_TRANSPORT.has(answer.status)) throw refusal;
    return setUpUdp(connection, wish, surroundings, outlet).catch((thrown) => {
      // Where it did not say that TCP is the trouble, its first answer tells more than its second.
      throw answer.status === 461 || hasNoPort(thrown) ? thrown : refusal;
    });
  }
  const transport = parseTransport(headerOf(answer, 'transport'));
  const session = parseSession(headerOf(answer, 'session'));
  if (transport.lower === 'tcp')
    return { session, travel: { by: 'tcp', channels: transport.channels ?? wish.channels } };
  if (wish.wanted === 'tcp')
    throw new IngestFault('no-tcp', 'The camera insists on UDP; allow RTP over RTSP (TCP) in it, or UDP for it.');
  // What it has set up in its own way, it knows no ports of ours for.
  if (session) await connection.request('TEARDOWN', wish.uri, [['Session', session.id]]);
  return setUpUdp(connection, wish, surroundings, outlet);
}

const hasNoPort = (thrown: unknown): boolean => thrown instanceof IngestFault && thrown.code === 'no-udp-port';

async function setUpUdp(
  connection: RtspConnection,
  wish: TrackWish,
  surroundings: TrackSurroundings,
  outlet: TrackOutlet,
): Promise<SetUpTrack> {
  if (wish.scheme === 'rtsps') {
    const text = 'The camera would send its picture unencrypted, over UDP; allow RTP over RTSP (TCP) in it.';
    throw new IngestFault('no-tcp', text);
  }
  const { peer } = connection;
  const track = await UdpTrack.open(peer, wish, surroundings, outlet);
  try {
    const answer = await ask(connection, wish, (profile) => track.offer(profile));
    if (answer.status === 461) throw new IngestFault('no-udp', 'The camera does not send over UDP; set it to TCP.');
    if (answer.status >= 300) throw toStatusFault('SETUP', answer);
    const transport = parseTransport(headerOf(answer, 'transport'), 'udp');
    if (transport.lower === 'tcp') throw new IngestFault('no-udp', 'The camera insists on TCP; set it to that.');
    if (transport.cast === 'multicast')
      throw new IngestFault('no-udp', 'The camera sends by multicast; turn that off.');
    await track.accept(transport, peer, surroundings.mayReach);
    return { session: parseSession(headerOf(answer, 'session')), travel: { by: 'udp', track } };
  } catch (thrown) {
    track.close();
    throw thrown;
  }
}

/** Asks by the profile the camera described last, since most describe AVPF and do AVP. */
async function ask(
  connection: RtspConnection,
  { uri, profile, session }: TrackWish,
  transportOf: (profile: string) => string,
): Promise<RtspResponse> {
  const within = session === null ? [] : ([['Session', session.id]] as const);
  const answer = await connection.request('SETUP', uri, [['Transport', transportOf('RTP/AVP')], ...within]);
  if (answer.status !== 461 || profile === 'RTP/AVP') return answer;
  return connection.request('SETUP', uri, [['Transport', transportOf(profile)], ...within]);
}
