/* Session boundaries on the real store: one start, one end, in step with the facts and with the ledger. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { opensCommitment } from '@sallyport/protocol/commitment';
import type { SessionId } from '@sallyport/protocol/ids';
import { parseVerifierKey } from '@sallyport/protocol/signed-note';
import { verifyTlogProof } from '@sallyport/protocol/tlog-proof';
import t from 'tap';
import { isStartReceipt } from '../../src/store/open-store.ts';
import {
  entry,
  NOON_MS,
  newId,
  openScratch,
  scratchDirectory,
  startOne,
  startRecord,
  storeScene,
} from './open-scratch.ts';

const left = { reason: 'left', endedAtMs: NOON_MS, lastPacketAtMs: NOON_MS } as const;

t.test('a start gives a receipt that only the store can make', async (t) => {
  const { store } = await openScratch(t);
  const { receipt, start } = await startOne(store, await storeScene(store));
  t.same({ ...receipt }, { sessionId: start.sessionId, index: 6, audio: false });
  t.ok(isStartReceipt(receipt));
  t.notOk(isStartReceipt({ ...receipt }), 'a copy is none');
  t.notOk(isStartReceipt(null));
  t.ok(Object.isFrozen(receipt));
  const heard = await startOne(store, await storeScene(store), { audio: true });
  t.equal(heard.receipt.audio, true, 'the sound is on record');
});

t.test('a start is refused when the facts have moved since the verdict', async (t) => {
  const { store } = await openScratch(t);
  const scene = await storeScene(store);
  const { id, cameraId } = scene.consent;
  const { revision } = await store.gatherGate(scene.camera.id, scene.incident.id);
  const moved = { started: false, why: 'facts-moved' };
  // The withdrawal is in the same batch, before the start: the start must see it.
  const [, outcome] = await Promise.all([
    store.moveConsent(
      id,
      ['given'],
      'withdrawn',
      NOON_MS,
      entry({ type: 'consent.withdrawn', cameraId, consentId: id }),
    ),
    store.startSession(startRecord(scene, revision)),
  ]);
  t.same(outcome, moved);
  const now = (await store.gatherGate(scene.camera.id, scene.incident.id)).revision;
  for (const change of [
    { consentId: newId('con') },
    { charterId: newId('chr') },
    { incidentId: newId('inc') },
    { cameraId: newId('cam') },
  ]) {
    t.same(await store.startSession(startRecord(scene, now, change)), moved, JSON.stringify(change));
  }
  t.same(await store.startSession(startRecord(scene, now + 1)), moved, 'a revision that never was');
  t.same(await store.listSessions({ cameraIds: null, limit: 10, beforeIndex: null }), []);
});

t.test('one start and one end per session', async (t) => {
  const { store } = await openScratch(t);
  const scene = await storeScene(store);
  const { start } = await startOne(store, scene);
  await t.rejects(store.startSession(start), { code: 'refused' });
  const end = { sessionId: start.sessionId, ...left };
  t.same(await Promise.all([store.endSession(end), store.endSession(end)]), ['ended', 'already-ended']);
  t.equal(await store.endSession({ ...end, reason: 'lease-lapsed' }), 'already-ended');
  t.equal(await store.endSession({ ...end, sessionId: newId('ses') }), 'unknown');
  await t.rejects(store.startSession(start), { code: 'refused' }, 'not even after its end');
  t.equal(store.ledgerSize(), 8);
});

t.test('sessions are listed newest first, in pages, by camera', async (t) => {
  const { store } = await openScratch(t);
  const scene = await storeScene(store);
  const started: SessionId[] = [];
  for (let count = 0; count < 5; count++) started.push((await startOne(store, scene)).start.sessionId);
  await store.endSession({ sessionId: started[1]!, ...left });
  const page = async (cameraIds: (typeof scene.camera.id)[] | null, limit: number, beforeIndex: number | null) =>
    (await store.listSessions({ cameraIds, limit, beforeIndex })).map(({ id }) => started.indexOf(id));
  t.same(await page(null, 10, null), [4, 3, 2, 1, 0]);
  t.same(await page([scene.camera.id], 2, null), [4, 3]);
  t.same(await page([newId('cam'), scene.camera.id], 2, 9), [2, 1]);
  t.same(await page([], 10, null), [], 'no camera is not every camera');
  t.same(await page([newId('cam')], 10, null), []);
  const [view] = (await store.listSessions({ cameraIds: null, limit: 10, beforeIndex: null })).slice(3);
  t.same(view, {
    id: started[1],
    cameraId: scene.camera.id,
    incidentId: scene.incident.id,
    incidentType: 'robbery',
    agency: 'jackson.pd',
    startedAtMs: NOON_MS,
    startedIndex: 7,
    endedAtMs: NOON_MS,
    endedIndex: 11,
    endReason: 'left',
  });
});

t.test('both boundaries can be proven, and the leaf names nobody', async (t) => {
  const directory = scratchDirectory(t);
  const { store } = await openScratch(t, directory);
  const { start } = await startOne(store, await storeScene(store));
  t.match(await store.proveSession(start.sessionId), { start: { index: 6 }, end: null });
  await store.endSession({ sessionId: start.sessionId, ...left });
  const proof = await store.proveSession(start.sessionId);
  const key = parseVerifierKey(store.verifierKey());
  if (proof?.end == null || !key.ok) throw new Error('no proof');
  for (const each of [proof.start, proof.end]) {
    const verdict = await verifyTlogProof(each.proof, Buffer.from(each.entry), key.value);
    t.match(verdict, { ok: true, value: { index: each.index } });
  }
  t.notMatch(proof.start.entry, /officer-7|192\.0\.2\.7/, 'openings stay off the leaf');
  await store.close(NOON_MS);
  const database = new DatabaseSync(join(directory, 'sallyport.db'), { readOnly: true });
  const opening = database.prepare('select salt, fields from opening where idx = 6').get();
  database.close();
  const fields = JSON.parse(String(opening?.['fields']));
  t.same(fields, { subject: 'officer-7', remoteAddress: '192.0.2.7' });
  t.ok(opensCommitment(JSON.parse(proof.start.entry).private, opening?.['salt'] as Uint8Array, fields));
  t.equal(await openScratch(t, directory).then(({ store }) => store.proveSession(newId('ses'))), null);
});

t.test('time on the ledger never goes back, nor ahead of the clock', async (t) => {
  const { store, clock } = await openScratch(t);
  const scene = await storeScene(store);
  clock.wallMs = NOON_MS + 60_000;
  const { start } = await startOne(store, scene, { startedAtMs: NOON_MS + 999_999 });
  clock.wallMs = NOON_MS;
  await store.endSession({ sessionId: start.sessionId, ...left });
  const [view] = await store.listSessions({ cameraIds: null, limit: 1, beforeIndex: null });
  t.match(view, { startedAtMs: NOON_MS + 60_000, endedAtMs: NOON_MS + 60_000 });
  const { revision } = await store.gatherGate(scene.camera.id, scene.incident.id);
  clock.wallMs = NOON_MS - 61_000;
  await t.rejects(store.startSession(startRecord(scene, revision)), { code: 'clock-behind' }, 'doubt closes');
  clock.wallMs = NOON_MS - 59_000;
  t.match(await store.startSession(startRecord(scene, revision)), { started: true }, 'a small step is no doubt');
});
