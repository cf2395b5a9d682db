/*
 * Incidents: opened, moved, extended and closed by dispatch. Every change settles the gates that hang on it, before the
 * answer goes out.
 */
import { buildId, ID_RANDOM_BYTES, type IncidentId } from '@sallyport/protocol/ids';
import type { Incident, IncidentInput, IncidentPatch } from '@sallyport/protocol/incident';
import { limits } from '@sallyport/protocol/limits';
import type { GateKeeper } from './gate/gate-keeper.ts';
import { done, type Outcome, refuse } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { CharterStore, IncidentStore } from './ports/store.ts';

export type IncidentsDeps = {
  readonly store: IncidentStore & CharterStore;
  readonly keeper: GateKeeper;
  readonly clock: Clock;
  readonly randomness: Randomness;
};

const CHANGE_TRIES_MAX = 4;
const unknown = refuse('not-found', 'There is no such incident.');

export class Incidents {
  readonly #deps: IncidentsDeps;

  constructor(deps: IncidentsDeps) {
    this.#deps = deps;
  }

  /** A repeated `externalId` answers the incident already there, open or closed. */
  async open(input: IncidentInput): Promise<Outcome<Incident>> {
    const { store, clock, randomness } = this.#deps;
    const charter = await store.readCharter();
    if (charter === null) return refuse('conflict', 'There is no charter; set one first (PUT /v1/charter).');
    const refused =
      charter.incidentTypesDenied.includes(input.type) || !charter.incidentTypesAllowed.includes(input.type);
    if (refused) return refuse('conflict', `The charter does not allow looking for incidents of type ${input.type}.`);
    const { leaseMs, ...terms } = input;
    const nowMs = clock.nowMs();
    const incident: Incident = {
      ...terms,
      id: buildId('inc', randomness.bytes(ID_RANDOM_BYTES)),
      state: 'open',
      openedAtMs: nowMs,
      leaseUntilMs: nowMs + leaseMs,
      closedAtMs: null,
    };
    const added = await store.addIncident(incident, {
      draft: toEntry('incident.opened', incident),
      opening: toOpening(incident),
    });
    return done(added.value);
  }

  async read(id: IncidentId): Promise<Outcome<Incident>> {
    const incident = await this.#deps.store.readIncident(id);
    return incident ? done(incident) : unknown;
  }

  async change(id: IncidentId, patch: IncidentPatch): Promise<Outcome<Incident>> {
    const { store, keeper, clock } = this.#deps;
    for (let tries = 0; tries < CHANGE_TRIES_MAX; tries += 1) {
      const incident = await store.readIncident(id);
      if (incident === null) return unknown;
      if (incident.state === 'closed')
        return patch.state === 'closed'
          ? done(incident)
          : refuse('conflict', 'The incident is closed; open a new one.');
      const next = toNext(incident, patch, clock.nowMs());
      const draft =
        next.state === 'closed'
          ? ({ type: 'incident.closed', incidentId: id } as const)
          : toEntry('incident.updated', next);
      const changed = await store.changeIncident(incident, next, { draft, opening: toOpening(next) });
      if (changed === 'unknown') return unknown;
      if (changed === 'moved') continue;
      await keeper.settle({ incidentId: id });
      return done(changed.value);
    }
    return refuse('conflict', 'The incident was being changed by others at the same time; read it and try again.');
  }
}

function toNext(incident: Incident, patch: IncidentPatch, nowMs: number): Incident {
  const { state, leaseMs, type, place, radiusM } = patch;
  const oldestMs = incident.openedAtMs + limits.incidentAgeMsMax;
  return {
    ...incident,
    ...(type === undefined ? {} : { type }),
    ...(place === undefined ? {} : { place }),
    ...(radiusM === undefined ? {} : { radiusM }),
    ...(leaseMs === undefined ? {} : { leaseUntilMs: Math.min(nowMs + leaseMs, oldestMs) }),
    ...(state === 'closed' ? { state, closedAtMs: nowMs } : {}),
  };
}

function toEntry(type: 'incident.opened' | 'incident.updated', incident: Incident) {
  const { id, radiusM, leaseUntilMs } = incident;
  return { type, incidentId: id, incidentType: incident.type, radiusM, leaseUntilMs };
}

const toOpening = ({ externalId, place, agencies }: Incident) => ({
  externalId,
  ...place,
  agencies: agencies.join(' '),
});
