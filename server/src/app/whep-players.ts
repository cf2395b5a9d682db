/*
 * Standard players (WHEP): one session each, held by whoever knows its unguessable name. Asks the gate keeper as every
 * viewer does, and tells the session's listeners when its end comes near. Called by the WHEP routes of the HTTP edge.
 */
import type { SessionId } from '@sallyport/protocol/ids';
import type { DenialCode } from '@sallyport/protocol/reasons';
import type { PlayerEvent } from '@sallyport/protocol/session-events';
import { toWireEnd } from '../domain/wire-reason.ts';
import { appBounds } from './bounds.ts';
import type { ViewerLink } from './gate/gate.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';
import type { Brought } from './gate/viewer-evidence.ts';
import { readIceCredentials } from './ice-credentials.ts';
import type { Clock, Timer } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { OfferChecker } from './ports/valve.ts';
import { type BookedSession, type Patched, SessionBook } from './session-book.ts';
import { SessionEvents } from './session-events.ts';

export type PlayersDeps = {
  readonly keeper: Pick<GateKeeper, 'admit' | 'answer' | 'leave' | 'settle' | 'restartIce'>;
  readonly offers: OfferChecker;
  readonly clock: Clock;
  readonly randomness: Randomness;
};

export type Watched =
  /** `answer` to the player's offer, or an `offer` of ours that it has to answer. */
  | { readonly how: 'answer' | 'offer'; readonly secret: string; readonly tag: string; readonly sdp: string }
  | { readonly how: 'bad-offer'; readonly fault: 'malformed' | 'unusable'; readonly detail: string }
  | { readonly how: 'denied'; readonly code: DenialCode; readonly freshNonce: string | null };

export type Answered =
  | { readonly how: 'noted' }
  | { readonly how: 'gone' }
  | { readonly how: 'not-asked' }
  | { readonly how: 'refused'; readonly detail: string };

type Session = BookedSession<PlayerEvent> & {
  sessionId: SessionId | null;
  /** Until the end is worth a word. */
  warnings: readonly Timer[];
};

export class WhepPlayers {
  readonly #deps: PlayersDeps;
  readonly #book: SessionBook<PlayerEvent, Session>;

  constructor(deps: PlayersDeps) {
    this.#deps = deps;
    this.#book = new SessionBook(deps.clock, deps.randomness);
  }

  /** Decides whether this player may watch. With `answer` it answers the player's offer where that can be done. */
  async watch(
    brought: Omit<Brought, 'playerOffer'>,
    sdp: string,
    wish: 'answer' | 'offer',
    remoteAddress: string,
  ): Promise<Watched> {
    const checked = this.#deps.offers.checkOffer(sdp);
    const isUsable = checked.ok || (wish === 'offer' && checked.fault === 'unusable');
    if (!isUsable) return { how: 'bad-offer', fault: checked.fault, detail: checked.refused };
    const secret = this.#book.drawSecret();
    const session = this.#makeSession(brought.cameraId);
    const playerOffer = wish === 'answer' ? sdp : null;
    const link = this.#link(secret, session);
    const admission = await this.#deps.keeper.admit({ ...brought, playerOffer }, link, remoteAddress);
    if (!admission.admitted) return { how: 'denied', code: admission.code, freshNonce: admission.freshNonce };
    const { sessionId, offer, playerAnswer, untilMs } = admission;
    session.sessionId = sessionId;
    this.#book.add(secret, session);
    this.#warnBefore(session, untilMs);
    const { tag } = session;
    if (playerAnswer === null) return { how: 'offer', secret, tag, sdp: offer };
    if (session.state === 'offered') session.state = 'running';
    session.ice = readIceCredentials(sdp);
    return { how: 'answer', secret, tag, sdp: playerAnswer };
  }

  /** Takes the answer to an offer of ours; a refused one ends the session. */
  async answer(cameraId: string, secret: string, sdp: string): Promise<Answered> {
    const session = this.#book.find(cameraId, secret);
    if (session?.sessionId == null || session.state === 'ended') return { how: 'gone' };
    if (session.state !== 'offered') return { how: 'not-asked' };
    session.state = 'running';
    const outcome = await this.#deps.keeper.answer(session.sessionId, sdp);
    if (outcome === 'unknown' || outcome === 'out-of-order') return { how: 'gone' };
    if (outcome !== 'connecting') return { how: 'refused', detail: outcome.refused };
    session.ice = readIceCredentials(sdp);
    return { how: 'noted' };
  }

  /** Hears an ICE fragment, as SessionBook says; the gate is decided again each time. */
  async patch(cameraId: string, secret: string, fragment: string, tag: string | null): Promise<Patched> {
    const sessionId = this.#book.find(cameraId, secret)?.sessionId ?? null;
    if (sessionId === null) return { how: 'gone' };
    const { keeper } = this.#deps;
    return this.#book.patch(cameraId, secret, fragment, tag, {
      recheck: () => keeper.settle({ sessionId }),
      restart: () => keeper.restartIce(sessionId),
    });
  }

  /** Ends the session; resolves when its picture has stopped. `gone` when nobody knows it, or no longer. */
  async end(cameraId: string, secret: string): Promise<'ended' | 'gone'> {
    const session = this.#book.find(cameraId, secret);
    if (session?.sessionId == null) return 'gone';
    await this.#deps.keeper.leave(session.sessionId, 'left');
    return 'ended';
  }

  /** Whether the session is open. */
  has(cameraId: string, secret: string): boolean {
    return this.#book.has(cameraId, secret);
  }

  /** What there is to hear of the session, open or lately ended; null when nobody knows it. */
  events(cameraId: string, secret: string): SessionEvents<PlayerEvent> | null {
    return this.#book.find(cameraId, secret)?.events ?? null;
  }

  #makeSession(cameraId: Brought['cameraId']): Session {
    const events = new SessionEvents<PlayerEvent>();
    const fresh = { cameraId, events, tag: this.#book.drawTag(), state: 'offered' as const };
    return { ...fresh, sessionId: null, ice: null, warnings: [] };
  }

  #link(secret: string, session: Session): ViewerLink {
    return {
      gateClosed: (_sessionId, reason) => {
        for (const timer of session.warnings) timer.cancel();
        this.#book.end(secret, session, { type: 'cut', reason: toWireEnd(reason) });
      },
      gateConfirmed: (_sessionId, untilMs) => this.#warnBefore(session, untilMs),
    };
  }

  /** A listener that comes when the end is near hears it at once. */
  #warnBefore(session: Session, untilMs: number): void {
    for (const timer of session.warnings) timer.cancel();
    session.warnings = [];
    if (session.state === 'ended') return;
    const { clock } = this.#deps;
    const ending = (): PlayerEvent => {
      return { type: 'consent-ending', untilMs, leftMs: Math.max(0, Math.round(untilMs - clock.nowMs())) };
    };
    session.events.hold(null);
    session.warnings = appBounds.endingSaidBeforeMs
      .map((beforeMs) => untilMs - clock.nowMs() - beforeMs)
      .filter((inMs, at) => (inMs > 0 || at === 0) && inMs <= appBounds.timerMsMax)
      .map((inMs) => clock.after(Math.max(0, inMs), () => session.events.hold(ending)));
  }
}
