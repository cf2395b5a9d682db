/*
 * A set of facts under which every check passes; tests change one thing at a time. Times are small numbers around NOW_MS.
 */
import type { Charter } from '@sallyport/protocol/charter';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import { buildId } from '@sallyport/protocol/ids';
import type { Incident } from '@sallyport/protocol/incident';
import type { CameraFact, GateFacts, TokenFact } from '../../src/domain/facts.ts';

/** Monday 5 January 2026, 12:00 UTC. */
export const NOW_MS = Date.UTC(2026, 0, 5, 12, 0, 0);
const seeded = (seed: number) => new Uint8Array(17).fill(seed);

export const charterId = buildId('chr', seeded(1));
export const ownerId = buildId('own', seeded(2));
export const cameraId = buildId('cam', seeded(3));
export const consentId = buildId('con', seeded(4));
export const incidentId = buildId('inc', seeded(5));
export const otherCameraId = buildId('cam', seeded(6));
export const otherIncidentId = buildId('inc', seeded(7));

export const charter: Charter = {
  id: charterId,
  hash: '0'.repeat(64),
  setAtMs: NOW_MS - 2_000,
  title: 'Pilot',
  startsAtMs: NOW_MS - 1_000,
  endsAtMs: NOW_MS + 900_000,
  agencies: ['jackson.pd'],
  hours: null,
  incidentTypesAllowed: ['robbery', 'assault'],
  incidentTypesDenied: ['protest'],
  radiusMMax: 150,
  cityCamerasMax: 5,
  privateCamerasMax: 5,
  feedsPerOfficerMax: 4,
  feedsMax: 100,
};

export const camera: CameraFact = {
  id: cameraId,
  ownerId,
  ownership: 'private',
  place: { lat: 32.2988, lon: -90.1848 },
  state: 'enrolled',
};

export const consent: ConsentRecord = {
  id: consentId,
  cameraId,
  ownerId,
  waiver: { version: 'v1', hash: '1'.repeat(64), language: 'en' },
  purposes: ['any-incident'],
  agencies: ['jackson.pd'],
  hours: null,
  mode: 'always',
  audio: false,
  state: 'given',
  givenAtMs: NOW_MS - 5_000,
  validUntilMs: NOW_MS + 800_000,
  hash: '2'.repeat(64),
};

export const incident: Incident = {
  id: incidentId,
  externalId: 'CAD-1',
  type: 'robbery',
  agencies: ['jackson.pd'],
  place: { lat: 32.2988, lon: -90.1848 },
  radiusM: 150,
  state: 'open',
  openedAtMs: NOW_MS - 1_000,
  leaseUntilMs: NOW_MS + 700_000,
  closedAtMs: null,
};

export const token: TokenFact = {
  subject: 'officer-7',
  agency: 'jackson.pd',
  jkt: 'k'.repeat(43),
  notBeforeMs: NOW_MS - 1_000,
  expiresAtMs: NOW_MS + 300_000,
  cameraId,
  incidentId,
  consentId,
  charterId,
  actions: ['view_live'],
  datatypes: ['video'],
};

export const passing: GateFacts = {
  nowMs: NOW_MS,
  cameraId,
  token,
  possession: { scheme: 'dpop', jkt: token.jkt },
  charter,
  incident,
  camera,
  consent,
  budget: { officerFeeds: 0, allFeeds: 0 },
};
