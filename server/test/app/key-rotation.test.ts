/* Rotation of signing keys: recorded when it happened, refused in words when the ring is full. */
import t from 'tap';
import type { Actor } from '../../src/app/actor.ts';
import { KeyRotation } from '../../src/app/key-rotation.ts';
import type { Entry } from '../../src/app/ports/store.ts';
import type { RotateOutcome } from '../../src/app/ports/token-port.ts';
import { newId } from '../store/open-scratch.ts';
import { NOW_MS } from '../support/facts.ts';
import { ManualClock } from '../support/manual-clock.ts';

const operator: Actor = { id: newId('key'), role: 'operator', agency: null, ownerId: null, cameraId: null };

function makeRotation(outcome: RotateOutcome) {
  const entries: { readonly entry: Entry; readonly atMs: number }[] = [];
  const store = { append: async (entry: Entry, atMs: number) => ({ index: entries.push({ entry, atMs }) }) };
  const rotation = new KeyRotation({ keys: { rotate: async () => outcome }, store, clock: new ManualClock(NOW_MS) });
  return { rotation, entries };
}

t.test('a rotation is on the ledger before it is answered', async (t) => {
  const { rotation, entries } = makeRotation({ rotated: true, kid: 'new', previousKid: 'old' });
  t.same(await rotation.rotate(operator), { ok: true, value: { kid: 'new', previousKid: 'old' } });
  t.match(entries, [
    {
      atMs: NOW_MS,
      entry: {
        draft: { type: 'key.rotated', key: 'new', purpose: 'consent-token' },
        opening: { by: operator.id, previousKid: 'old' },
      },
    },
  ]);
});

t.test('a full ring is a conflict and no entry', async (t) => {
  const { rotation, entries } = makeRotation({ rotated: false, why: 'too-many-keys' });
  t.match(await rotation.rotate(operator), { ok: false, code: 'conflict', detail: /15 minutes/ });
  t.same(entries, []);
});
