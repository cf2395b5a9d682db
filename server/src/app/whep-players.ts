/*
 * Standard players (WHEP): one session each, held by whoever knows its unguessable name. Asks the gate keeper as every
 * viewer does, and remembers a session for a minute after its end. Called by the WHEP routes of the HTTP edge.
 */
import type { CameraId, SessionId } from '@sallyport/protocol/ids';
import type { DenialCode } from '@sallyport/protocol/reasons';
import { appBounds } from './bounds.ts';
import type { ViewerLink } from './gate/gate.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';
import type { Brought } from './gate/viewer-evidence.ts';
import { readIceCredentials } from './ice-credentials.ts';
import type { Clock } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { IceCredentials, OfferChecker } from './ports/valve.ts';

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

export type Patched =
  | { readonly how: 'noted' }
  | { readonly how: 'restarted'; readonly tag: string; readonly ice: IceCredentials }
  | { readonly how: 'gone' | 'tag-missing' | 'tag-stale' | 'malformed' | 'not-restarted' };

export type Answered =
  | { readonly how: 'noted' }
  | { readonly how: 'gone' }
  | { readonly how: 'not-asked' }
  | { readonly how: 'refused'; readonly detail: string };

type Session = {
  readonly cameraId: CameraId;
  sessionId: SessionId | null;
  /** Of the player, as last told; null while our offer is unanswered. */
  ice: IceCredentials | null;
  tag: string;
  state: 'offered' | 'running' | 'ended';
};

const SECRET_BYTES = 24;
const TAG_BYTES = 9;

export class WhepPlayers {
  readonly #deps: PlayersDeps;
  readonly #sessions = new Map<string, Session>();

  constructor(deps: PlayersDeps) {
    this.#deps = deps;
  }

  /** Decides whether this player may watch. With `ask` it answers the player's offer where that can be done. */
  async watch(
    brought: Omit<Brought, 'playerOffer'>,
    sdp: string,
    wish: 'answer' | 'offer',
    remoteAddress: string,
  ): Promise<Watched> {
    const checked = this.#deps.offers.checkOffer(sdp);
    const isUsable = checked.ok || (wish === 'offer' && checked.fault === 'unusable');
    if (!isUsable) return { how: 'bad-offer', fault: checked.fault, detail: checked.refused };
    const session: Session = { cameraId: brought.cameraId, sessionId: null, ice: null, tag: '', state: 'offered' };
    const secret = this.#draw(SECRET_BYTES);
    const playerOffer = wish === 'answer' ? sdp : null;
    const admission = await this.#deps.keeper.admit(
      { ...brought, playerOffer },
      this.#link(secret, session),
      remoteAddress,
    );
    if (!admission.admitted) return { how: 'denied', code: admission.code, freshNonce: admission.freshNonce };
    const { sessionId, offer, playerAnswer } = admission;
    session.sessionId = sessionId;
    session.tag = this.#draw(TAG_BYTES);
    this.#sessions.set(secret, session);
    // Ended between the admission and this line: it is remembered as such.
    if (session.state === 'ended') this.#forgetLater(secret);
    if (playerAnswer === null) return { how: 'offer', secret, tag: session.tag, sdp: offer };
    if (session.state === 'offered') session.state = 'running';
    session.ice = readIceCredentials(sdp);
    return { how: 'answer', secret, tag: session.tag, sdp: playerAnswer };
  }

  /** Takes the answer to an offer of ours; a refused one ends the session. */
  async answer(cameraId: string, secret: string, sdp: string): Promise<Answered> {
    const session = this.#find(cameraId, secret);
    if (session?.sessionId == null || session.state === 'ended') return { how: 'gone' };
    if (session.state !== 'offered') return { how: 'not-asked' };
    session.state = 'running';
    const outcome = await this.#deps.keeper.answer(session.sessionId, sdp);
    if (outcome === 'unknown' || outcome === 'out-of-order') return { how: 'gone' };
    if (outcome !== 'connecting') return { how: 'refused', detail: outcome.refused };
    session.ice = readIceCredentials(sdp);
    return { how: 'noted' };
  }

  /**
   * Hears an ICE fragment (RFC 8840): candidates are not needed, other credentials restart ICE. `tag` is what the player
   * believes to be current, `*` for any; null is forgiven where the fragment itself names the current ICE session.
   */
  async patch(cameraId: string, secret: string, fragment: string, tag: string | null): Promise<Patched> {
    const session = this.#find(cameraId, secret);
    if (session?.sessionId == null || session.state === 'ended') return { how: 'gone' };
    const named = readIceCredentials(fragment);
    if (named === null) return { how: 'malformed' };
    const isCurrent = named.ufrag === session.ice?.ufrag && named.password === session.ice.password;
    if (tag === null && !isCurrent) return { how: 'tag-missing' };
    if (tag !== null && tag !== '*' && tag !== session.tag) return { how: 'tag-stale' };
    const { keeper } = this.#deps;
    await keeper.settle({ sessionId: session.sessionId });
    if (this.#hasEnded(session)) return { how: 'gone' };
    if (isCurrent || session.ice === null) return { how: 'noted' };
    const ice = await keeper.restartIce(session.sessionId);
    if (this.#hasEnded(session)) return { how: 'gone' };
    if (ice === null) return { how: 'not-restarted' };
    session.ice = named;
    session.tag = this.#draw(TAG_BYTES);
    return { how: 'restarted', tag: session.tag, ice };
  }

  /** Ends the session; resolves when its picture has stopped. `gone` when nobody knows it, or no longer. */
  async end(cameraId: string, secret: string): Promise<'ended' | 'gone'> {
    const session = this.#find(cameraId, secret);
    if (session?.sessionId == null) return 'gone';
    await this.#deps.keeper.leave(session.sessionId, 'left');
    return 'ended';
  }

  /** Whether the session is open. */
  has(cameraId: string, secret: string): boolean {
    const session = this.#find(cameraId, secret);
    return session !== null && session.state !== 'ended';
  }

  #link(secret: string, session: Session): ViewerLink {
    return {
      gateClosed: () => {
        session.state = 'ended';
        if (this.#sessions.has(secret)) this.#forgetLater(secret);
      },
      gateConfirmed: () => undefined,
    };
  }

  #forgetLater(secret: string): void {
    const ended = [...this.#sessions].filter(([, { state }]) => state === 'ended');
    if (ended.length > appBounds.playersRememberedMax && ended[0]) this.#sessions.delete(ended[0][0]);
    this.#deps.clock.after(appBounds.playerRememberedMs, () => this.#sessions.delete(secret));
  }

  #find(cameraId: string, secret: string): Session | null {
    const session = this.#sessions.get(secret);
    return session?.cameraId === cameraId ? session : null;
  }

  /** As a question of its own, since the compiler believes that a state checked before an await still holds after it. */
  #hasEnded({ state }: Session): boolean {
    return state === 'ended';
  }

  #draw(bytes: number): string {
    return Buffer.from(this.#deps.randomness.bytes(bytes)).toString('base64url');
  }
}
