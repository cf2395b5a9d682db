/*
 * A gate keeper for tests of the signalling: keeps the promises of the real one towards a connection (one end for every
 * session it admitted, told after the fact) and lets a test decide what is admitted and when.
 */
import { buildId, type CameraId, type SessionId } from '@sallyport/protocol/ids';
import type { DenialCode, EndReason } from '@sallyport/protocol/reasons';
import type { ViewerLink } from '../../src/app/gate/gate.ts';
import type { Admission, Affected, Renewal, Settled } from '../../src/app/gate/gate-keeper.ts';
import type { Brought } from '../../src/app/gate/viewer-evidence.ts';
import type { IceCredentials } from '../../src/app/ports/valve.ts';
import type { ViewerKeeper } from '../../src/signalling/requests.ts';
import { NOW_MS } from '../support/facts.ts';

export const UNTIL_MS = NOW_MS + 300_000;

export const cameraOf = (seed: number): CameraId => buildId('cam', new Uint8Array(17).fill(seed));
/** The session of the so manieth join that was admitted. */
export const sessionOf = (nth: number): SessionId =>
  buildId('ses', new Uint8Array(17).fill(nth & 255).fill(nth >> 8, 0, 8));

type Denied = { readonly code: DenialCode; readonly freshNonce: string | null };
type Session = { readonly link: ViewerLink; readonly cameraId: CameraId; answered: boolean };

export class FakeKeeper implements ViewerKeeper {
  /** Sessions that are open, and those that ended with their reasons, in order. */
  readonly open = new Map<SessionId, Session>();
  readonly ended: { readonly sessionId: SessionId; readonly reason: EndReason }[] = [];
  readonly asked: { readonly brought: Brought; readonly remoteAddress: string }[] = [];
  readonly renewals: Omit<Brought, 'cameraId'>[] = [];
  readonly settled: Affected[] = [];
  /** What a restart gets; null where the valve cannot. */
  ice: IceCredentials | null = { ufrag: 'newu', password: 'p'.repeat(24) };
  /** Set to refuse what comes next. */
  denial: Denied | null = null;
  /** Set to make what comes next throw, as a keeper with a broken store might. */
  failure: Error | null = null;
  /** Decisions wait for this. */
  hold: Promise<void> = Promise.resolve();
  /** Runs after a gate has opened and before its offer is handed out. */
  beforeOffer: (sessionId: SessionId) => void = () => {};
  /** The most sessions open at once. */
  openMost = 0;
  #admitted = 0;

  async admit(brought: Brought, link: ViewerLink, remoteAddress: string): Promise<Admission> {
    this.asked.push({ brought, remoteAddress });
    await this.hold;
    if (this.failure) throw this.failure;
    if (this.denial) return { admitted: false, ...this.denial };
    this.#admitted += 1;
    const sessionId = sessionOf(this.#admitted);
    this.open.set(sessionId, { link, cameraId: brought.cameraId, answered: false });
    this.openMost = Math.max(this.openMost, this.open.size);
    this.beforeOffer(sessionId);
    return { admitted: true, sessionId, offer: `v=0 ${brought.cameraId}`, playerAnswer: null, untilMs: UNTIL_MS };
  }

  async renew(sessionId: SessionId, brought: Omit<Brought, 'cameraId'>): Promise<Renewal | 'unknown'> {
    this.renewals.push(brought);
    if (!this.open.has(sessionId)) return 'unknown';
    await this.hold;
    if (this.failure) throw this.failure;
    if (this.denial) return { renewed: false, ...this.denial };
    return { renewed: true, untilMs: UNTIL_MS + 1_000.5 };
  }

  async settle(affected: Affected): Promise<Settled> {
    this.settled.push(affected);
    await this.hold;
    if (this.failure) throw this.failure;
    return { sessionsEnded: 0, lastDarkAt: null };
  }

  async restartIce(sessionId: SessionId): Promise<IceCredentials | null> {
    return this.open.has(sessionId) ? this.ice : null;
  }

  async answer(sessionId: SessionId, sdp: string): ReturnType<ViewerKeeper['answer']> {
    const session = this.open.get(sessionId);
    if (!session) return 'unknown';
    if (session.answered) return 'out-of-order';
    session.answered = true;
    await this.hold;
    if (sdp !== 'bad') return 'connecting';
    void this.leave(sessionId, 'connection-lost');
    return { refused: 'no fingerprint' };
  }

  async leave(sessionId: SessionId, reason: 'left' | 'connection-lost' = 'left'): Promise<void> {
    await Promise.resolve();
    this.cut(sessionId, reason);
  }

  /** Ends a session as a changed fact would. */
  cut(sessionId: SessionId, reason: EndReason): void {
    const session = this.open.get(sessionId);
    if (!session) return;
    this.open.delete(sessionId);
    this.ended.push({ sessionId, reason });
    session.link.gateClosed(sessionId, reason);
  }

  confirm(sessionId: SessionId, untilMs: number): void {
    this.open.get(sessionId)?.link.gateConfirmed(sessionId, untilMs, untilMs - NOW_MS);
  }
}
