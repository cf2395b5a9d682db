/* The keeper in doubt: a store that hangs, a clock that goes back, facts that move. Doubt closes, and nothing is left. */
import t from 'tap';
import { camera } from '../support/facts.ts';
import { cameraIds, makeKeeperRig, watch } from '../support/keeper-rig.ts';

t.test('a store that hangs lets the lease lapse, and no join passes', async (t) => {
  const rig = makeKeeperRig();
  await watch(rig);
  rig.store.broken = true;
  await rig.clock.advance(9_000);
  t.equal(rig.media.flowing.length, 1, 'a hiccup shorter than the lease is survived');
  const joining = rig.join(cameraIds[0]);
  await rig.clock.advance(1_000);
  t.equal(rig.media.open.length, 0, 'dark when the lease has run out');
  await rig.clock.advance(3_000);
  t.match(await joining, { admitted: false, code: 'fault' });
});

t.test('a lease is renewed while the facts hold', async (t) => {
  const rig = makeKeeperRig();
  await watch(rig);
  await rig.clock.advance(120_000);
  t.equal(rig.media.flowing.length, 1);
});

t.test('an event in doubt closes at once', async (t) => {
  const rig = makeKeeperRig();
  const sessionId = await watch(rig);
  rig.store.broken = true;
  const settling = rig.keeper.settle({ cameraId: camera.id });
  await rig.clock.advance(3_000);
  t.match(await settling, { sessionsEnded: 1 });
  t.equal(rig.media.open.length, 0);
  t.same(rig.link.closed, [{ sessionId, reason: 'lease-lapsed' }]);
});

t.test('a clock that goes back closes, and opens again when it has caught up', async (t) => {
  const rig = makeKeeperRig();
  await watch(rig);
  rig.clock.shiftWall(-60_000);
  t.match(await rig.join(cameraIds[0]), { admitted: false, code: 'fault' });
  await rig.clock.advance(10_000);
  t.equal(rig.media.open.length, 0, 'running sessions lose their lease');
  await rig.clock.advance(51_000);
  t.match(await rig.join(cameraIds[0]), { admitted: true });
});

t.test('facts that move under a join are decided again', async (t) => {
  const rig = makeKeeperRig();
  const gather = rig.store.gatherGate.bind(rig.store);
  let moves = 2;
  rig.store.gatherGate = async (...args) => {
    const facts = await gather(...args);
    if (moves-- > 0) rig.store.change(() => {});
    return facts;
  };
  t.match(await rig.join(), { admitted: true });
  t.equal(rig.store.starts.size, 1);
});

t.test('facts that never come to rest are a fault, and nothing is left behind', async (t) => {
  const rig = makeKeeperRig();
  const gather = rig.store.gatherGate.bind(rig.store);
  rig.store.gatherGate = async (...args) => {
    const facts = await gather(...args);
    rig.store.change(() => {});
    return facts;
  };
  t.match(await rig.join(), { admitted: false, code: 'fault' });
  t.same([rig.store.starts.size, rig.media.valves.length, rig.keeper.openGates.length], [0, 0, 0]);
});
