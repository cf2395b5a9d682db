/*
 * The sessions of WHIP and WHEP as HTTP knows them: each held by whoever knows its unguessable name, with the ICE session
 * and its tag, and remembered for a minute after its end. Used by whep-players.ts and whip-publishers.ts.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import { appBounds } from './bounds.ts';
import { readIceCredentials } from './ice-credentials.ts';
import type { Clock } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { IceCredentials } from './ports/valve.ts';
import type { SessionEvents } from './session-events.ts';

export type BookedSession<E> = {
  readonly cameraId: CameraId;
  readonly events: SessionEvents<E>;
  /** Of the other side, as last told; null while our offer is unanswered. */
  ice: IceCredentials | null;
  /** Names the ICE session; changes with a restart. */
  tag: string;
  state: 'offered' | 'running' | 'ended';
};

export type Patched =
  | { readonly how: 'noted' }
  | { readonly how: 'restarted'; readonly tag: string; readonly ice: IceCredentials }
  | { readonly how: 'gone' | 'tag-missing' | 'tag-stale' | 'malformed' | 'not-restarted' };

/** What a fragment leads to. */
type Act = {
  /** Whether the session may go on; asked for every fragment. */
  recheck(): Promise<unknown>;
  /** New credentials of ours; null when there can be none. */
  restart(): Promise<IceCredentials | null>;
};

const SECRET_BYTES = 24;
const TAG_BYTES = 9;

export class SessionBook<E, S extends BookedSession<E>> {
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #sessions = new Map<string, S>();
  /** Oldest first. */
  readonly #endedAtMs = new Map<string, number>();

  constructor(clock: Clock, randomness: Randomness) {
    this.#clock = clock;
    this.#randomness = randomness;
  }

  /** A name nobody can guess. */
  drawSecret(): string {
    return this.#draw(SECRET_BYTES);
  }

  drawTag(): string {
    return this.#draw(TAG_BYTES);
  }

  /** Books a session under its secret; one that ended meanwhile is remembered as such. */
  add(secret: string, session: S): void {
    this.#sessions.set(secret, session);
    if (session.state === 'ended') this.#remember(secret);
  }

  /** The session, open or ended; null when nobody knows it, or no longer. */
  find(cameraId: string, secret: string): S | null {
    const session = this.#sessions.get(secret);
    return session?.cameraId === cameraId && !this.#isForgotten(secret) ? session : null;
  }

  has(cameraId: string, secret: string): boolean {
    const session = this.find(cameraId, secret);
    return session !== null && session.state !== 'ended';
  }

  /** The session is over, booked yet or not; `last` is what its listeners hear. */
  end(secret: string, session: S, last: E): void {
    session.state = 'ended';
    session.events.end(last);
    if (this.#sessions.has(secret)) this.#remember(secret);
  }

  /**
   * Hears an ICE fragment (RFC 8840): candidates are not needed, other credentials restart ICE. `tag` is what the other
   * side believes to be current, `*` for any; null is forgiven where the fragment itself names the current ICE session.
   */
  async patch(cameraId: string, secret: string, fragment: string, tag: string | null, act: Act): Promise<Patched> {
    const session = this.find(cameraId, secret);
    if (session === null || this.#hasEnded(session)) return { how: 'gone' };
    const named = readIceCredentials(fragment);
    if (named === null) return { how: 'malformed' };
    const isCurrent = named.ufrag === session.ice?.ufrag && named.password === session.ice.password;
    if (tag === null && !isCurrent) return { how: 'tag-missing' };
    if (tag !== null && tag !== '*' && tag !== session.tag) return { how: 'tag-stale' };
    await act.recheck();
    if (this.#hasEnded(session)) return { how: 'gone' };
    if (isCurrent || session.ice === null) return { how: 'noted' };
    const ice = await act.restart();
    if (this.#hasEnded(session)) return { how: 'gone' };
    if (ice === null) return { how: 'not-restarted' };
    session.ice = named;
    session.tag = this.drawTag();
    return { how: 'restarted', tag: session.tag, ice };
  }

  /** As a question of its own, since the compiler believes that a state checked before an await still holds after it. */
  #hasEnded({ state }: S): boolean {
    return state === 'ended';
  }

  /** Forgets who ended more than a minute ago, and the oldest where there are too many. Looked at with each new end. */
  #remember(secret: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#endedAtMs.set(secret, nowMs);
    for (const [known, endedAtMs] of this.#endedAtMs) {
      const isOld = nowMs - endedAtMs >= appBounds.playerRememberedMs;
      if (!isOld && this.#endedAtMs.size <= appBounds.playersRememberedMax) return;
      this.#endedAtMs.delete(known);
      this.#sessions.delete(known);
    }
  }

  #isForgotten(secret: string): boolean {
    const endedAtMs = this.#endedAtMs.get(secret);
    return endedAtMs !== undefined && this.#clock.monotonicMs() - endedAtMs >= appBounds.playerRememberedMs;
  }

  #draw(bytes: number): string {
    return Buffer.from(this.#randomness.bytes(bytes)).toString('base64url');
  }
}
