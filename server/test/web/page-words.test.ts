/*
 * The words of the pages: times, ledger entries, tiles, owners. Tables, and inputs from outside that are not as they
 * should be.
 */
import type { CameraView } from '@sallyport/protocol/camera';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import { ledgerEntrySchema } from '@sallyport/protocol/ledger-entry';
import type { SessionView } from '@sallyport/protocol/session';
import fc from 'fast-check';
import t from 'tap';
import { toEntryWords } from '../../web/src/entry-words.ts';
import { outcomeText, sessionText, sharingText, toSharing } from '../../web/src/owner-words.ts';
import { withComplaint } from '../../web/src/tile-words.ts';
import { lengthText, wordText } from '../../web/src/time-words.ts';

const id = <P extends string>(prefix: P): `${P}_${string}` => `${prefix}_${'a'.repeat(26)}`;

t.test('times', async (t) => {
  t.same([12_000, 300_000, 7_200_000, 3_888_000_000].map(lengthText), ['12 s', '5 min', '2 h', '45 days']);
  t.equal(wordText('shots-fired'), 'shots fired');
});

t.test('every type of ledger entry has a sentence', async (t) => {
  const fields = {
    v: 1,
    atMs: 1_000,
    epoch: 1,
    private: null,
    cameraId: id('cam'),
    consentId: id('con'),
    incidentId: id('inc'),
    sessionId: id('ses'),
    charterId: id('chr'),
    nodeId: id('nod'),
    keyId: id('key'),
    scheme: 'dpop',
    agency: 'jackson.pd',
    hash: 'a'.repeat(64),
    validUntilMs: 2_000,
    mode: 'always',
    incidentType: 'shots-fired',
    radiusM: 150,
    leaseUntilMs: 2_000,
    startsAtMs: 1,
    endsAtMs: 2,
    ownership: 'city',
    token: 'b'.repeat(64),
    cameraIds: [id('cam')],
    expiresAtMs: 301_000,
    stage: 'join',
    code: 'consent-paused',
    count: 3,
    possession: 'dpop',
    reason: 'left',
    lastPacketAtMs: null,
    lostAtMs: 500,
    backAtMs: 900,
    crashedSessions: 0,
    lastAliveMs: null,
    key: 'k',
    purpose: 'token-signing',
    what: 'charter',
  };
  const seen = new Set<string>();
  for (const option of ledgerEntrySchema.options) {
    const [type = ''] = option.shape.type.values;
    const names = Object.keys(option.shape);
    const entry = Object.fromEntries(Object.entries({ ...fields, type }).filter(([name]) => names.includes(name)));
    t.ok(ledgerEntrySchema.safeParse(entry).success, `${type}: the entry is one of the contract`);
    const words = toEntryWords(JSON.stringify(entry));
    t.match(words.text, /^[A-Zj].*\.$/, type);
    t.notMatch(words.text, /undefined|null|NaN|\{/, type);
    t.equal(words.atMs, 1_000);
    seen.add(words.text);
  }
  t.equal(seen.size, ledgerEntrySchema.options.length, 'and no two the same');
});

t.test('what a session’s boundaries say', async (t) => {
  const started = { type: 'session.started', agency: 'jackson.pd', cameraId: id('cam'), incidentId: id('inc') };
  const text = JSON.stringify({ ...started, incidentType: 'robbery', sessionId: id('ses'), atMs: 5 });
  t.match(toEntryWords(text), { tone: 'opens', text: /jackson\.pd began to watch camera aaaaaa .*\(robbery\)/ });
  const heard = JSON.stringify({ ...JSON.parse(text), audio: true });
  t.match(toEntryWords(heard), { text: /began to watch and hear camera aaaaaa/ });
  const ended = JSON.stringify({ type: 'session.ended', cameraId: id('cam'), sessionId: id('ses'), reason: 'left' });
  t.match(toEntryWords(ended), { tone: 'closes', text: /ended: left\./, atMs: null });
});

t.test('what is said of a camera that was away', async (t) => {
  const away = { type: 'camera.interrupted', cameraId: id('cam'), lostAtMs: 1_000, backAtMs: 13_000, count: 1 };
  const wordsOf = (change: object): string => toEntryWords(JSON.stringify({ ...away, ...change })).text;
  t.match(wordsOf({}), /away while it was watched: for 12 s/);
  t.match(wordsOf({ backAtMs: 1_001 }), /for 1 s/, 'never for no time');
  t.match(wordsOf({ count: 4 }), /away while it was watched, 4 times: within 12 s/);
  t.match(wordsOf({ backAtMs: null }), /lost while it was watched, and given up/);
});

t.test('entries of a newer server, or no entries at all, are shown as they stand', async (t) => {
  t.same(toEntryWords('{"type":"weather.changed","atMs":7}'), {
    tone: 'fact',
    text: '{"type":"weather.changed","atMs":7}',
    atMs: 7,
  });
  fc.assert(fc.property(fc.string(), (text) => typeof toEntryWords(text).text === 'string'));
  fc.assert(fc.property(fc.jsonValue(), (value) => typeof toEntryWords(JSON.stringify(value)).text === 'string'));
});

t.test('tiles: what the token route answered stands in the place of the refusal alone', async (t) => {
  const words = { state: 'Closed', veil: 'Refused.', facts: '', aloud: 'Closed. Refused.' };
  const refused = { name: 'dark', reason: 'token-refused', next: 'final' } as const;
  const complaint = 'Outside the radius.';
  const said = { ...words, veil: complaint, aloud: 'Closed. Outside the radius.' };
  t.same(withComplaint(words, refused, complaint), said);
  t.same(withComplaint(words, { ...refused, reason: 'token-unavailable', next: 'retrying' }, complaint), said);
  t.equal(withComplaint(words, refused, null), words);
  t.equal(withComplaint(words, { ...refused, reason: 'incident-closed' }, complaint), words, 'not about this');
  t.equal(withComplaint(words, { name: 'ended' }, complaint), words);
});

const camera: CameraView = {
  id: id('cam'),
  name: 'Door',
  ownership: 'private',
  ownerId: id('own'),
  place: { lat: 0, lon: 0 },
  state: 'enrolled',
  enrolledAtMs: 0,
  source: { kind: 'pulled', state: 'idle', reason: null },
  publisher: null,
};
const consent: ConsentRecord = {
  id: id('con'),
  cameraId: id('cam'),
  ownerId: id('own'),
  state: 'given',
  givenAtMs: 0,
  validUntilMs: 1_000,
  hash: 'a'.repeat(64),
  waiver: { version: '1', hash: 'a'.repeat(64), language: 'en' },
  purposes: ['robbery'],
  agencies: ['a'],
  hours: null,
  mode: 'always',
  audio: false,
};

t.test('anything but a standing consent is not shared', async (t) => {
  t.equal(toSharing(camera, consent, 999), 'shared');
  t.equal(toSharing(camera, { ...consent, state: 'renewed' }, 0), 'shared');
  t.equal(toSharing(camera, { ...consent, state: 'paused' }, 0), 'paused');
  t.equal(toSharing(camera, consent, 1_000), 'not-shared');
  t.equal(toSharing(camera, null, 0), 'not-shared');
  t.equal(toSharing({ ...camera, state: 'withdrawn' }, consent, 0), 'not-shared');
  for (const state of ['requested', 'refused', 'withdrawn', 'revoked', 'expired'] as const) {
    t.equal(toSharing(camera, { ...consent, state }, 0), 'not-shared', state);
  }
  t.match(sharingText('not-shared', null), /Nobody can watch/);
});

t.test('what a tap has done', async (t) => {
  t.equal(outcomeText('Paused', { sessionsEnded: 2, darkMs: 11.6 }), 'Paused. Dark after 12 ms, 2 viewers cut.');
  t.equal(outcomeText('Paused', { sessionsEnded: 1, darkMs: 0 }), 'Paused. Dark after 0 ms, 1 viewer cut.');
  t.equal(outcomeText('Paused', { sessionsEnded: 0, darkMs: 0 }), 'Paused. Nobody was watching.');
});

t.test('looks', async (t) => {
  const look: SessionView = {
    id: id('ses'),
    cameraId: id('cam'),
    incidentId: id('inc'),
    incidentType: 'shots-fired',
    agency: 'jackson.pd',
    startedAtMs: 0,
    startedIndex: 1,
    endedAtMs: null,
    endedIndex: null,
    endReason: null,
  };
  t.match(sessionText(look), /^jackson\.pd, shots fired: watching since /);
  t.match(sessionText({ ...look, endedAtMs: 60_000, endReason: 'left' }), /for 1 min \(left\)$/);
});
