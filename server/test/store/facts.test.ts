/* The facts of the Store port on the real store: what is written is read back, refused or answered as promised. */
import t from 'tap';
import {
  adminEntry,
  cameraEntry,
  cameraRecord,
  charterEntry,
  charterRecord,
  consentEntry,
  consentRecord,
  entry,
  incidentEntry,
  incidentRecord,
  keyRecord,
  NOON_MS,
  newId,
  openScratch,
  ownerRecord,
  scratchDirectory,
  storeScene,
} from './open-scratch.ts';

const everything = { ownerId: null, enrolledBy: null, ownership: null, limit: 100 } as const;

t.test('an empty store knows nothing', async (t) => {
  const { store } = await openScratch(t);
  t.equal(await store.readCharter(), null);
  t.equal(await store.readOwner(newId('own')), null);
  t.equal(await store.readCamera(newId('cam')), null);
  t.equal(await store.readConsent(newId('con')), null);
  t.equal(await store.readNewestConsent(newId('cam')), null);
  t.equal(await store.readIncident(newId('inc')), null);
  t.equal(await store.readKeyByHash('0'.repeat(64)), null);
  t.same(await store.listCameras(everything), []);
  t.same(await store.gatherGate(newId('cam'), newId('inc')), {
    revision: 0,
    charter: null,
    incident: null,
    camera: null,
    consent: null,
  });
  t.equal(store.ledgerSize(), 1, 'its start is on record all the same');
});

t.test('what was written is there, also after closing and opening again', async (t) => {
  const directory = scratchDirectory(t);
  const first = await openScratch(t, directory);
  const scene = await storeScene(first.store);
  const key = keyRecord();
  t.same(await first.store.addKey(key, adminEntry('key-created')), { value: key, index: 6 });
  await first.store.close(NOON_MS);
  const { store } = await openScratch(t, directory);
  t.same(await store.readCharter(), scene.charter);
  t.same(await store.readOwner(scene.owner.id), scene.owner);
  t.same(await store.readCamera(scene.camera.id), scene.camera);
  t.same(await store.readConsent(scene.consent.id), scene.consent);
  t.same(await store.readIncident(scene.incident.id), scene.incident);
  t.same(await store.readKeyByHash(key.hash), key);
  const { name, enrolledAtMs, sealedUrl, enrolledBy, ...fact } = scene.camera;
  const { revision, ...facts } = await store.gatherGate(scene.camera.id, scene.incident.id);
  t.same(facts, { charter: scene.charter, incident: scene.incident, camera: fact, consent: scene.consent });
  t.ok(revision > 0);
});

t.test('the newest charter is the charter', async (t) => {
  const { store } = await openScratch(t);
  const [one, two] = [charterRecord(), charterRecord({ feedsMax: 3 })];
  t.same(await store.putCharter(one, charterEntry(one)), { value: one, index: 1 });
  t.same(await store.putCharter(two, charterEntry(two)), { value: two, index: 2 });
  t.same(await store.readCharter(), two);
  await t.rejects(store.putCharter(one, charterEntry(one)), { code: 'refused' }, 'one id, one charter');
  t.same(await store.readCharter(), two);
  t.equal(store.ledgerSize(), 3, 'the refused one left no entry');
});

t.test('cameras: caps, filters, changes, withdrawal', async (t) => {
  const { store } = await openScratch(t);
  const owner = ownerRecord();
  await store.addOwner(owner, adminEntry('owner-added'));
  const cameras = [cameraRecord(owner.id), cameraRecord(owner.id), cameraRecord(owner.id)];
  const [a, b, c] = cameras as [(typeof cameras)[0], (typeof cameras)[0], (typeof cameras)[0]];
  // Sent together: the cap holds although all three counted before any was durable.
  const outcomes = await Promise.all(cameras.map((camera) => store.addCamera(camera, 2, cameraEntry(camera))));
  t.same(outcomes, [{ value: a, index: 2 }, { value: b, index: 3 }, 'cap-reached']);
  const city = cameraRecord(owner.id, { ownership: 'city' });
  t.match(await store.addCamera(city, 1, cameraEntry(city)), { index: 4 }, 'each ownership has its own cap');
  t.equal(await store.addCamera(c, 0, cameraEntry(c)), 'cap-reached');

  t.same(await store.listCameras(everything), [a, b, city]);
  t.same(await store.listCameras({ ...everything, limit: 1 }), [a]);
  t.same(await store.listCameras({ ...everything, ownership: 'city' }), [city]);
  t.same(await store.listCameras({ ...everything, enrolledBy: b.enrolledBy }), [b]);
  t.same(await store.listCameras({ ...everything, ownerId: newId('own') }), []);

  const place = { lat: 1.25, lon: -2.5 };
  const changed = { ...a, name: 'Back door', place };
  const entryOfChange = adminEntry('camera-changed');
  t.same(await store.changeCamera(a.id, { name: 'Back door', place }, entryOfChange), { value: changed, index: 5 });
  t.match(await store.changeCamera(a.id, { sealedUrl: 'sealed:new' }, entryOfChange), {
    value: { sealedUrl: 'sealed:new' },
  });
  t.equal(await store.changeCamera(newId('cam'), { name: 'x' }, entryOfChange), 'unknown');

  const withdrawn = entry({ type: 'camera.withdrawn', cameraId: a.id });
  t.match(await store.withdrawCamera(a.id, NOON_MS, withdrawn), { value: { id: a.id, state: 'withdrawn' }, index: 7 });
  t.equal(await store.withdrawCamera(a.id, NOON_MS, withdrawn), 'unknown', 'once');
  t.equal(await store.changeCamera(a.id, { name: 'x' }, entryOfChange), 'unknown', 'and then it stays as it is');
  t.match(await store.addCamera(c, 2, cameraEntry(c)), { index: 8 }, 'a withdrawn camera frees its place');
  t.equal(store.ledgerSize(), 9);
});

t.test('a camera needs an owner, a consent needs a camera', async (t) => {
  const { store } = await openScratch(t);
  const camera = cameraRecord(newId('own'));
  const consent = consentRecord(camera);
  await t.rejects(store.addCamera(camera, 5, cameraEntry(camera)), { code: 'refused' });
  await t.rejects(store.addConsent(consent, consentEntry(consent)), { code: 'refused' });
  t.equal(store.ledgerSize(), 1, 'what was refused left nothing behind');
  t.equal(await store.readCamera(camera.id), null);
});

t.test('consents: replaced, moved only from where they may be', async (t) => {
  const { store } = await openScratch(t);
  const { camera, consent } = await storeScene(store);
  const { id, cameraId } = consent;
  const to = (type: 'consent.paused' | 'consent.resumed' | 'consent.withdrawn') =>
    entry({ type, cameraId, consentId: id });
  const paused = { ...consent, state: 'paused' };
  t.match(await store.moveConsent(id, ['given'], 'paused', NOON_MS, to('consent.paused')), { value: paused });
  t.same(await store.moveConsent(id, ['given'], 'withdrawn', NOON_MS, to('consent.withdrawn')), { refused: paused });
  t.equal(await store.moveConsent(newId('con'), ['given'], 'paused', NOON_MS, to('consent.paused')), 'unknown');
  const size = store.ledgerSize();
  const race = await Promise.all([
    store.moveConsent(id, ['paused'], 'given', NOON_MS, to('consent.resumed')),
    store.moveConsent(id, ['paused'], 'withdrawn', NOON_MS, to('consent.withdrawn')),
  ]);
  t.match(race, [{ value: { state: 'given' }, index: size }, { refused: { state: 'given' } }], 'one of two wins');

  const later = consentRecord(camera, { audio: true });
  await store.addConsent(later, consentEntry(later));
  t.same(await store.readNewestConsent(camera.id), later);
  t.same(await store.readConsent(id), { ...consent, state: 'given' }, 'the one before stays on record');
});

t.test('incidents: once per outside number, changed by compare and set', async (t) => {
  const { store } = await openScratch(t);
  const incident = incidentRecord();
  const twin = incidentRecord({ externalId: incident.externalId });
  const both = await Promise.all([
    store.addIncident(incident, incidentEntry(incident)),
    store.addIncident(twin, incidentEntry(twin)),
  ]);
  t.same(both, [
    { value: incident, index: 1 },
    { value: incident, index: null },
  ]);
  t.equal(await store.readIncident(twin.id), null);
  const closed = { ...incident, state: 'closed' as const, closedAtMs: NOON_MS + 5 };
  const closing = entry({ type: 'incident.closed', incidentId: incident.id });
  t.same(await store.changeIncident(incident, closed, closing), { value: closed, index: 2 });
  t.equal(await store.changeIncident(incident, closed, closing), 'moved');
  t.equal(await store.changeIncident(twin, twin, closing), 'unknown');
  await t.rejects(store.changeIncident(closed, { ...closed, externalId: 'other' }, closing), { code: 'refused' });
  t.equal(store.ledgerSize(), 3);
});

t.test('keys: by hash, until revoked', async (t) => {
  const { store } = await openScratch(t);
  const key = keyRecord({ role: 'vendor', agency: null });
  await store.addKey(key, adminEntry('key-created'));
  await t.rejects(store.addKey({ ...key, id: newId('key') }, adminEntry('key-created')), { code: 'refused' });
  t.equal(await store.revokeKey(key.id, adminEntry('key-revoked')), 'revoked');
  t.equal(await store.revokeKey(key.id, adminEntry('key-revoked')), 'unknown');
  t.equal(await store.readKeyByHash(key.hash), null);
});

t.test('the revision moves with the facts of the gate and with no others', async (t) => {
  const { store } = await openScratch(t);
  const { camera, incident, consent, owner } = await storeScene(store);
  const revision = async () => (await store.gatherGate(camera.id, incident.id)).revision;
  const first = await revision();
  const [otherCamera, otherIncident] = [cameraRecord(owner.id), incidentRecord()];
  await store.addCamera(otherCamera, 5, cameraEntry(otherCamera));
  await store.addIncident(otherIncident, incidentEntry(otherIncident));
  await store.append(entry({ type: 'audit.read', what: 'sessions', keyId: null }), NOON_MS);
  t.equal(await revision(), first, 'unmoved by other cameras and incidents');

  const { id, cameraId } = consent;
  const next = { ...incident, radiusM: 100 };
  const charter = charterRecord();
  const steps: [string, () => Promise<unknown>][] = [
    ['camera', () => store.changeCamera(camera.id, { name: 'Side door' }, adminEntry('camera-changed'))],
    [
      'consent',
      () =>
        store.moveConsent(id, ['given'], 'paused', NOON_MS, entry({ type: 'consent.paused', cameraId, consentId: id })),
    ],
    ['incident', () => store.changeIncident(incident, next, incidentEntry(next))],
    ['charter', () => store.putCharter(charter, charterEntry(charter))],
  ];
  let before = first;
  for (const [name, step] of steps) {
    await step();
    const after = await revision();
    t.ok(after > before, name);
    before = after;
  }
});
