/*
 * One camera in one <video>: joins, shows, renews, goes dark and comes back when that is allowed. Drives the state
 * machine and owns the picture guard; a Viewer makes it and passes on what the control connection says.
 */
import { backOffMs } from './back-off.ts';
import type { Cancel, ClientClock } from './client-clock.ts';
import { clientLimits } from './client-limits.ts';
import { openFeedConnection, requireDecoder } from './feed-connection.ts';
import { FeedStateEvent } from './feed-state-event.ts';
import type { Gate, Hello, Offer } from './parse-server-message.ts';
import { PathRestart } from './path-restart.ts';
import type { Answer } from './pending-requests.ts';
import { type GuardTimes, PictureGuard } from './picture-guard.ts';
import { buildProof } from './possession-proof.ts';
import { type Cut, causeToCut, codeToCut, PageRefusal, SignalRefusal, toCut } from './refusal.ts';
import { fetchToken, renewAfterMs, type TokenAsk } from './renewal.ts';
import type { SignalChannel, SignalRequest } from './signal-channel.ts';
import type { ViewerKey } from './viewer-key.ts';
import { type DarkReason, type FeedEvent, type FeedState, step } from './viewer-state.ts';
import type { CameraId, SessionId } from './wire-words.ts';

/** @internal */
export type FeedOptions = {
  readonly cameraId: CameraId;
  readonly video: HTMLVideoElement;
  readonly channel: SignalChannel;
  readonly key: () => Promise<ViewerKey>;
  readonly getToken: (ask: TokenAsk) => Promise<string>;
  readonly times: Partial<GuardTimes>;
  readonly clock: ClientClock;
};

type Grant = { readonly token: string; readonly proof: string };

export class Feed extends EventTarget {
  readonly #options: FeedOptions;
  #state: FeedState = { name: 'idle' };
  #guard: PictureGuard | null = null;
  /** The newest session, kept after a cut so that the server's word about it is still understood. */
  #sessionId: SessionId | null = null;
  /** Grows with every new attempt and every cut; what an older turn still awaits is void. */
  #turn = 0;
  #hasSound = false;
  #failures = 0;
  #liveSinceMs: number | null = null;
  #path: PathRestart | null = null;
  #controlLostAtMs = Number.NEGATIVE_INFINITY;
  #cancelRetry: Cancel | null = null;
  #cancelRenewal: Cancel | null = null;

  /** @internal A Viewer makes feeds. */
  constructor(options: FeedOptions) {
    super();
    this.#options = options;
  }

  get state(): FeedState {
    return this.#state;
  }

  get cameraId(): CameraId {
    return this.#options.cameraId;
  }

  /** True while the picture has sound; whether it is heard is up to the element (`muted`). */
  get hasSound(): boolean {
    return this.#hasSound && this.#guard !== null;
  }

  /** Asks for the picture, also again after a final dark or a leave. Nothing happens while it is asked for already. */
  watch(): void {
    const before = this.#state;
    this.#dispatch({ type: 'watch' });
    if (this.#state === before) return;
    this.#failures = 0;
    void this.#attempt();
  }

  /** Takes the picture away, tells the server and stays away. Idempotent. */
  leave(): void {
    this.#stop();
    this.#darken('left');
    this.#giveBack();
    this.#dispatch({ type: 'leave' });
  }

  /** @internal For the Viewer: a gate message, of this feed's session or another's. */
  takeGate(gate: Gate): void {
    if (gate.sessionId !== this.#sessionId) return;
    if (gate.state === 'open') {
      if (gate.untilMs !== null && gate.leftMs !== null) this.#extend(gate.sessionId, gate.untilMs, gate.leftMs);
      return;
    }
    this.#sessionId = null;
    // The answer to our own leave says nothing new.
    if (gate.reason === 'left' && this.#state.name === 'dark') return;
    this.#cut('server', codeToCut(gate.reason ?? 'connection-lost'));
  }

  /** @internal For the Viewer: the control connection is gone. */
  loseControl(next: 'retrying' | 'final'): void {
    this.#controlLostAtMs = this.#options.clock.monotonicMs();
    if (next === 'final') this.#cut('server', toCut('not-understood'));
    else this.#guard?.loseControl();
  }

  /** @internal For the Viewer: a new control connection stands, and this feed's session ended with the old one. */
  regainControl(): void {
    if (this.#guard === null || this.#guard.isDark) return;
    this.#sessionId = null;
    this.#cut('page', toCut('control-lost'));
  }

  /** @internal For the Viewer: the network changed. True when it asks for its path anew; a waiting feed waits no more. */
  changeNetwork(): boolean {
    if (this.#guard !== null && this.#path !== null) {
      void this.#restart(this.#guard, this.#path);
      return this.#options.channel.isOpen;
    }
    if (this.#cancelRetry !== null) this.#retryAfter(0);
    return false;
  }

  async #attempt(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    try {
      await this.#join(turn);
    } catch (cause) {
      if (turn === this.#turn) this.#cut(cause instanceof SignalRefusal ? 'server' : 'page', causeToCut(cause));
    }
  }

  async #join(turn: number): Promise<void> {
    requireDecoder();
    const { channel, cameraId } = this.#options;
    const [token, hello] = await Promise.all([this.#fetchToken(), channel.ready()]);
    if (turn !== this.#turn) return;
    this.#dispatch({ type: 'asked' });
    const offer = await this.#ask(token, (grant) => ({ type: 'join', cameraId, ...grant }), 2);
    if (offer.type !== 'offer') throw new TypeError('a join is answered by an offer');
    if (turn === this.#turn) await this.#show(turn, offer, hello);
    else channel.notify({ type: 'leave', sessionId: offer.sessionId });
  }

  async #show(turn: number, offer: Offer, hello: Hello): Promise<void> {
    const { channel, clock, video, times } = this.#options;
    const { sessionId, untilMs, leftMs } = offer;
    const offeredAtMs = clock.monotonicMs();
    this.#sessionId = sessionId;
    this.#dispatch({ type: 'offer', sessionId, untilMs, endsAtTickMs: offeredAtMs + leftMs });
    const { pc, receiver, sound, answerSdp } = await openFeedConnection(offer.sdp, hello.iceServers);
    if (turn !== this.#turn) return pc.close();
    const guard: PictureGuard = new PictureGuard({
      video,
      pc,
      receiver,
      sound,
      times,
      clock,
      onDark: (reason) => {
        if (this.#guard === guard) this.#cut('page', toCut(reason));
      },
      onPresented: () => this.#present(sessionId, clock.monotonicMs() - offeredAtMs),
      onHeld: (reason) => {
        this.#dispatch({ type: 'held', reason });
        void this.#restart(guard, path);
      },
      onShown: () => this.#dispatch({ type: 'shown' }),
    });
    const path = new PathRestart(channel, sessionId, pc, guard);
    this.#guard = guard;
    this.#hasSound = sound !== null;
    this.#path = path;
    channel.notify({ type: 'answer', sessionId, sdp: answerSdp });
    this.#armTimers(offeredAtMs + leftMs);
  }

  async #restart(guard: PictureGuard, path: PathRestart): Promise<void> {
    if ((await path.run()) === 'gone' && this.#guard === guard) this.#cut('server', toCut('connection-lost'));
  }

  #present(sessionId: SessionId, afterOfferMs: number): void {
    this.#liveSinceMs = this.#options.clock.monotonicMs();
    this.#options.channel.notify({ type: 'presented', sessionId, afterOfferMs });
    this.#dispatch({ type: 'presented', afterOfferMs });
  }

  #extend(sessionId: SessionId, untilMs: number, leftMs: number): void {
    const endsAtTickMs = this.#options.clock.monotonicMs() + leftMs;
    this.#dispatch({ type: 'extended', sessionId, untilMs, endsAtTickMs });
    if (this.#guard !== null && !this.#guard.isDark) this.#armTimers(endsAtTickMs);
  }

  #armTimers(endsAtTickMs: number): void {
    const leftMs = endsAtTickMs - this.#options.clock.monotonicMs();
    this.#guard?.endAfter(leftMs);
    this.#cancelRenewal?.();
    const delayMs = renewAfterMs(leftMs);
    this.#cancelRenewal =
      delayMs === null ? null : this.#options.clock.after(delayMs, () => void this.#renew(this.#turn, endsAtTickMs));
  }

  async #renew(turn: number, endsAtTickMs: number): Promise<void> {
    const sessionId = this.#sessionId;
    if (sessionId === null) return;
    try {
      const token = await this.#fetchToken();
      // The new end arrives as a gate message like every other change of the gate.
      if (turn === this.#turn) await this.#ask(token, (grant) => ({ type: 'renew', sessionId, ...grant }), 2);
    } catch {
      // The gate stands until its time is over; try again while there is time for it.
      if (turn === this.#turn) this.#armTimers(endsAtTickMs);
    }
  }

  async #fetchToken(): Promise<string> {
    const { cameraId, getToken, clock } = this.#options;
    return fetchToken(async () => getToken({ cameraId, jkt: (await this.#key()).jkt }), clock);
  }

  async #key(): Promise<ViewerKey> {
    try {
      return await this.#options.key();
    } catch (cause) {
      throw new PageRefusal('unsupported', { cause });
    }
  }

  /** Sends a request with a proof; once more with the new nonce when the server asks for it. */
  async #ask(token: string, build: (grant: Grant) => SignalRequest, triesLeft: number): Promise<Answer> {
    const { channel, clock } = this.#options;
    const [{ htu, nonce }, key] = await Promise.all([channel.ready(), this.#key()]);
    const proof = await buildProof({ key, token, htu, nonce, wallMs: clock.wallMs() });
    try {
      return await channel.request(build({ token, proof }));
    } catch (cause) {
      if (triesLeft <= 1 || !(cause instanceof SignalRefusal) || cause.code !== 'use-nonce') throw cause;
      return this.#ask(token, build, triesLeft - 1);
    }
  }

  /** The one way into the dark: first the picture, then the books, then the pause before the next attempt. */
  #cut(said: 'server' | 'page', { reason, next }: Cut): void {
    this.#stop();
    this.#darken(reason);
    if (said === 'page') this.#giveBack();
    const { clock } = this.#options;
    if (this.#liveSinceMs !== null && clock.monotonicMs() - this.#liveSinceMs > clientLimits.steadyAfterMs) {
      this.#failures = 0;
    }
    this.#liveSinceMs = null;
    const isSpent = this.#failures >= clientLimits.feedAttemptsMax;
    // Sessions of a connection that broke unnoticed are still counted: their place comes free.
    const lostMs = clock.monotonicMs() - this.#controlLostAtMs;
    const isStale = reason === 'over-budget' && lostMs < clientLimits.staleBudgetMs;
    this.#dispatch({ type: 'cut', said, reason, next: isSpent ? 'final' : isStale ? 'retrying' : next });
    if (this.#state.name !== 'dark' || this.#state.next === 'final') return;
    this.#retryAfter(backOffMs(this.#failures, clock.random()));
    this.#failures += 1;
  }

  #retryAfter(delayMs: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(delayMs, () => {
      this.#cancelRetry = null;
      this.#dispatch({ type: 'retry' });
      void this.#attempt();
    });
  }

  /** Takes the picture away without asking the guard for its opinion. */
  #darken(reason: DarkReason): void {
    const guard = this.#guard;
    this.#guard = null;
    guard?.darken(reason);
  }

  #stop(): void {
    this.#turn += 1;
    this.#cancelRetry?.();
    this.#cancelRenewal?.();
    this.#cancelRetry = null;
    this.#cancelRenewal = null;
  }

  /** Tells the server that we look no longer; its word about why, if it closed first, is still awaited. */
  #giveBack(): void {
    if (this.#sessionId !== null) this.#options.channel.notify({ type: 'leave', sessionId: this.#sessionId });
  }

  #dispatch(event: FeedEvent): void {
    const next = step(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    this.dispatchEvent(new FeedStateEvent(next));
  }
}
