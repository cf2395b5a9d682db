/*
 * One gate: one viewer at one camera, from the reserved place to the recorded end. Holds the order of things:
 * durable start, then the valve; valve shut, then the durable end, then the viewer is told. Decides nothing itself;
 * the keeper asks it to open, to confirm and to close. Closing has one way and cannot fail.
 */
import type { CameraId, IncidentId, SessionId } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { EndReason } from '@sallyport/protocol/reasons';
import type { PossessionFact, TokenFact } from '../../domain/facts.ts';
import { appBounds } from '../bounds.ts';
import type { FeedLease, FeedPool } from '../feed-pool.ts';
import type { Clock, MonotonicMs, Timer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { SessionStart, SessionStore, StartReceipt } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { IceCredentials, Valve, ValveMaker } from '../ports/valve.ts';
import type { Evidence } from './facts-gatherer.ts';

/** The viewer's end of a gate; told after the fact. MUST NOT throw. */
export interface ViewerLink {
  gateClosed(sessionId: SessionId, reason: EndReason): void;
  gateConfirmed(sessionId: SessionId, untilMs: number, leftMs: number): void;
}

export type GateDeps = {
  readonly store: SessionStore;
  readonly valves: ValveMaker;
  readonly feeds: FeedPool;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: Telemetry;
};

export type GateEvents = {
  /** The gate wants to be decided again: half a lease passed, or its earliest end came. */
  readonly due: (gate: Gate) => void;
  readonly closed: (gate: Gate) => void;
};

export type GateClosed = { readonly reason: EndReason; readonly darkAt: MonotonicMs };
export type ValidEvidence = Evidence & { readonly token: TokenFact; readonly possession: PossessionFact };

export const grantsAudio = (token: TokenFact): boolean => token.datatypes.includes('audio');

type Opened = { readonly offer: string; readonly playerAnswer: string | null } | { readonly closed: EndReason };

export class Gate {
  readonly sessionId: SessionId;
  readonly cameraId: CameraId;
  readonly link: ViewerLink;
  evidence: ValidEvidence;
  readonly #deps: GateDeps;
  readonly #events: GateEvents;
  readonly #abort = new AbortController();
  #untilMs = 0;
  #opening: Promise<unknown> = Promise.resolve();
  #closing: Promise<GateClosed> | null = null;
  #startedAt: StartReceipt | null = null;
  #valve: Valve | null = null;
  #lease: FeedLease | null = null;
  #flowing = false;
  #dueTimer: Timer | null = null;
  #lapseTimer: Timer | null = null;
  #answerTimer: Timer | null = null;

  constructor(
    identity: { sessionId: SessionId; cameraId: CameraId; evidence: ValidEvidence; link: ViewerLink },
    deps: GateDeps,
    events: GateEvents,
  ) {
    this.sessionId = identity.sessionId;
    this.cameraId = identity.cameraId;
    this.evidence = identity.evidence;
    this.link = identity.link;
    this.#deps = deps;
    this.#events = events;
  }

  get incidentId(): IncidentId {
    return this.evidence.token.incidentId;
  }

  /** Whether the token includes the sound; the table has compared that with the consent. */
  get hasAudio(): boolean {
    return grantsAudio(this.evidence.token);
  }

  /** True from the moment closing was asked for; such a gate opens nothing any more. */
  get ending(): boolean {
    return this.#closing !== null;
  }

  /** Wall clock of the earliest end as last confirmed. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** Records the start. `facts-moved` leaves nothing behind; a rejection means the store is in doubt. */
  start(start: SessionStart): Promise<'started' | 'facts-moved' | 'ending'> {
    const step = this.#start(start);
    this.#opening = step.catch(() => undefined);
    return step;
  }

  /** After `start` and a first `confirm`: pulls the camera, opens the valve (still dry) and hands out its offer. */
  open(playerOffer: string | null): Promise<Opened> {
    const step = this.#open(playerOffer);
    this.#opening = step.catch(() => undefined);
    return step;
  }

  /** Takes the viewer's answer; a refused one closes the gate. */
  async answer(sdp: string): Promise<'connecting' | 'out-of-order' | { readonly refused: string }> {
    if (this.ending || this.#valve === null || this.#answerTimer === null) return 'out-of-order';
    this.#answerTimer.cancel();
    this.#answerTimer = null;
    const outcome = await this.#valve.answer(sdp);
    if (outcome !== 'connecting') void this.close('connection-lost');
    return outcome;
  }

  async restartIce(): Promise<IceCredentials | null> {
    return this.ending ? null : ((await this.#valve?.restartIce()) ?? null);
  }

  /** The gate was decided again and stays open: a new lease from `decidedAt`, and a look at the earliest end. */
  confirm(decidedAt: MonotonicMs, untilMs: number): void {
    if (this.ending) return;
    this.#untilMs = untilMs;
    const { clock } = this.#deps;
    const spentMs = clock.monotonicMs() - decidedAt;
    const leftMs = untilMs - clock.nowMs();
    this.#dueTimer?.cancel();
    this.#lapseTimer?.cancel();
    const dueMs = Math.max(0, Math.min(appBounds.leaseMs / 2, leftMs));
    this.#dueTimer = clock.after(dueMs, () => this.#events.due(this));
    this.#lapseTimer = clock.after(Math.max(0, appBounds.leaseMs - spentMs), () => void this.close('lease-lapsed'));
  }

  /** Tells the viewer until when the gate is open now. */
  tell(): void {
    this.link.gateConfirmed(this.sessionId, this.#untilMs, Math.max(0, this.#untilMs - this.#deps.clock.nowMs()));
  }

  /** Gives back the place of a gate whose start is not on record: nothing was opened, nobody is told. */
  async abandon(): Promise<void> {
    if (this.#startedAt !== null) throw new Error('a started gate is closed, not abandoned');
    await this.close('lease-lapsed');
  }

  /** Shuts the valve, records the end, tells the viewer. Never rejects; every call gets the first call's outcome. */
  close(reason: EndReason): Promise<GateClosed> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #start(start: SessionStart): Promise<'started' | 'facts-moved' | 'ending'> {
    if (this.ending) return 'ending';
    const outcome = await this.#deps.store.startSession(start);
    if (!outcome.started) return 'facts-moved';
    this.#startedAt = outcome.receipt;
    this.#deps.telemetry.sessionStarted();
    return 'started';
  }

  async #open(playerOffer: string | null): Promise<Opened> {
    if (this.#startedAt === null) throw new Error('a gate opens only after its start is on record');
    const what = { audio: this.#startedAt.audio };
    const lease = await this.#deps.feeds.acquire(this.cameraId, this.#abort.signal, what);
    if (lease === null) return { closed: 'source-lost' };
    this.#lease = lease;
    if (this.ending) return { closed: 'source-lost' };
    const valve = await this.#deps.valves.openValve(lease.feed, this.#startedAt, playerOffer);
    this.#valve = valve;
    valve.onLost((why) => void this.close(why));
    valve.onFlowing(() => {
      this.#flowing = true;
      this.#answerTimer?.cancel();
      this.#answerTimer = null;
    });
    if (this.ending) return { closed: 'source-lost' };
    this.#answerTimer = this.#deps.clock.after(limits.answerWithinMs, () => void this.close('connection-lost'));
    return { offer: valve.offer, playerAnswer: valve.playerAnswer };
  }

  async #close(reason: EndReason): Promise<GateClosed> {
    const { clock, log } = this.#deps;
    this.#abort.abort();
    for (const timer of [this.#dueTimer, this.#lapseTimer, this.#answerTimer]) timer?.cancel();
    await this.#valve?.close();
    await this.#opening;
    const shut = await this.#valve?.close();
    const darkAt = clock.monotonicMs();
    void this.#lease?.release();
    if (this.#startedAt !== null) {
      const lastPacketAtMs = shut?.flowed || this.#flowing ? (shut?.darkAtMs ?? clock.nowMs()) : null;
      const { sessionId } = this;
      try {
        await this.#deps.store.endSession({ sessionId, reason, endedAtMs: clock.nowMs(), lastPacketAtMs });
      } catch (failure) {
        log.error({ sessionId, reason, failure: String(failure) }, 'an end is not on record; the next start writes it');
      }
      this.#deps.telemetry.sessionEnded(reason);
      log.info({ sessionId, cameraId: this.cameraId, reason }, 'session ended');
    }
    this.#events.closed(this);
    if (this.#startedAt !== null) this.link.gateClosed(this.sessionId, reason);
    return { reason, darkAt };
  }
}
