/*
 * One virtual viewer watching one camera once: token, proof, join, offer, answer, media, and its end. Everything a real one
 * does is done, in the same order, and each step is timed.
 */
import type { SessionId } from '@sallyport/protocol/ids';
import type { DeploymentFault } from '../deployment.ts';
import type { Distribution } from '../distribution.ts';
import type { Certificate } from '../engine/certificate.ts';
import { MediaLink } from '../engine/media-link.ts';
import { buildAnswer, readOffer } from '../engine/session-description.ts';
import { Admission, type AdmissionPlan } from './admission.ts';
import type { ControlConnection, GateNews, JoinAnswer } from './control-connection.ts';

/** A token is replaced when so much of the time left has passed. */
const RENEW_AT = 0.6;
/** Node's timers hold 31 bits. */
const TIMER_MS_MAX = 2_000_000_000;

export type ViewerPlan = AdmissionPlan & {
  readonly certificate: Certificate;
  readonly latencyMs: Distribution;
  readonly drops: () => boolean;
  /** When it was to begin, on `performance.now()`: an open-loop arrival counts from there. */
  readonly scheduledAtMs: number;
  /** When the harness got round to it. */
  readonly begunAtMs: number;
};

/** How a viewing ended; `left` is its own wish. */
export type Ending = 'left' | 'cut' | 'denied' | 'failed';

/** Moments on `performance.now()`; 0 for what has not happened. */
export type Moments = {
  scheduledAtMs: number;
  begunAtMs: number;
  tokenAtMs: number;
  joinedAtMs: number;
  offeredAtMs: number;
  iceAtMs: number;
  dtlsAtMs: number;
  firstPacketAtMs: number;
  firstFrameAtMs: number;
  closedAtMs: number;
};

export class VirtualViewer {
  readonly moments: Moments;
  readonly plan: ViewerPlan;
  sessionId: string | null = null;
  ending: Ending | null = null;
  /** What the other side said when it was not our wish: a wire reason, an error code, or words. */
  endReason = '';
  link: MediaLink | null = null;
  readonly #connection: ControlConnection;
  readonly #admission: Admission;
  readonly #over = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  #renewal: NodeJS.Timeout | null = null;

  constructor(plan: ViewerPlan, connection: ControlConnection) {
    this.plan = plan;
    this.#connection = connection;
    this.#admission = new Admission(plan, connection);
    void connection.ended.then((why) => {
      this.#end('failed', why);
      this.#settled.resolve();
    });
    const { scheduledAtMs, begunAtMs } = plan;
    const none = { tokenAtMs: 0, joinedAtMs: 0, offeredAtMs: 0, iceAtMs: 0, dtlsAtMs: 0 };
    this.moments = { scheduledAtMs, begunAtMs, ...none, firstPacketAtMs: 0, firstFrameAtMs: 0, closedAtMs: 0 };
  }

  /** Resolves when the viewing is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Resolves when the server has nothing more to say about it; a connection takes no second join of a camera before. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** True from the first packet to the end. */
  get isUp(): boolean {
    return this.ending === null && this.moments.firstPacketAtMs > 0;
  }

  /** Goes through the whole of it; resolves once the answer is sent, or it has ended. Never rejects. */
  async watch(): Promise<void> {
    try {
      await this.#admission.fetchToken();
      this.moments.tokenAtMs = performance.now();
      if (this.ending === null) await this.#join();
    } catch (fault) {
      const status = (fault as Partial<DeploymentFault>).status ?? 0;
      this.#end(status >= 400 && status < 500 ? 'denied' : 'failed', (fault as Error).message);
    }
    if (this.sessionId === null) this.#settled.resolve();
  }

  /** Presents the token of before once more; answers what the server said. Opens nothing when refused, as it must be. */
  tryAgain(): Promise<JoinAnswer> {
    return this.#admission.join();
  }

  /**
   * The viewer goes. Its media end when the server has answered: whoever hangs up first is on record as lost. Idempotent.
   */
  leave(): void {
    if (this.ending !== null) return;
    if (this.sessionId !== null) this.#connection.send({ type: 'leave', sessionId: this.sessionId as SessionId });
    this.#end('left', '');
  }

  /** Lets go of the socket; whatever comes after a cut has been counted by then. */
  release(): void {
    this.link?.close();
  }

  async #join(): Promise<void> {
    this.moments.joinedAtMs = performance.now();
    const answer = await this.#admission.join();
    this.moments.offeredAtMs = performance.now();
    if (answer.type === 'error') this.#end('denied', answer.code);
    else if (answer.type === 'offer') this.#answer(answer);
    else this.#end('failed', 'the join was not answered by an offer');
  }

  #answer({ sessionId, sdp: offered, leftMs }: Extract<JoinAnswer, { type: 'offer' }>): void {
    this.sessionId = sessionId;
    this.#connection.watch(sessionId, (news) => this.#hearGate(news));
    // It left while the answer was on its way.
    if (this.ending !== null) {
      this.#connection.send({ type: 'leave', sessionId });
      return;
    }
    const offer = readOffer(offered);
    const link = new MediaLink({
      offer,
      certificate: this.plan.certificate,
      latencyMs: this.plan.latencyMs,
      drops: this.plan.drops,
      onOver: (why) => this.#loseMedia(why),
      onFirstPacket: () => this.#noteMedia(link),
      onFirstFrame: () => this.#notePicture(link, sessionId),
    });
    this.link = link;
    const { localFragment: fragment, localPassword: password } = link;
    const sdp = buildAnswer(offer, { fragment, password, fingerprint: this.plan.certificate.fingerprint });
    this.#connection.send({ type: 'answer', sessionId, sdp });
    link.open();
    this.#planRenewal(leftMs);
  }

  #noteMedia(link: MediaLink): void {
    this.moments.iceAtMs = link.times.iceAtMs;
    this.moments.dtlsAtMs = link.times.dtlsAtMs;
    this.moments.firstPacketAtMs = link.reception.firstPacketAtMs;
  }

  #notePicture(link: MediaLink, sessionId: SessionId): void {
    this.moments.firstFrameAtMs = link.reception.firstFrameAtMs;
    const afterOfferMs = this.moments.firstFrameAtMs - this.moments.offeredAtMs;
    this.#connection.send({ type: 'presented', sessionId, afterOfferMs: Math.min(600_000, Math.max(0, afterOfferMs)) });
  }

  /** DTLS closes before the control connection says why; the gate's word is the better one if it comes. */
  #loseMedia(why: string): void {
    if (why === 'the server closed') this.#end('cut', 'dtls-closed');
    else {
      if (this.sessionId !== null) this.#connection.send({ type: 'leave', sessionId: this.sessionId as SessionId });
      this.#end('failed', why);
    }
  }

  #hearGate(news: GateNews): void {
    if (news.state === 'open') this.#planRenewal(news.leftMs ?? TIMER_MS_MAX);
    else {
      if (this.ending === 'cut') this.endReason = news.reason ?? '';
      else this.#end('cut', news.reason ?? '');
      if (this.ending === 'left') this.link?.close();
      this.#settled.resolve();
    }
  }

  #planRenewal(leftMs: number): void {
    if (this.#renewal) clearTimeout(this.#renewal);
    if (this.ending !== null) return;
    const delayMs = Math.min(TIMER_MS_MAX, leftMs * RENEW_AT);
    this.#renewal = setTimeout(() => void this.#renew(), delayMs);
  }

  async #renew(): Promise<void> {
    const { sessionId } = this;
    if (this.ending !== null || sessionId === null) return;
    try {
      await this.#admission.renew(sessionId);
    } catch {
      // A gate that was not renewed closes by itself, and that is told and counted.
    }
  }

  #end(ending: Ending, reason: string): void {
    if (this.ending !== null) return;
    this.ending = ending;
    this.endReason = reason;
    this.moments.closedAtMs = performance.now();
    if (this.#renewal) clearTimeout(this.#renewal);
    this.link?.quieten();
    this.#over.resolve();
  }
}
