/*
 * One connection of a publisher, from the offer to its end: a peer connection, its WHIP session and that session's
 * events. Sends nothing while nobody watches. Comes to an end once, and says why; a Publisher then makes another.
 */
import type { Cancel, ClientClock } from '../client-clock.ts';
import { clientLimits } from '../client-limits.ts';
import { causeToReason, codeToReason, PublishFault } from './publish-refusal.ts';
import type { PublishReason, Watched } from './publisher-state.ts';
import { buildRestartFragment, withCredentials } from './sdp-fragment.ts';
import { SessionEvents } from './session-events.ts';
import { type WhipPlace, WhipSession } from './whip-session.ts';

export type PublishListener = {
  readonly onConnected: (watched: Watched) => void;
  readonly onDoubt: () => void;
  readonly onWatched: (watched: Watched) => void;
  /** Said once, when nothing is sent any more, with the server's wish for the next attempt; never after end(). */
  readonly onBroken: (reason: PublishReason, retryAfterMs: number) => void;
};

export type PublishOptions = {
  readonly stream: MediaStream;
  readonly isSimulcast: boolean;
  readonly clock: ClientClock;
  readonly listener: PublishListener;
};

/** Three sizes, the smallest first, as the server expects them. */
const LAYERS: readonly RTCRtpEncodingParameters[] = [
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 600_000 },
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 2_500_000 },
];
const ONE: readonly RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000 }];

const isWanted = ({ mimeType, sdpFmtpLine = '' }: RTCRtpCodec): boolean =>
  /^video\/h264$/i.test(mimeType) ? /packetization-mode=1/.test(sdpFmtpLine) : /^video\/rtx$/i.test(mimeType);

/** H.264 as viewers are offered it; throws PublishFault `no-encoder` where this browser has none. */
function wantedCodecs(): RTCRtpCodec[] {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs.filter(isWanted) ?? [];
  if (!codecs.some(({ mimeType }) => /h264/i.test(mimeType))) throw new PublishFault('no-encoder');
  return codecs;
}

export class PublishConnection {
  readonly #options: PublishOptions;
  readonly #pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  readonly #watching = new AbortController();
  #session: WhipSession | null = null;
  #events: SessionEvents | null = null;
  /** Null before the server's first word. */
  #watched: Watched | null = null;
  #cancelWord: Cancel | null = null;
  #cancelDeadline: Cancel | null = null;
  #isRestarting = false;
  #isOver = false;

  /** Makes the peer connection. Throws PublishFault `no-encoder`; then nothing stays open. */
  constructor(options: PublishOptions) {
    this.#options = options;
    try {
      this.#addTracks(options);
    } catch (cause) {
      this.#pc.close();
      throw cause;
    }
  }

  /** Offers to the server and starts. Ends with onBroken instead of a rejection. */
  async open(place: WhipPlace): Promise<void> {
    try {
      await this.#pc.setLocalDescription();
      const session = await WhipSession.open(place, this.#pc.localDescription?.sdp ?? '');
      if (this.#isOver) return void session.end();
      this.#session = session;
      this.#deadline(clientLimits.connectWithinMs);
      await this.#pc.setRemoteDescription({ type: 'answer', sdp: session.answerSdp });
      this.#watchPath();
      this.#listen(session);
    } catch (cause) {
      this.#break(causeToReason(cause), cause instanceof PublishFault ? cause.retryAfterMs : 0);
    }
  }

  /** Sends another track of the same kind from now on; the session goes on. Rejects where the browser cannot. */
  async replace(track: MediaStreamTrack): Promise<void> {
    await this.#pc
      .getSenders()
      .find((sender) => sender.track?.kind === track.kind)
      ?.replaceTrack(track);
  }

  /** Makes the path anew within the session, from whatever network the device is in now. */
  async restart(): Promise<void> {
    const session = this.#session;
    const answer = this.#pc.remoteDescription?.sdp;
    if (session === null || answer === undefined || this.#isRestarting || this.#isOver) return;
    this.#isRestarting = true;
    this.#options.listener.onDoubt();
    this.#deadline(clientLimits.pathBackWithinMs);
    try {
      // Known since the session's answer; from now on there may be need of them.
      this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: [...session.links.iceServers] });
      await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart: true }));
      const fragment = buildRestartFragment(this.#pc.localDescription?.sdp ?? '');
      if (fragment === null) throw new PublishFault('not-understood');
      const ice = await session.restart(fragment);
      if (!this.#isOver) await this.#pc.setRemoteDescription({ type: 'answer', sdp: withCredentials(answer, ice) });
    } catch {
      // Whatever it was, a fresh connection is the way out; that one hears the server's reason.
      this.#break('path-lost');
    } finally {
      this.#isRestarting = false;
      // A path that was good all along tells of no change.
      this.#confirmPath();
    }
  }

  /** Ends the session and everything with it. Idempotent; nothing is said any more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watching.abort();
    this.#cancelDeadline?.();
    this.#cancelWord?.();
    this.#events?.close();
    void this.#session?.end();
    this.#pc.close();
  }

  #addTracks({ stream, isSimulcast }: PublishOptions): void {
    const codecs = wantedCodecs();
    for (const track of stream.getTracks()) {
      const isVideo = track.kind === 'video';
      const layers = isSimulcast ? LAYERS : ONE;
      // Nothing is encoded before the server says that somebody watches, or cannot say.
      const sendEncodings = isVideo ? layers.map((layer) => ({ ...layer, active: false })) : [{ active: false }];
      const transceiver = this.#pc.addTransceiver(track, { direction: 'sendonly', streams: [stream], sendEncodings });
      if (isVideo) transceiver.setCodecPreferences(codecs);
    }
  }

  #listen({ links }: WhipSession): void {
    if (this.#isOver) return;
    if (links.eventsUrl === null) {
      this.#watch('unknown');
      return;
    }
    this.#cancelWord = this.#options.clock.after(clientLimits.wordWithinMs, () => this.#watch('unknown'));
    this.#events = new SessionEvents(links.eventsUrl, this.#options.clock, {
      onWatched: (watched) => this.#watch(watched),
      onCut: (reason) => this.#break(codeToReason(reason, 0)),
    });
  }

  /** Encodes while somebody watches, or when that cannot be known. */
  #watch(watched: Watched): void {
    this.#cancelWord?.();
    this.#watched = watched;
    this.#options.listener.onWatched(watched);
    for (const sender of this.#pc.getSenders()) void this.#activate(sender);
    this.#confirmPath();
  }

  async #activate(sender: RTCRtpSender): Promise<void> {
    try {
      const parameters = sender.getParameters();
      const active = this.#watched !== 'no';
      if (parameters.encodings.every((encoding) => encoding.active === active)) return;
      for (const encoding of parameters.encodings) encoding.active = active;
      await sender.setParameters(parameters);
      // A word that came meanwhile holds.
      if (active !== (this.#watched !== 'no')) await this.#activate(sender);
    } catch {
      // Closed, or a change is under way, which looks again when it is done.
    }
  }

  #watchPath(): void {
    const { signal } = this.#watching;
    this.#pc.addEventListener('iceconnectionstatechange', () => this.#checkPath(), { signal });
    this.#pc.addEventListener('connectionstatechange', () => this.#checkPath(), { signal });
    const dtls = this.#dtls;
    const checkDtls = () => {
      if (dtls?.state !== 'closed' && dtls?.state !== 'failed') return;
      // The server's word for it is on its way, on the other connection.
      this.#options.listener.onDoubt();
      this.#deadline(clientLimits.cutWordWithinMs, 'connection-lost');
    };
    dtls?.addEventListener('statechange', checkDtls, { signal });
    this.#checkPath();
  }

  #checkPath(): void {
    const { iceConnectionState } = this.#pc;
    if (iceConnectionState === 'disconnected' || iceConnectionState === 'failed') void this.restart();
    else this.#confirmPath();
  }

  #confirmPath(): void {
    const isGood = this.#pc.connectionState === 'connected' && this.#dtls?.state === 'connected';
    if (this.#isOver || this.#isRestarting || !isGood) return;
    this.#cancelDeadline?.();
    // Only then is there something true to say about who watches.
    if (this.#watched !== null) this.#options.listener.onConnected(this.#watched);
  }

  get #dtls(): RTCDtlsTransport | null {
    return this.#pc.getSenders()[0]?.transport ?? null;
  }

  #deadline(withinMs: number, reason: PublishReason = 'path-lost'): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#options.clock.after(withinMs, () => this.#break(reason));
  }

  #break(reason: PublishReason, retryAfterMs = 0): void {
    if (this.#isOver) return;
    this.end();
    this.#options.listener.onBroken(reason, retryAfterMs);
  }
}
