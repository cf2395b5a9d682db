/*
 * Random sequences of commands, in random groups, with closing and reopening between them, against a small model: what
 * the store answers, what it lists, and what the offline check says of the ledger it leaves behind.
 */
import type { SessionId } from '@sallyport/protocol/ids';
import fc from 'fast-check';
import t from 'tap';
import type { EmbeddedStore } from '../../src/store/open-store.ts';
import { runLedgerVerify } from '../../src/store/run-ledger-verify.ts';
import {
  consentEntry,
  consentRecord,
  entry,
  NOON_MS,
  newId,
  openScratch,
  type Scene,
  scratchDirectory,
  startRecord,
  storeScene,
} from './open-scratch.ts';

type Step =
  | { readonly kind: 'start'; readonly stale: boolean }
  | { readonly kind: 'end'; readonly pick: number }
  | { readonly kind: 'pause' | 'resume' | 'replace' | 'deny' | 'nonsense' | 'reopen' };
type Model = { revision: number; state: 'given' | 'paused'; open: SessionId[]; ended: SessionId[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('start' as const), stale: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom('pause', 'resume', 'replace', 'deny', 'nonsense').map((kind) => ({ kind }) as Step),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

const denied = entry({
  type: 'session.denied',
  ...{ stage: 'join', cameraId: null, incidentId: null, agency: null, code: 'token-missing', count: 1 },
});

/** One step sent to the store, and what the model says must come of it. */
function send(store: EmbeddedStore, scene: Scene, model: Model, what: Step): Promise<boolean> {
  const { id, cameraId } = scene.consent;
  const move = (from: 'given' | 'paused', to: 'given' | 'paused', type: 'consent.paused' | 'consent.resumed') => {
    const moves = model.state === from;
    if (moves) [model.state, model.revision] = [to, Number.NaN];
    const moved = store.moveConsent(id, [from], to, NOON_MS, entry({ type, cameraId, consentId: id }));
    return moved.then((answer) => typeof answer === 'object' && 'value' in answer === moves);
  };
  switch (what.kind) {
    case 'start': {
      // NaN stands for a revision that moved in this very group: no start decided before it may pass.
      const fits = !what.stale && !Number.isNaN(model.revision);
      const start = startRecord(scene, what.stale ? 0 : model.revision || 0);
      if (fits) model.open.push(start.sessionId);
      return store.startSession(start).then((outcome) => outcome.started === fits);
    }
    case 'end': {
      const known = [...model.open, ...model.ended];
      const sessionId = known[what.pick] ?? newId('ses');
      const should = model.open.includes(sessionId)
        ? 'ended'
        : model.ended.includes(sessionId)
          ? 'already-ended'
          : 'unknown';
      if (should === 'ended') {
        model.open = model.open.filter((each) => each !== sessionId);
        model.ended.push(sessionId);
      }
      const end = { sessionId, reason: 'left', endedAtMs: NOON_MS, lastPacketAtMs: null } as const;
      return store.endSession(end).then((answer) => answer === should);
    }
    case 'pause':
      return move('given', 'paused', 'consent.paused');
    case 'resume':
      return move('paused', 'given', 'consent.resumed');
    case 'replace':
      return store.addConsent(consentRecord(scene.camera, { id }), consentEntry(scene.consent)).then(
        () => false,
        () => true,
      );
    case 'nonsense':
      return store.append(entry({ type: 'admin.changed', what: 'NO WORD', keyId: null }), NOON_MS).then(
        () => false,
        () => true,
      );
    case 'deny':
      return store.append(denied, NOON_MS).then(() => true);
    case 'reopen':
      return Promise.resolve(true);
  }
}

t.test('random groups of commands', async (t) => {
  t.setTimeout(120_000);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
      async (groups) => {
        const directory = scratchDirectory(t);
        let { store } = await openScratch(t, directory);
        const scene = await storeScene(store);
        const gate = () => store.gatherGate(scene.camera.id, scene.incident.id);
        const model: Model = { revision: 0, state: 'given', open: [], ended: [] };
        let sound = true;
        for (const group of groups) {
          const facts = await gate();
          sound &&= facts.consent?.state === model.state;
          // Nobody decides for a gate whose consent is paused.
          model.revision = model.state === 'given' ? facts.revision : Number.NaN;
          const answers = await Promise.all(group.map((each) => send(store, scene, model, each)));
          sound &&= answers.every((held) => held);
          if (group.some(({ kind }) => kind === 'reopen')) {
            await store.close(NOON_MS);
            ({ store } = await openScratch(t, directory));
            sound &&= store.crashedSessions === model.open.length;
            model.ended.push(...model.open);
            model.open = [];
          }
        }
        const listed = await store.listSessions({ cameraIds: null, limit: 500, beforeIndex: null });
        const open = listed.filter(({ endedIndex }) => endedIndex === null).map(({ id }) => id);
        sound &&= String(open.sort()) === String(model.open.toSorted());
        sound &&= listed.length === model.open.length + model.ended.length;
        await store.close(NOON_MS);
        return sound && (await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {})) === 0;
      },
    ),
    { numRuns: 10 },
  );
  t.pass('held');
});
