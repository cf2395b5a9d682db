/* The rules between entries as a table: a sound history, and each way to break it with the words it earns. */
import { type LedgerEntry, ledgerEntrySchema } from '@sallyport/protocol/ledger-entry';
import t from 'tap';
import { LedgerRules } from '../../src/store/ledger-rules.ts';
import { hashOf, NOON_MS, newId } from './open-scratch.ts';

const ids = {
  nodeId: newId('nod'),
  cameraId: newId('cam'),
  otherCamera: newId('cam'),
  consentId: newId('con'),
  laterConsent: newId('con'),
  incidentId: newId('inc'),
  charterId: newId('chr'),
  sessionId: newId('ses'),
};
const { cameraId, consentId, incidentId, charterId, sessionId, nodeId } = ids;
const terms = { hash: hashOf('x'), validUntilMs: NOON_MS, mode: 'always' };

type Draft = Record<string, unknown> & { readonly type: string };
const draft = {
  boot: { type: 'node.started', nodeId, crashedSessions: 0, lastAliveMs: null },
  stop: { type: 'node.stopped', nodeId },
  charter: { type: 'charter.set', charterId, hash: hashOf('c'), startsAtMs: 0, endsAtMs: NOON_MS },
  camera: { type: 'camera.enrolled', cameraId, ownership: 'city' },
  noCamera: { type: 'camera.withdrawn', cameraId },
  away: { type: 'camera.interrupted', cameraId, lostAtMs: NOON_MS - 900, backAtMs: NOON_MS - 100, count: 1 },
  consent: { type: 'consent.given', cameraId, consentId, ...terms },
  renewed: { type: 'consent.renewed', cameraId, consentId, ...terms },
  replaced: { type: 'consent.refused', cameraId, consentId: ids.laterConsent },
  paused: { type: 'consent.paused', cameraId, consentId },
  resumed: { type: 'consent.resumed', cameraId, consentId },
  withdrawn: { type: 'consent.withdrawn', cameraId, consentId },
  incident: { type: 'incident.opened', incidentId, incidentType: 'robbery', radiusM: 1, leaseUntilMs: 1 },
  closed: { type: 'incident.closed', incidentId },
  start: {
    type: 'session.started',
    ...{ sessionId, cameraId, consentId, incidentId, charterId, token: hashOf('t') },
    ...{ incidentType: 'robbery', agency: 'jackson.pd', possession: 'dpop' },
  },
  end: { type: 'session.ended', sessionId, cameraId, reason: 'left', lastPacketAtMs: null },
  fed: { type: 'publisher.connected', cameraId, scheme: 'key', keyId: newId('key') },
  unfed: { type: 'publisher.disconnected', cameraId, reason: 'left' },
  crash: { type: 'session.ended', sessionId, cameraId, reason: 'crash', lastPacketAtMs: 1 },
} satisfies Record<string, Draft>;
const scene: Draft[] = [draft.boot, draft.charter, draft.camera, draft.consent, draft.incident];

/** Dates and numbers the drafts as a store would, unless they say otherwise, and runs the rules over them. */
function judge(drafts: readonly Draft[]) {
  const rules = new LedgerRules();
  const words: string[] = [];
  let epoch = drafts[0]?.type === 'node.started' ? 0 : 1;
  for (const [index, each] of drafts.entries()) {
    if (each.type === 'node.started') epoch++;
    const whole: unknown = { v: 1, atMs: NOON_MS + index, epoch, private: null, ...each };
    const entry: LedgerEntry = ledgerEntrySchema.parse(whole);
    rules.step(entry, (said) => words.push(`${index}: ${said}`));
  }
  return { words, rules };
}

t.test('sound histories', async (t) => {
  const rows: [string, Draft[]][] = [
    ['an empty run', [draft.boot, draft.stop, draft.boot]],
    ['a session', [...scene, draft.start, draft.end, draft.stop]],
    ['a session left open', [...scene, draft.start]],
    ['a crash', [...scene, draft.start, { ...draft.boot, crashedSessions: 1 }, draft.crash, draft.stop]],
    ['a pause taken back', [...scene, draft.paused, draft.resumed, draft.start, draft.end]],
    ['a break', [...scene, draft.start, draft.away, { ...draft.away, backAtMs: null }, draft.end, draft.stop]],
    ['a publisher, and the same again', [...scene, draft.fed, draft.unfed, draft.fed, draft.unfed, draft.stop]],
    ['a publisher through a crash', [...scene, draft.fed, draft.boot, draft.fed, draft.unfed]],
    ['a renewal', [...scene, draft.withdrawn, draft.renewed, draft.start, draft.end]],
  ];
  for (const [name, drafts] of rows) t.same(judge(drafts).words, [], name);
  const { rules } = judge([...scene, draft.start]);
  t.same(rules.sessions, { started: 1, open: 1 });
});

t.test('broken histories', async (t) => {
  const crashed = { ...draft.boot, crashedSessions: 1 };
  const rows: [string, Draft[], RegExp][] = [
    ['no start of the server', [draft.camera], /0: it was written while the server was stopped/],
    ['after its stop', [draft.boot, draft.stop, draft.camera], /2: it was written while the server was stopped/],
    ['stopped with a session', [...scene, draft.start, draft.stop], /6: the server stops in order, but 1 sessions/],
    ['a break of a camera that is none', [draft.boot, draft.away], /1: camera \S+ was away, but is not on record/],
    ['a break that ends first', [...scene, { ...draft.away, backAtMs: 1 }], /5: camera \S+ was away until before/],
    ['a break yet to come', [...scene, { ...draft.away, backAtMs: NOON_MS + 99 }], /5: .* after this was written/],
    ['time goes back', [draft.boot, { ...draft.stop, atMs: NOON_MS - 7 }], /1: it is dated 7 ms before/],
    ['an epoch is left out', [{ ...draft.boot, epoch: 2 }], /0: the server starts epoch 2 after epoch 0/],
    ['of another epoch', [draft.boot, { ...draft.camera, epoch: 3 }], /1: it is of epoch 3, but epoch 1 runs/],
    ['two starts', [...scene, draft.start, draft.end, draft.start], /7: session .* starts a second time/],
    ['two ends', [...scene, draft.start, draft.end, draft.end], /7: session .* ends a second time/],
    ['an end alone', [...scene, draft.end], /5: session .* ends without having started/],
    [
      'the wrong count',
      [...scene, draft.start, draft.boot, draft.crash],
      /6: .* with 1 sessions left open, but says 0/,
    ],
    ['an orphan', [...scene, draft.start, crashed, draft.noCamera], /7: 1 sessions of the time before the crash/],
    ['an orphan ends as left', [...scene, draft.start, crashed, draft.end], /7: .* ends as left, but began before/],
    ['a crash without one', [...scene, draft.start, draft.crash], /6: .* ends as crash, but began after/],
    ['no charter', [...scene.toSpliced(1, 1), draft.start], /4: .* under charter .* not the newest/],
    ['no camera', [...scene.toSpliced(2, 1), draft.start], /4: .* which is not on record/],
    ['camera gone', [...scene, draft.noCamera, draft.start], /6: .* which is withdrawn/],
    ['camera twice', [...scene, draft.camera], /5: camera .* is enrolled a second time/],
    ['no consent', [...scene.toSpliced(3, 1), draft.start], /4: .* on consent .* not on record/],
    ['consent paused', [...scene, draft.paused, draft.start], /6: .* which is paused/],
    ['consent withdrawn', [...scene, draft.withdrawn, draft.start], /6: .* which is ended/],
    ['consent replaced', [...scene, draft.replaced, draft.start], /6: .* which is replaced/],
    ['paused, never given', [draft.boot, draft.paused], /1: consent .* changes, but was never given/],
    ['another camera', [...scene, { ...draft.start, cameraId: ids.otherCamera }], /5: .* a consent for another camera/],
    ['no incident', [...scene.toSpliced(4, 1), draft.start], /4: .* for incident .* not on record/],
    ['incident closed', [...scene, draft.closed, draft.start], /6: .* for incident .* which is closed/],
    ['fed, but not there', [draft.boot, draft.fed], /1: somebody feeds camera .* not on record/],
    ['fed by two', [...scene, draft.fed, draft.fed], /6: two feed camera .* at once/],
    ['fed by nobody', [...scene, draft.unfed], /5: nobody fed camera .*, but that ends/],
    [
      'stopped while fed',
      [...scene, draft.fed, draft.stop],
      /6: the server stops in order, but 1 cameras are being fed/,
    ],
    ['ends elsewhere', [...scene, draft.start, { ...draft.end, cameraId: ids.otherCamera }], /6: .* ends on another/],
  ];
  for (const [name, drafts, expected] of rows) t.match(judge(drafts).words.join('\n'), expected, name);
});
