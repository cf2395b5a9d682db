/*
 * The token desk: an agency asks for a consent token, or which cameras are near. Both run the same table of checks as the
 * gate, less what only the viewer can bring; neither says why a camera is missing.
 */

import type { CameraGrant } from '@sallyport/protocol/consent-token';
import type { CameraId, IncidentId } from '@sallyport/protocol/ids';
import type { NearbyCamera } from '@sallyport/protocol/incident';
import { limits } from '@sallyport/protocol/limits';
import type { DenialCode } from '@sallyport/protocol/reasons';
import type { TokenAnswer, TokenRequest } from '@sallyport/protocol/token-request';
import { decideGate } from '../domain/decide-gate.ts';
import { distanceM } from '../domain/distance.ts';
import type { GateFacts } from '../domain/facts.ts';
import { toWireDenial } from '../domain/wire-reason.ts';
import type { Actor } from './actor.ts';
import type { DenialRecorder } from './gate/denial-recorder.ts';
import { done, type Outcome, refuse } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { CameraStore, EntryAppender, GateFactStore, IncidentStore } from './ports/store.ts';
import type { ConsentTokens } from './ports/token-port.ts';

export type TokenDeskDeps = {
  readonly store: GateFactStore & CameraStore & IncidentStore & EntryAppender;
  readonly tokens: ConsentTokens;
  readonly denials: DenialRecorder;
  readonly clock: Clock;
};

type Prospect =
  | { readonly ok: true; readonly facts: GateFacts; readonly grant: CameraGrant; readonly untilMs: number }
  | { readonly ok: false; readonly code: DenialCode };

/** Stands for the viewer who will come: budget and possession are decided at the gate itself. */
const PROSPECT_KEY = 'prospect';

export class TokenDesk {
  readonly #deps: TokenDeskDeps;

  constructor(deps: TokenDeskDeps) {
    this.#deps = deps;
  }

  /** All the cameras asked for, or none: the refusal names no camera and no reason. Each refusal goes to the ledger. */
  async issue(request: TokenRequest, actor: Actor): Promise<Outcome<TokenAnswer>> {
    const { tokens, clock, store, denials } = this.#deps;
    const { agency } = actor;
    if (agency === null) return refuse('forbidden', 'Only a key of an agency may ask for tokens.');
    const { incidentId } = request;
    const cameraIds = [...new Set(request.cameraIds)];
    const prospects = await Promise.all(cameraIds.map((id) => this.#prospect(id, incidentId, agency)));
    const refusedCode = prospects.find((prospect) => !prospect.ok)?.code;
    if (refusedCode !== undefined) {
      const refusedNotes = prospects.flatMap((prospect, at) =>
        prospect.ok ? [] : [{ cameraId: cameraIds[at] ?? null, code: prospect.code }],
      );
      const record = (note: (typeof refusedNotes)[number]) =>
        denials.record({ stage: 'token', incidentId, agency, ...note }, { subject: request.viewer });
      await Promise.all(refusedNotes.map(record));
      const wire = toWireDenial(refusedCode);
      return wire === 'incident-closed' || wire === 'programme-closed'
        ? refuse(
            wire,
            wire === 'incident-closed' ? 'The incident is not open.' : 'The charter does not allow viewing now.',
          )
        : refuse('not-available', 'At least one of these cameras cannot be watched now.');
    }
    const grants = prospects.flatMap((prospect) => (prospect.ok ? [prospect.grant] : []));
    const nowMs = clock.nowMs();
    const { viewer, jkt, lifeMs } = request;
    const issued = tokens.issue({ viewer, agency, jkt, lifeMs, cameras: grants }, nowMs);
    const { tokenHash, expiresAtMs } = issued;
    const draft = { type: 'token.issued', incidentId, agency, token: tokenHash, cameraIds, expiresAtMs } as const;
    await store.append({ draft, opening: { subject: viewer, by: actor.id } }, nowMs);
    return done({ token: issued.token, expiresAtMs });
  }

  /** Nearest first; only what may be watched now. */
  async listNearby(
    incidentId: IncidentId,
    actor: Actor,
  ): Promise<Outcome<{ readonly items: readonly NearbyCamera[] }>> {
    const { store } = this.#deps;
    const { agency } = actor;
    const incident = await store.readIncident(incidentId);
    if (incident === null || agency === null || !incident.agencies.includes(agency))
      return refuse('not-found', 'There is no such incident for your agency.');
    const filter = { ownerId: null, enrolledBy: null, ownership: null, limit: limits.pageSizeMax };
    const cameras = await store.listCameras(filter);
    const near = cameras.filter((one) => distanceM(one.place, incident.place) <= incident.radiusM);
    const rows = await Promise.all(
      near.map(async ({ id, name, ownership, place }) => {
        const prospect = await this.#prospect(id, incidentId, agency);
        if (!prospect.ok) return null;
        return {
          cameraId: id,
          name,
          ownership,
          distanceM: Math.round(distanceM(place, incident.place)),
          untilMs: prospect.untilMs,
        };
      }),
    );
    return done({ items: rows.filter((row) => row !== null).sort((a, b) => a.distanceM - b.distanceM) });
  }

  async #prospect(cameraId: CameraId, incidentId: IncidentId, agency: string): Promise<Prospect> {
    const { revision: _, ...stored } = await this.#deps.store.gatherGate(cameraId, incidentId);
    const { consent, charter } = stored;
    if (charter === null) return { ok: false, code: 'charter-missing' };
    if (stored.incident === null) return { ok: false, code: 'incident-unknown' };
    if (consent === null) return { ok: false, code: stored.camera === null ? 'camera-unknown' : 'consent-missing' };
    const nowMs = this.#deps.clock.nowMs();
    const grant = {
      cameraId,
      incidentId,
      consentId: consent.id,
      charterId: charter.id,
      actions: ['view_live'],
      datatypes: consent.audio ? ['video', 'audio'] : ['video'],
    };
    const token = {
      ...grant,
      subject: PROSPECT_KEY,
      agency,
      jkt: PROSPECT_KEY,
      notBeforeMs: nowMs,
      expiresAtMs: nowMs + limits.tokenLifeMsMax,
    };
    const facts: GateFacts = {
      ...stored,
      nowMs,
      cameraId,
      token,
      possession: { scheme: 'dpop', jkt: PROSPECT_KEY },
      budget: { officerFeeds: 0, allFeeds: 0 },
    };
    const verdict = decideGate(facts);
    return verdict.open
      ? { ok: true, facts, grant, untilMs: verdict.untilMs }
      : { ok: false, code: verdict.denial.code };
  }
}
