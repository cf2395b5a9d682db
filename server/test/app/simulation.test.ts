/*
 * Seeded random lives of many viewers: joins, answers, withdrawals, closings, lost cameras, a disk that hangs, a clock
 * that jumps. After every step the invariants are looked at; a failing seed prints itself and runs again the same.
 */
import type { SessionId } from '@sallyport/protocol/ids';
import fc from 'fast-check';
import t from 'tap';
import { charter, consent, incident } from '../support/facts.ts';
import { cameraIds, makeKeeperRig } from '../support/keeper-rig.ts';

type Rig = ReturnType<typeof makeKeeperRig>;
const camerasFew = cameraIds.slice(0, 3);
const cameraAt = fc.constantFrom(...camerasFew);
const officer = fc.constantFrom('officer-1', 'officer-2');

const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('join' as const), cameraId: cameraAt, subject: officer }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), at: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('consent' as const),
      cameraId: cameraAt,
      state: fc.constantFrom('given' as const, 'given' as const, 'paused' as const, 'withdrawn' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('incident' as const), open: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('charter' as const), feedsPerOfficerMax: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 12_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disk' as const), broken: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('camera' as const), cameraId: cameraAt, offline: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost' as const), at: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('worker' as const), at: fc.nat(9) }) },
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;
/** After some turns of the loop the next step comes, whatever the one before is in the middle of. */
const turned = fc.record({ step: steps, turns: fc.oneof(fc.nat(4), fc.constant(8)) });
type Turned = { readonly step: Step; readonly turns: number };

async function turnLoop(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Starts a step; what it begins may still be under way when the next one comes. */
function begin(rig: Rig, step: Step): Promise<unknown> {
  const { store, keeper, media, sources } = rig;
  switch (step.kind) {
    case 'join':
      return rig.join(step.cameraId, { subject: step.subject }).then((admission) => {
        return admission.admitted ? keeper.answer(admission.sessionId, 'good') : null;
      });
    case 'leave': {
      const gate = keeper.openGates[step.at];
      return gate ? keeper.leave(gate.sessionId) : Promise.resolve();
    }
    case 'consent':
      store.change(() => store.consents.set(step.cameraId, { ...consent, cameraId: step.cameraId, state: step.state }));
      return keeper.settle({ cameraId: step.cameraId });
    case 'incident':
      store.change(() => store.incidents.set(incident.id, { ...incident, state: step.open ? 'open' : 'closed' }));
      return keeper.settle({ incidentId: incident.id });
    case 'charter':
      store.change(() => {
        store.charter = { ...charter, feedsPerOfficerMax: step.feedsPerOfficerMax };
      });
      return keeper.settle('all');
    case 'time':
      return rig.clock.advance(step.ms);
    case 'disk':
      store.broken = step.broken;
      return Promise.resolve();
    case 'camera':
      if (step.offline) sources.offline.add(step.cameraId);
      else sources.offline.delete(step.cameraId);
      return Promise.resolve();
    case 'lost':
      media.open[step.at]?.lost('connection-lost');
      return Promise.resolve();
    case 'worker':
      media.feeds.filter((feed) => !feed.closed)[step.at]?.died();
      return Promise.resolve();
  }
}

function look({ store, media, keeper }: Rig, at: string): void {
  const gates = new Set<SessionId>(keeper.openGates.map((gate) => gate.sessionId));
  for (const valve of media.open) {
    if (!gates.has(valve.sessionId)) throw new Error(`${at}: I1, a valve without a gate`);
    if (!store.starts.has(valve.sessionId)) throw new Error(`${at}: I2, a valve without a start on record`);
    if (store.ends.has(valve.sessionId)) throw new Error(`${at}: I2, an end on record while its valve is open`);
  }
  for (const sessionId of store.ends.keys()) {
    if (!store.starts.has(sessionId)) throw new Error(`${at}: I7, an end without a start`);
  }
}

function lookAtPulls({ keeper, sources }: Rig, at: string): void {
  const held = new Set(keeper.openGates.map((gate) => gate.cameraId));
  for (const cameraId of sources.pulling) if (!held.has(cameraId)) throw new Error(`${at}: I4, a pull without a gate`);
}

async function live(script: readonly Turned[]): Promise<void> {
  const rig = makeKeeperRig();
  const under: Promise<unknown>[] = [];
  for (const [at, { step, turns }] of script.entries()) {
    under.push(begin(rig, step));
    await turnLoop(turns);
    look(rig, `step ${at} (${step.kind})`);
    if (turns === 8) lookAtPulls(rig, `step ${at} (${step.kind})`);
    const { store, keeper, media } = rig;
    const withdrawn = (id: string) =>
      [...store.consents.values()].some((one) => one.cameraId === id && one.state !== 'given');
    if (step.kind === 'consent' && !store.broken) {
      await under.at(-1);
      const wrong = media.open.filter((valve) => valve.feed.cameraId === step.cameraId && withdrawn(step.cameraId));
      if (wrong.length > 0) throw new Error(`step ${at}: a withdrawal answered while a valve was open`);
    }
    if (keeper.openGates.length > 12) throw new Error(`step ${at}: I6, more gates than the charter allows`);
  }
  rig.store.broken = false;
  const finishing = Promise.all(under);
  await rig.clock.advance(30_000);
  await finishing;
  const stopping = rig.keeper.stop();
  await rig.clock.advance(5_000);
  await stopping;
  look(rig, 'the end');
  if (rig.media.open.length > 0) throw new Error('valves stay open after the stop');
  if (rig.sources.pulling.length > 0) throw new Error('sources are pulled after the stop');
  if (rig.keeper.openGates.length > 0) throw new Error('gates are left after the stop');
  const neverEnded = [...rig.store.starts.keys()].filter((id) => !rig.store.ends.has(id));
  const brokenOnce = script.some(({ step }) => step.kind === 'disk' && step.broken);
  if (neverEnded.length > 0 && !brokenOnce) throw new Error(`I7: ${neverEnded.length} starts without an end`);
}

t.test('random lives keep the invariants', async (t) => {
  const runs = Number(process.env['SALLYPORT_SIMULATION_RUNS'] ?? 400);
  await fc.assert(fc.asyncProperty(fc.array(turned, { minLength: 5, maxLength: 60 }), live), { numRuns: runs });
  t.pass(`${runs} lives`);
});
