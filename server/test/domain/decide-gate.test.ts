/*
 * The gate's table, fact by fact: each row changes one thing in a passing set and names the check and denial that follow.
 */
import fc from 'fast-check';
import t from 'tap';
import { decideGate } from '../../src/domain/decide-gate.ts';
import type { GateFacts } from '../../src/domain/facts.ts';
import { gateChecks } from '../../src/domain/gate-checks.ts';
import {
  camera,
  cameraId,
  charter,
  consent,
  incident,
  NOW_MS,
  otherCameraId,
  otherIncidentId,
  passing,
  token,
} from '../support/facts.ts';

const nightHours = { timeZone: 'UTC', windows: [{ days: [1], fromMinute: 0, toMinute: 60 }] };
const noonHours = { timeZone: 'UTC', windows: [{ days: [1], fromMinute: 700, toMinute: 721 }] };

type Row = readonly [name: string, change: Partial<GateFacts>, check: string, code: string];

const denials: readonly Row[] = [
  ['no token', { token: { refused: 'token-missing' } }, 'token', 'token-missing'],
  ['a forged token', { token: { refused: 'token-untrusted' } }, 'token', 'token-untrusted'],
  ['a token that ends this instant', { token: { ...token, expiresAtMs: NOW_MS } }, 'token', 'token-expired'],
  ['a token of tomorrow', { token: { ...token, notBeforeMs: NOW_MS + 1 } }, 'token', 'token-not-yet-valid'],
  ['a token for another camera', { token: { ...token, cameraId: otherCameraId } }, 'token', 'token-wrong-camera'],
  ['a token to record', { token: { ...token, actions: ['record'] } }, 'token', 'token-wrong-action'],
  ['a token for sound alone', { token: { ...token, datatypes: ['audio'] } }, 'token', 'token-wrong-action'],
  ['no proof', { possession: { refused: 'possession-missing' } }, 'possession', 'possession-missing'],
  ['a copied token', { possession: { scheme: 'dpop', jkt: 'x'.repeat(43) } }, 'possession', 'possession-wrong-key'],
  ['no charter', { charter: null }, 'charter', 'charter-missing'],
  ['a charter of tomorrow', { charter: { ...charter, startsAtMs: NOW_MS + 1 } }, 'charter', 'charter-not-begun'],
  ['day 46', { charter: { ...charter, endsAtMs: NOW_MS } }, 'charter', 'charter-ended'],
  ['a newer charter', { token: { ...token, charterId: 'chr_other' } }, 'charter', 'charter-changed'],
  ['an agency the council did not name', { token: { ...token, agency: 'fbi' } }, 'charter', 'agency-not-chartered'],
  ['outside charter hours', { charter: { ...charter, hours: nightHours } }, 'charter', 'charter-outside-hours'],
  ['an unknown incident', { incident: null }, 'incident', 'incident-unknown'],
  [
    'a token for another incident',
    { token: { ...token, incidentId: otherIncidentId } },
    'incident',
    'incident-unknown',
  ],
  ['a closed incident', { incident: { ...incident, state: 'closed' } }, 'incident', 'incident-closed'],
  [
    'an incident whose lease ran out',
    { incident: { ...incident, leaseUntilMs: NOW_MS } },
    'incident',
    'incident-lapsed',
  ],
  ["another agency's incident", { incident: { ...incident, agencies: ['x.pd'] } }, 'incident', 'incident-other-agency'],
  ['a protest', { incident: { ...incident, type: 'protest' } }, 'incident', 'incident-type-denied'],
  [
    'a type both allowed and denied',
    { charter: { ...charter, incidentTypesDenied: ['robbery'] } },
    'incident',
    'incident-type-denied',
  ],
  ['a type nobody allowed', { incident: { ...incident, type: 'littering' } }, 'incident', 'incident-type-denied'],
  ['an unknown camera', { camera: null }, 'camera', 'camera-unknown'],
  ['facts of another camera', { camera: { ...camera, id: otherCameraId } }, 'camera', 'camera-unknown'],
  ['a withdrawn camera', { camera: { ...camera, state: 'withdrawn' } }, 'camera', 'camera-withdrawn'],
  ['no consent', { consent: null }, 'consent', 'consent-missing'],
  ['consent of a former owner', { consent: { ...consent, ownerId: 'own_former' } }, 'consent', 'consent-missing'],
  ['consent only asked for', { consent: { ...consent, state: 'requested' } }, 'consent', 'consent-not-given'],
  ['consent refused', { consent: { ...consent, state: 'refused' } }, 'consent', 'consent-not-given'],
  ['consent paused', { consent: { ...consent, state: 'paused' } }, 'consent', 'consent-paused'],
  ['consent withdrawn', { consent: { ...consent, state: 'withdrawn' } }, 'consent', 'consent-withdrawn'],
  ['consent revoked', { consent: { ...consent, state: 'revoked' } }, 'consent', 'consent-withdrawn'],
  ['consent run out', { consent: { ...consent, validUntilMs: NOW_MS } }, 'consent', 'consent-expired'],
  ['consent marked expired', { consent: { ...consent, state: 'expired' } }, 'consent', 'consent-expired'],
  ['a token under an older consent', { token: { ...token, consentId: 'con_old' } }, 'consent', 'consent-changed'],
  ['another agency consented', { consent: { ...consent, agencies: ['x.pd'] } }, 'consent', 'consent-other-agency'],
  ['another purpose consented', { consent: { ...consent, purposes: ['assault'] } }, 'consent', 'consent-other-purpose'],
  ['sound without consent', { token: { ...token, datatypes: ['video', 'audio'] } }, 'consent', 'consent-no-audio'],
  ["outside the owner's hours", { consent: { ...consent, hours: nightHours } }, 'consent', 'consent-outside-hours'],
  ['an owner who wants to be asked', { consent: { ...consent, mode: 'ask' } }, 'consent', 'ask-unanswered'],
  [
    'a camera 300 m away',
    { camera: { ...camera, place: { lat: camera.place.lat + 0.0027, lon: camera.place.lon } } },
    'scope',
    'outside-radius',
  ],
  [
    'a radius wider than the charter allows',
    {
      incident: { ...incident, radiusM: 642 },
      camera: { ...camera, place: { lat: camera.place.lat + 0.0027, lon: camera.place.lon } },
    },
    'scope',
    'outside-radius',
  ],
  ['a fifth feed', { budget: { officerFeeds: 4, allFeeds: 4 } }, 'budget', 'budget-officer'],
  ['a full server', { budget: { officerFeeds: 0, allFeeds: 100 } }, 'budget', 'budget-charter'],
  ['an unknown budget', { budget: null }, 'budget', 'budget-charter'],
];

t.test('each fact closes the gate with its own denial', async (t) => {
  for (const [name, change, check, code] of denials) {
    t.match(decideGate({ ...passing, ...change } as GateFacts), { open: false, check, denial: { code } }, name);
  }
});

t.test('a passing set opens until its earliest end', async (t) => {
  const ends: readonly [string, Partial<GateFacts>, number, string][] = [
    ['token', {}, NOW_MS + 300_000, 'token-expired'],
    ['incident', { incident: { ...incident, leaseUntilMs: NOW_MS + 5 } }, NOW_MS + 5, 'incident-lapsed'],
    ['consent', { consent: { ...consent, validUntilMs: NOW_MS + 6 } }, NOW_MS + 6, 'consent-expired'],
    ['charter', { charter: { ...charter, endsAtMs: NOW_MS + 7 } }, NOW_MS + 7, 'charter-ended'],
    ['charter hours', { charter: { ...charter, hours: noonHours } }, NOW_MS + 60_000, 'outside-hours'],
    ['consent hours', { consent: { ...consent, hours: noonHours } }, NOW_MS + 60_000, 'outside-hours'],
  ];
  for (const [name, change, untilMs, endsWith] of ends) {
    t.same(decideGate({ ...passing, ...change }), { open: true, untilMs, endsWith }, name);
  }
});

t.test('a purpose may name the incident type itself', async (t) => {
  t.equal(decideGate({ ...passing, consent: { ...consent, purposes: ['robbery'] } }).open, true);
});

t.test('a stranger learns nothing about cameras: token and possession decide first', async (t) => {
  const secret = { camera: null, consent: null, incident: null, charter: null } as const;
  const noToken = { token: { refused: 'token-missing' } } as const;
  t.same(decideGate({ ...passing, ...noToken }), decideGate({ ...passing, ...noToken, ...secret }));
  const noProof = { possession: { refused: 'possession-missing' } } as const;
  t.same(decideGate({ ...passing, ...noProof }), decideGate({ ...passing, ...noProof, ...secret }));
});

t.test('anything but the word pass closes', async (t) => {
  const answers = [undefined, null, true, '', 'PASS', 'ok', 1, {}];
  for (const answer of answers) {
    const checks = [{ name: 'token', decide: () => answer }] as unknown as typeof gateChecks;
    t.equal(decideGate(passing, checks).open, false, String(answer));
  }
});

t.test('a check that throws closes by fault', async (t) => {
  const thrower = () => {
    throw new Error('broken');
  };
  t.match(decideGate(passing, [{ name: 'camera', decide: thrower }]), { open: false, denial: { code: 'fault' } });
});

t.test('an earliest end that is not a number in the future closes by fault', async (t) => {
  const { NaN: notANumber } = Number;
  for (const expiresAtMs of [notANumber, Number.NEGATIVE_INFINITY]) {
    t.equal(decideGate({ ...passing, token: { ...token, expiresAtMs } }).open, false, String(expiresAtMs));
  }
});

t.test('property: losing any single fact never leaves the gate open', async (t) => {
  const keys = ['charter', 'incident', 'camera', 'consent', 'budget'] as const;
  fc.assert(
    fc.property(fc.subarray([...keys], { minLength: 1 }), (lost) => {
      const facts = { ...passing, ...Object.fromEntries(lost.map((key) => [key, null])) };
      return !decideGate(facts).open;
    }),
  );
  t.pass();
});

t.test('property: an open verdict never outlives any fact it rests on', async (t) => {
  const laterMs = fc.integer({ min: -100, max: 1_000_000 }).map((ms) => NOW_MS + ms);
  fc.assert(
    fc.property(laterMs, laterMs, laterMs, laterMs, (tokenEnd, consentEnd, incidentEnd, charterEnd) => {
      const verdict = decideGate({
        ...passing,
        token: { ...token, expiresAtMs: tokenEnd },
        consent: { ...consent, validUntilMs: consentEnd },
        incident: { ...incident, leaseUntilMs: incidentEnd },
        charter: { ...charter, endsAtMs: charterEnd },
      });
      const earliest = Math.min(tokenEnd, consentEnd, incidentEnd, charterEnd);
      return earliest > NOW_MS ? verdict.open && verdict.untilMs === earliest : !verdict.open;
    }),
  );
  t.pass();
});

t.test('the passing set is really about this camera', async (t) => {
  t.equal(passing.cameraId, cameraId);
  t.equal(decideGate(passing).open, true);
  t.same(
    gateChecks.map((check) => check.name),
    ['token', 'possession', 'charter', 'incident', 'camera', 'consent', 'scope', 'budget'],
  );
});
