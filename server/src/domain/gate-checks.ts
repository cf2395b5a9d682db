/*
 * THE TABLE. What must hold for a picture to pass, row by row, in order; the first row that does not answer 'pass'
 * decides. Pure: facts in, answer out. Read by decide-gate.ts alone.
 *
 * The order keeps secrets: who asks (token, possession) comes first, so a stranger learns nothing; then what the officer
 * knows anyway (charter, incident); the camera and its owner's mind last, all under one coarse word.
 */
import type { DenialCode } from '@sallyport/protocol/reasons';
import { distanceM } from './distance.ts';
import type { GateFacts, PossessionFact, Refused, TokenFact } from './facts.ts';
import { decideHours } from './opening-hours.ts';
import type { CheckName } from './verdict.ts';

export type Check = { readonly name: CheckName; readonly decide: (facts: GateFacts) => 'pass' | DenialCode };

const isRefused = (fact: TokenFact | PossessionFact | Refused): fact is Refused => 'refused' in fact;

function decideToken({ token, cameraId, nowMs }: GateFacts): 'pass' | DenialCode {
  if (isRefused(token)) return token.refused;
  if (nowMs >= token.expiresAtMs) return 'token-expired';
  if (nowMs < token.notBeforeMs) return 'token-not-yet-valid';
  if (token.cameraId !== cameraId) return 'token-wrong-camera';
  if (!token.actions.includes('view_live') || !token.datatypes.includes('video')) return 'token-wrong-action';
  return 'pass';
}

function decidePossession({ token, possession }: GateFacts): 'pass' | DenialCode {
  if (isRefused(possession)) return possession.refused;
  if (isRefused(token)) return 'possession-wrong-key';
  if (possession.scheme === 'dpop' && possession.jkt !== token.jkt) return 'possession-wrong-key';
  return 'pass';
}

function decideCharter({ charter, token, nowMs }: GateFacts): 'pass' | DenialCode {
  if (charter === null) return 'charter-missing';
  if (nowMs < charter.startsAtMs) return 'charter-not-begun';
  if (nowMs >= charter.endsAtMs) return 'charter-ended';
  if (isRefused(token) || token.charterId !== charter.id) return 'charter-changed';
  if (!charter.agencies.includes(token.agency)) return 'agency-not-chartered';
  if (!decideHours(charter.hours, nowMs).inside) return 'charter-outside-hours';
  return 'pass';
}

function decideIncident({ incident, charter, token, nowMs }: GateFacts): 'pass' | DenialCode {
  if (incident === null || charter === null || isRefused(token)) return 'incident-unknown';
  if (token.incidentId !== incident.id) return 'incident-unknown';
  if (incident.state !== 'open') return 'incident-closed';
  if (nowMs >= incident.leaseUntilMs) return 'incident-lapsed';
  if (!incident.agencies.includes(token.agency)) return 'incident-other-agency';
  if (charter.incidentTypesDenied.includes(incident.type)) return 'incident-type-denied';
  if (!charter.incidentTypesAllowed.includes(incident.type)) return 'incident-type-denied';
  return 'pass';
}

function decideCamera({ camera, cameraId }: GateFacts): 'pass' | DenialCode {
  if (camera === null || camera.id !== cameraId) return 'camera-unknown';
  if (camera.state !== 'enrolled') return 'camera-withdrawn';
  return 'pass';
}

const INACTIVE_CONSENT = {
  requested: 'consent-not-given',
  refused: 'consent-not-given',
  paused: 'consent-paused',
  withdrawn: 'consent-withdrawn',
  revoked: 'consent-withdrawn',
  expired: 'consent-expired',
} as const satisfies Record<string, DenialCode>;

function decideConsent({ consent, camera, incident, token, nowMs }: GateFacts): 'pass' | DenialCode {
  if (consent === null || camera === null) return 'consent-missing';
  if (consent.cameraId !== camera.id || consent.ownerId !== camera.ownerId) return 'consent-missing';
  if (consent.state !== 'given' && consent.state !== 'renewed') return INACTIVE_CONSENT[consent.state];
  if (nowMs >= consent.validUntilMs) return 'consent-expired';
  if (isRefused(token) || token.consentId !== consent.id) return 'consent-changed';
  if (!consent.agencies.includes(token.agency)) return 'consent-other-agency';
  if (incident === null || !consent.purposes.some((purpose) => purpose === incident.type || purpose === 'any-incident'))
    return 'consent-other-purpose';
  if (token.datatypes.includes('audio') && !consent.audio) return 'consent-no-audio';
  if (!decideHours(consent.hours, nowMs).inside) return 'consent-outside-hours';
  if (consent.mode !== 'always') return 'ask-unanswered';
  return 'pass';
}

function decideScope({ camera, incident, charter }: GateFacts): 'pass' | DenialCode {
  if (camera === null || incident === null || charter === null) return 'outside-radius';
  const radiusM = Math.min(incident.radiusM, charter.radiusMMax);
  return distanceM(camera.place, incident.place) <= radiusM ? 'pass' : 'outside-radius';
}

function decideBudget({ budget, charter }: GateFacts): 'pass' | DenialCode {
  if (budget === null || charter === null) return 'budget-charter';
  if (budget.officerFeeds >= charter.feedsPerOfficerMax) return 'budget-officer';
  if (budget.allFeeds >= charter.feedsMax) return 'budget-charter';
  return 'pass';
}

export const gateChecks: readonly Check[] = [
  { name: 'token', decide: decideToken },
  { name: 'possession', decide: decidePossession },
  { name: 'charter', decide: decideCharter },
  { name: 'incident', decide: decideIncident },
  { name: 'camera', decide: decideCamera },
  { name: 'consent', decide: decideConsent },
  { name: 'scope', decide: decideScope },
  { name: 'budget', decide: decideBudget },
];
