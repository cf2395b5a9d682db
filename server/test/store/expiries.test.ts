/* Charter and consents that run out, on the real store: each gets one entry, and the state that says so. */
import t from 'tap';
import {
  cameraEntry,
  cameraRecord,
  consentEntry,
  consentRecord,
  NOON_MS,
  openScratch,
  storeScene,
} from './open-scratch.ts';

t.test('what has run out is noted once', async (t) => {
  const { store } = await openScratch(t);
  const { consent, charter } = await storeScene(store);
  const early = await store.noteExpiries(NOON_MS, 10);
  t.same(early, { noted: 0, nextAtMs: Math.min(consent.validUntilMs, charter.endsAtMs) });
  const size = store.ledgerSize();
  const lateMs = Math.max(consent.validUntilMs, charter.endsAtMs);
  t.same(await store.noteExpiries(lateMs, 10), { noted: 2, nextAtMs: null });
  t.same(await store.noteExpiries(lateMs, 10), { noted: 0, nextAtMs: null });
  t.equal(store.ledgerSize(), size + 2);
  t.match(await store.readConsent(consent.id), { state: 'expired' });
});

t.test('no more at once than asked for; the rest is due at once', async (t) => {
  const { store } = await openScratch(t);
  const scene = await storeScene(store);
  const other = cameraRecord(scene.owner.id);
  await store.addCamera(other, 100, cameraEntry(other));
  const second = consentRecord(other);
  await store.addConsent(second, consentEntry(second));
  const lateMs = Math.max(scene.consent.validUntilMs, second.validUntilMs, scene.charter.endsAtMs);
  const { noted, nextAtMs } = await store.noteExpiries(lateMs, 1);
  t.equal(noted, 1);
  t.ok(nextAtMs !== null && nextAtMs <= lateMs, 'something is still due');
});
