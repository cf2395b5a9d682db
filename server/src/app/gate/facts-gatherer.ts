/*
 * Gathers what a gate is decided from: the stored facts, the evidence the viewer brought, the feeds already open.
 * Reads through ports; decides nothing. Used by the gate keeper.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import type { BudgetFact, GateFacts, PossessionFact, Refused, TokenFact } from '../../domain/facts.ts';
import { appBounds } from '../bounds.ts';
import type { Clock } from '../ports/clock.ts';
import type { GateFactStore, Revision } from '../ports/store.ts';
import type { ClockGuard } from './clock-guard.ts';

/** What the viewer proved, once; looked at again at every decision, since time passes. */
export type Evidence = { readonly token: TokenFact | Refused; readonly possession: PossessionFact | Refused };

export type Gathered = { readonly facts: GateFacts; readonly revision: Revision };

const nothingStored = { revision: 0, charter: null, incident: null, camera: null, consent: null } as const;

export class FactsGatherer {
  readonly #store: GateFactStore;
  readonly #clock: Clock;
  readonly #guard: ClockGuard;

  constructor(store: GateFactStore, clock: Clock, guard: ClockGuard) {
    this.#store = store;
    this.#clock = clock;
    this.#guard = guard;
  }

  /**
   * A gatherer for one round over many gates: what is read for one camera and incident is read once. It MUST NOT outlive
   * the round: what it has read grows old.
   */
  beginRound(): FactsGatherer {
    const reads = new Map<string, ReturnType<GateFactStore['gatherGate']>>();
    const gatherGate: GateFactStore['gatherGate'] = (cameraId, incidentId) => {
      const key = `${cameraId} ${incidentId}`;
      const read = reads.get(key) ?? this.#store.gatherGate(cameraId, incidentId);
      reads.set(key, read);
      return read;
    };
    return new FactsGatherer({ gatherGate }, this.#clock, this.#guard);
  }

  /**
   * Answers null in doubt: the store failed or took more than 3 s, or the clock went back. A viewer without a valid
   * token gets facts without a look into the store: it would learn nothing and must cost nothing.
   */
  async gather(cameraId: CameraId, evidence: Evidence, countFeeds: () => BudgetFact): Promise<Gathered | null> {
    const { token } = evidence;
    const stored = 'refused' in token ? nothingStored : await this.#read(cameraId, token);
    const nowMs = this.#guard.trustedNowMs();
    if (stored === null || nowMs === null) return null;
    const { revision, ...storedFacts } = stored;
    return { revision, facts: { nowMs, cameraId, ...evidence, ...storedFacts, budget: countFeeds() } };
  }

  #read(cameraId: CameraId, token: TokenFact) {
    return new Promise<Awaited<ReturnType<GateFactStore['gatherGate']>> | null>((resolve) => {
      const timer = this.#clock.after(appBounds.gatherWithinMs, () => resolve(null));
      this.#store
        .gatherGate(cameraId, token.incidentId)
        .then(resolve, () => resolve(null))
        .finally(() => timer.cancel());
    });
  }
}
