/*
 * The face of publishing: one camera or screen of this device, sent to a Sallyport server for as long as its owner
 * wishes. Opens the devices, keeps a connection, comes back with jittered back-off, and obeys answers that say not to.
 */
import { backOffMs } from '../back-off.ts';
import { browserClock, type Cancel } from '../client-clock.ts';
import { clientLimits } from '../client-limits.ts';
import { watchNetwork } from '../network-watch.ts';
import { fetchToken, type TokenAsk } from '../renewal.ts';
import { createViewerKey, type ViewerKey } from '../viewer-key.ts';
import type { CameraId } from '../wire-words.ts';
import { closeDevices, openDevices, type PublishSource, type Wish } from './devices.ts';
import { PublishConnection } from './publish-connection.ts';
import { causeToReason, PublishFault, toBroken } from './publish-refusal.ts';
import {
  mayStart,
  type PublisherState,
  type PublisherStateEvent,
  type PublishReason,
  step,
} from './publisher-state.ts';

export type PublisherOptions = {
  /** The server, for example `https://video.example`; must be its public URL, since the proof names it. */
  readonly url: string | URL;
  readonly cameraId: CameraId;
  /**
   * Fetches a publish token for this camera, bound to the key `jkt`. Called for every connection. A rejection is tried
   * again with back-off, unless it is a PublishingRefused.
   */
  readonly getPublishToken: (ask: TokenAsk) => Promise<string>;
  /** `camera` unless given. */
  readonly source?: PublishSource;
  /** A microphone beside it; no unless asked for. */
  readonly audio?: boolean;
  /** Three sizes instead of one, for viewers with thin lines. Costs the device more. */
  readonly simulcast?: boolean;
  /** Shows the own picture, muted, while the devices are open. */
  readonly preview?: HTMLVideoElement | null;
  readonly key?: ViewerKey | Promise<ViewerKey>;
};

/** Dispatched as `state` on a Publisher after every change. */
export class PublisherEvent extends Event {
  readonly state: PublisherState;
  constructor(state: PublisherState) {
    super('state');
    this.state = state;
  }
}

export class Publisher extends EventTarget {
  readonly #options: PublisherOptions;
  #wish: Wish;
  #state: PublisherState = { name: 'idle' };
  #stream: MediaStream | null = null;
  #connection: PublishConnection | null = null;
  #key: Promise<ViewerKey> | null = null;
  readonly #muted = { video: false, audio: false };
  /** Grows with every start, attempt and end; what an older turn still awaits is void. */
  #turn = 0;
  #failures = 0;
  #connectedAtMs: number | null = null;
  #cancelRetry: Cancel | null = null;
  #leavePage: AbortController | null = null;

  constructor(options: PublisherOptions) {
    super();
    this.#options = options;
    const { source = 'camera', audio = false } = options;
    this.#wish = { source, video: true, audio, videoDeviceId: null, audioDeviceId: null };
  }

  get state(): PublisherState {
    return this.#state;
  }

  /** What is captured, while the devices are open. */
  get stream(): MediaStream | null {
    return this.#stream;
  }

  get muted(): { readonly video: boolean; readonly audio: boolean } {
    return { ...this.#muted };
  }

  /** Opens the devices (call it from a tap: browsers ask the person then) and publishes. Nothing happens while it runs. */
  start(): void {
    if (!mayStart(this.#state)) return;
    this.#failures = 0;
    this.#turn += 1;
    this.#dispatch({ type: 'start' });
    this.#watchPage();
    void this.#open(this.#turn);
  }

  /** Ends everything: the server is told, the light of the camera goes out. Idempotent. */
  stop(): void {
    this.#close();
    this.#dispatch({ type: 'stop' });
  }

  /** Black picture or silence, to be taken back; the session goes on. */
  mute(kind: 'video' | 'audio', isMuted: boolean): void {
    this.#muted[kind] = isMuted;
    this.#applyMutes();
  }

  /**
   * Changes to another camera or microphone, now or for the next start. Rejects with PublishFault; then the old one stays,
   * or publishing is off, where the device lets only one be open (phones) and the new one does not open.
   */
  async useDevice(kind: 'video' | 'audio', deviceId: string): Promise<void> {
    const wish = { ...this.#wish, [kind === 'video' ? 'videoDeviceId' : 'audioDeviceId']: deviceId };
    if (this.#stream !== null) await this.#change(kind, wish);
    this.#wish = wish;
  }

  async #change(kind: 'video' | 'audio', wish: Wish): Promise<void> {
    const old = this.#stream;
    const turn = this.#turn;
    const only = { video: kind === 'video', audio: kind === 'audio' };
    const fresh = await this.#openBeside(kind, { ...wish, ...only, source: 'camera' });
    const [track] = fresh.getTracks();
    if (track === undefined || old === null || this.#stream !== old || turn !== this.#turn) return closeDevices(fresh);
    this.#take(new MediaStream([track, ...old.getTracks().filter((one) => one.kind !== kind)]));
    await this.#connection?.replace(track);
    for (const one of old.getTracks()) if (one.kind === kind) one.stop();
  }

  /** Opens another device while the old one runs; once more without it, where only one can be open. */
  async #openBeside(kind: 'video' | 'audio', wish: Wish): Promise<MediaStream> {
    try {
      return await openDevices(wish);
    } catch (cause) {
      if (causeToReason(cause) !== 'device-busy') throw cause;
    }
    for (const track of this.#stream?.getTracks() ?? []) if (track.kind === kind) track.stop();
    try {
      return await openDevices(wish);
    } catch (cause) {
      this.#break('device-lost', 0);
      throw cause;
    }
  }

  async #open(turn: number): Promise<void> {
    try {
      const stream = await openDevices(this.#wish);
      if (turn !== this.#turn) return closeDevices(stream);
      this.#take(stream);
      this.#dispatch({ type: 'opened' });
      await this.#connect(turn);
    } catch (cause) {
      if (turn === this.#turn) this.#break(causeToReason(cause), 0);
    }
  }

  #take(stream: MediaStream): void {
    this.#stream = stream;
    this.#applyMutes();
    const { preview } = this.#options;
    if (preview) {
      preview.muted = true;
      preview.srcObject = stream;
      void preview.play().catch(() => {});
    }
    for (const track of stream.getTracks()) {
      // Said when a device is unplugged or a shared screen taken back, not by our own stop().
      track.addEventListener('ended', () => {
        if (this.#stream === stream) this.#break('device-lost', 0);
      });
    }
  }

  async #connect(turn: number): Promise<void> {
    const { cameraId, getPublishToken, url, simulcast = false } = this.#options;
    const stream = this.#stream;
    if (stream === null) throw new PublishFault('device-lost');
    const connection = new PublishConnection({
      stream,
      isSimulcast: simulcast,
      clock: browserClock,
      listener: {
        onConnected: (watched) => {
          this.#connectedAtMs ??= browserClock.monotonicMs();
          this.#dispatch({ type: 'connected', watched });
        },
        onDoubt: () => this.#dispatch({ type: 'doubt' }),
        onWatched: (watched) => this.#dispatch({ type: 'watched', watched }),
        onBroken: (reason, retryAfterMs) => {
          if (this.#connection === connection) this.#break(reason, retryAfterMs);
        },
      },
    });
    this.#connection = connection;
    const key = await this.#openKey();
    const token = await fetchToken(() => getPublishToken({ cameraId, jkt: key.jkt }), browserClock);
    if (turn !== this.#turn) return connection.end();
    const endpoint = new URL(`/v1/whip/${cameraId}`, new URL(url, document.baseURI)).href;
    await connection.open({ endpoint, key, token });
  }

  async #openKey(): Promise<ViewerKey> {
    this.#key ??= Promise.resolve(this.#options.key ?? createViewerKey());
    try {
      return await this.#key;
    } catch (cause) {
      throw new PublishFault('unsupported', 0, { cause });
    }
  }

  /** The one way off: first nothing is sent, then the books, then the pause before the next attempt. */
  #break(reason: PublishReason, retryAfterMs: number): void {
    this.#disconnect();
    const { monotonicMs, random, after } = browserClock;
    if (this.#connectedAtMs !== null && monotonicMs() - this.#connectedAtMs > clientLimits.steadyAfterMs) {
      this.#failures = 0;
    }
    this.#connectedAtMs = null;
    const { next } = toBroken(reason);
    const isFinal = next === 'final' || this.#failures >= clientLimits.feedAttemptsMax;
    if (isFinal) this.#close();
    this.#dispatch({ type: 'broken', reason, next: isFinal ? 'final' : 'retrying' });
    if (isFinal) return;
    const delayMs = retryAfterMs + backOffMs(this.#failures, random());
    this.#failures += 1;
    this.#cancelRetry = after(delayMs, () => this.#retry());
  }

  #retry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#turn += 1;
    const turn = this.#turn;
    this.#dispatch({ type: 'retry' });
    this.#connect(turn).catch((cause: unknown) => {
      if (turn === this.#turn) this.#break(causeToReason(cause), 0);
    });
  }

  #watchPage(): void {
    this.#leavePage = new AbortController();
    const { signal } = this.#leavePage;
    // A page that goes must not leave a session behind it that waits to be missed.
    addEventListener('pagehide', () => this.stop(), { signal });
    const unwatch = watchNetwork(() => {
      if (this.#cancelRetry !== null) this.#retry();
      else void this.#connection?.restart();
    });
    signal.addEventListener('abort', unwatch);
  }

  #disconnect(): void {
    this.#turn += 1;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    const connection = this.#connection;
    this.#connection = null;
    connection?.end();
  }

  #close(): void {
    this.#disconnect();
    this.#leavePage?.abort();
    const stream = this.#stream;
    this.#stream = null;
    closeDevices(stream);
    if (this.#options.preview) this.#options.preview.srcObject = null;
  }

  #applyMutes(): void {
    for (const track of this.#stream?.getTracks() ?? []) {
      track.enabled = !this.#muted[track.kind === 'video' ? 'video' : 'audio'];
    }
  }

  #dispatch(event: PublisherStateEvent): void {
    const next = step(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    this.dispatchEvent(new PublisherEvent(next));
  }
}
