/*
 * The keeper: the one place where gates are opened, confirmed and closed. Every event only asks it to settle gates
 * again; it gathers facts, has the domain decide, and makes it so. Used by the joins of signalling and by every use
 * case that changes a fact.
 */
import { buildId, type CameraId, ID_RANDOM_BYTES, type IncidentId, type SessionId } from '@sallyport/protocol/ids';
import type { DenialCode, EndReason } from '@sallyport/protocol/reasons';
import { decideGate } from '../../domain/decide-gate.ts';
import type { BudgetFact, TokenFact } from '../../domain/facts.ts';
import { closedByFault, type Verdict } from '../../domain/verdict.ts';
import { toEndReason } from '../../domain/wire-reason.ts';
import { appBounds } from '../bounds.ts';
import type { MonotonicMs } from '../ports/clock.ts';
import type { Randomness } from '../ports/randomness.ts';
import type { IceCredentials } from '../ports/valve.ts';
import type { DenialNote, DenialRecorder } from './denial-recorder.ts';
import type { Evidence, FactsGatherer, Gathered } from './facts-gatherer.ts';
import { Gate, type GateDeps, grantsAudio, type ValidEvidence, type ViewerLink } from './gate.ts';
import type { Brought, EvidenceJudge, Judged } from './viewer-evidence.ts';

export type KeeperDeps = GateDeps & {
  readonly gatherer: FactsGatherer;
  readonly judge: EvidenceJudge;
  readonly denials: DenialRecorder;
  readonly randomness: Randomness;
};

export type Admission =
  | {
      readonly admitted: true;
      readonly sessionId: SessionId;
      readonly offer: string;
      /** The answer to the viewer's own offer; null when the viewer has to answer `offer`. */
      readonly playerAnswer: string | null;
      readonly untilMs: number;
    }
  | { readonly admitted: false; readonly code: DenialCode; readonly freshNonce: string | null };
export type Renewal =
  | { readonly renewed: true; readonly untilMs: number }
  | { readonly renewed: false; readonly code: DenialCode; readonly freshNonce: string | null };
export type Settled = { readonly sessionsEnded: number; readonly lastDarkAt: MonotonicMs | null };
export type Affected =
  | { readonly cameraId: CameraId }
  | { readonly sessionId: SessionId }
  | { readonly incidentId: IncidentId }
  | 'all';

type Decision = { readonly verdict: Verdict; readonly gathered: Gathered | null; readonly decidedAt: MonotonicMs };
const isValid = (evidence: Evidence): evidence is ValidEvidence =>
  !('refused' in evidence.token || 'refused' in evidence.possession);

export class GateKeeper {
  readonly #deps: KeeperDeps;
  readonly #gates = new Map<SessionId, Gate>();
  #stopping = false;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
    deps.feeds.onLost((cameraId, why) => void this.#closeMatching({ cameraId }, why));
  }

  get openGates(): readonly Gate[] {
    return [...this.#gates.values()];
  }

  /** Decides a join. When admitted, the start is on record, the valve is ready and dry, and the offer is here. */
  async admit(brought: Brought, link: ViewerLink, remoteAddress: string): Promise<Admission> {
    const judged = this.#deps.judge.judge(brought, this.#deps.clock.nowMs());
    const { evidence } = judged;
    if (judged.freshNonce !== null)
      return { admitted: false, code: 'possession-invalid', freshNonce: judged.freshNonce };
    for (let tries = 0; tries < appBounds.admissionTriesMax; tries += 1) {
      const decision = await this.#decide(brought.cameraId, evidence, null);
      const { gathered } = decision;
      // Nothing is awaited between this last word and the reserved place: two joins at once cannot share one budget.
      const verdict = this.#decideNow(gathered, evidence);
      this.#count(verdict);
      if (!verdict.open) return this.#deny('join', brought, judged, verdict.denial.code, remoteAddress);
      if (gathered === null || !isValid(evidence) || this.#stopping || this.#gates.size >= appBounds.gatesMax) break;
      const gate = this.#reserve(brought.cameraId, evidence, link);
      const started = await this.#start(gate, gathered, judged, remoteAddress);
      if (started === 'started')
        return this.#open(gate, decision.decidedAt, verdict.untilMs, brought, judged, remoteAddress);
      await gate.abandon();
    }
    return this.#deny('join', brought, judged, 'fault', remoteAddress);
  }

  /** A fresh token for a running session: same viewer, same key, same camera. A refused one leaves the session as it is. */
  async renew(
    sessionId: SessionId,
    brought: Omit<Brought, 'cameraId'>,
    remoteAddress: string,
  ): Promise<Renewal | 'unknown'> {
    const gate = this.#gates.get(sessionId);
    if (!gate || gate.ending) return 'unknown';
    const asked = { ...brought, cameraId: gate.cameraId };
    const judged = this.#deps.judge.judge(asked, this.#deps.clock.nowMs());
    if (judged.freshNonce !== null)
      return { renewed: false, code: 'possession-invalid', freshNonce: judged.freshNonce };
    const { evidence } = judged;
    const deny = async (code: DenialCode): Promise<Renewal> => {
      await this.#record('renew', asked, judged, code, remoteAddress);
      return { renewed: false, code, freshNonce: null };
    };
    const decision = await this.#decide(gate.cameraId, evidence, gate);
    if (!decision.verdict.open) return deny(decision.verdict.denial.code);
    if (!isValid(evidence) || !isSameViewer(gate.evidence.token, evidence.token)) return deny('possession-wrong-key');
    // With sound or without is on record for the whole session: for the other, the viewer joins anew.
    if (grantsAudio(evidence.token) !== gate.hasAudio) return deny('token-wrong-action');
    if (gate.ending) return 'unknown';
    gate.evidence = evidence;
    gate.confirm(decision.decidedAt, decision.verdict.untilMs);
    return { renewed: true, untilMs: decision.verdict.untilMs };
  }

  async answer(sessionId: SessionId, sdp: string): Promise<Awaited<ReturnType<Gate['answer']>> | 'unknown'> {
    return (await this.#gates.get(sessionId)?.answer(sdp)) ?? 'unknown';
  }

  /** New ICE credentials for a running session; null when it has ended or cannot have them. */
  async restartIce(sessionId: SessionId): Promise<IceCredentials | null> {
    return (await this.#gates.get(sessionId)?.restartIce()) ?? null;
  }

  async leave(sessionId: SessionId, reason: 'left' | 'connection-lost' = 'left'): Promise<void> {
    await this.#gates.get(sessionId)?.close(reason);
  }

  /** A fact changed: decides the gates it touches again. Resolves when every valve that had to close has answered. */
  async settle(affected: Affected): Promise<Settled> {
    const round = this.#deps.gatherer.beginRound();
    const settled = await Promise.all(this.#matching(affected).map((gate) => this.#settle(gate, 'event', round)));
    return summarise(settled);
  }

  /** Ends every session, since the server stops; nothing opens afterwards. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#closeMatching('all', 'server-stopped');
    await this.#deps.denials.flush();
  }

  async #decide(
    cameraId: CameraId,
    evidence: Evidence,
    but: Gate | null,
    gatherer = this.#deps.gatherer,
  ): Promise<Decision> {
    const decidedAt = this.#deps.clock.monotonicMs();
    const gathered = await gatherer.gather(cameraId, evidence, () => this.#countFeeds(evidence, but));
    return { verdict: gathered === null ? closedByFault : decideGate(gathered.facts), gathered, decidedAt };
  }

  #decideNow(gathered: Gathered | null, evidence: Evidence): Verdict {
    if (gathered === null) return closedByFault;
    return decideGate({ ...gathered.facts, budget: this.#countFeeds(evidence, null) });
  }

  #countFeeds(evidence: Evidence, but: Gate | null): BudgetFact {
    const others = [...this.#gates.values()].filter((gate) => gate !== but && !gate.ending);
    const isOfficer = (gate: Gate) => isValid(evidence) && isSameOfficer(gate.evidence.token, evidence.token);
    return { officerFeeds: others.filter(isOfficer).length, allFeeds: others.length };
  }

  #reserve(cameraId: CameraId, evidence: ValidEvidence, link: ViewerLink): Gate {
    const sessionId = buildId('ses', this.#deps.randomness.bytes(ID_RANDOM_BYTES));
    const gate = new Gate({ sessionId, cameraId, evidence, link }, this.#deps, {
      due: (one) => void this.#settle(one, 'lease'),
      closed: (one) => {
        this.#gates.delete(one.sessionId);
        this.#deps.telemetry.sessionsActive(this.#gates.size);
      },
    });
    this.#gates.set(sessionId, gate);
    this.#deps.telemetry.sessionsActive(this.#gates.size);
    return gate;
  }

  async #start(gate: Gate, { facts, revision }: Gathered, judged: Judged, remoteAddress: string) {
    const { token } = gate.evidence;
    try {
      return await gate.start({
        sessionId: gate.sessionId,
        cameraId: gate.cameraId,
        consentId: token.consentId,
        incidentId: token.incidentId,
        charterId: token.charterId,
        incidentType: facts.incident?.type ?? 'unknown',
        agency: token.agency,
        subject: token.subject,
        remoteAddress,
        tokenHash: judged.tokenHash ?? '',
        possession: gate.evidence.possession.scheme,
        audio: gate.hasAudio,
        startedAtMs: facts.nowMs,
        decidedOn: revision,
      });
    } catch (failure) {
      this.#deps.log.error({ sessionId: gate.sessionId, failure: String(failure) }, 'a start could not be recorded');
      return 'ending';
    }
  }

  async #open(
    gate: Gate,
    decidedAt: MonotonicMs,
    untilMs: number,
    brought: Brought,
    judged: Judged,
    remoteAddress: string,
  ): Promise<Admission> {
    gate.confirm(decidedAt, untilMs);
    const opened = await gate.open(brought.playerOffer ?? null).catch((failure): { closed: EndReason } => {
      this.#deps.log.error({ sessionId: gate.sessionId, failure: String(failure) }, 'a valve could not be opened');
      return { closed: 'source-lost' };
    });
    if ('offer' in opened && !gate.ending) return { admitted: true, sessionId: gate.sessionId, ...opened, untilMs };
    await gate.close('closed' in opened ? opened.closed : 'source-lost');
    return this.#deny('join', brought, judged, 'source-unavailable', remoteAddress);
  }

  async #settle(gate: Gate, cause: 'event' | 'lease', round?: FactsGatherer): Promise<MonotonicMs | null> {
    if (gate.ending) return null;
    const { verdict, decidedAt } = await this.#decide(gate.cameraId, gate.evidence, gate, round);
    if (gate.ending) return null;
    this.#count(verdict);
    if (verdict.open) {
      const moved = gate.untilMs !== verdict.untilMs;
      gate.confirm(decidedAt, verdict.untilMs);
      if (moved) gate.tell();
      return null;
    }
    // In doubt a lease is let run out, an event closes at once.
    if (verdict.denial.code === 'fault' && cause === 'lease') return null;
    return (await gate.close(toEndReason(verdict.denial.code))).darkAt;
  }

  async #closeMatching(affected: Affected, reason: EndReason): Promise<void> {
    await Promise.all(this.#matching(affected).map((gate) => gate.close(reason)));
  }

  #matching(affected: Affected): Gate[] {
    const all = [...this.#gates.values()];
    if (affected !== 'all' && 'sessionId' in affected)
      return all.filter((gate) => gate.sessionId === affected.sessionId);
    if (affected === 'all') return all;
    if ('cameraId' in affected) return all.filter((gate) => gate.cameraId === affected.cameraId);
    return all.filter((gate) => gate.incidentId === affected.incidentId);
  }

  async #deny(stage: DenialNote['stage'], brought: Brought, judged: Judged, code: DenialCode, remoteAddress: string) {
    await this.#record(stage, brought, judged, code, remoteAddress);
    return { admitted: false, code, freshNonce: null } as const;
  }

  #record(stage: DenialNote['stage'], brought: Brought, judged: Judged, code: DenialCode, remoteAddress: string) {
    const { agency, incidentId, evidence } = judged;
    const subject = 'refused' in evidence.token ? null : evidence.token.subject;
    return this.#deps.denials.record(
      { stage, cameraId: brought.cameraId, incidentId, agency, code },
      { subject, remoteAddress, tokenHash: judged.tokenHash },
    );
  }

  #count(verdict: Verdict): void {
    this.#deps.telemetry.gateDecided(verdict.open ? 'open' : 'closed', verdict.open ? 'none' : verdict.check);
  }
}

const isSameOfficer = (a: TokenFact, b: TokenFact): boolean => a.subject === b.subject && a.agency === b.agency;
const isSameViewer = (a: TokenFact, b: TokenFact): boolean =>
  isSameOfficer(a, b) && a.jkt === b.jkt && a.incidentId === b.incidentId;

function summarise(darkAts: readonly (MonotonicMs | null)[]): Settled {
  const dark = darkAts.filter((at) => at !== null);
  const lastDarkAt = dark.reduce<MonotonicMs | null>((last, at) => (last === null || at > last ? at : last), null);
  return { sessionsEnded: dark.length, lastDarkAt };
}
