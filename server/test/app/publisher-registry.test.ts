/*
 * Who feeds a camera: one publisher at a time, taken over by the same, cut when camera or key goes, both ends on record.
 * On a clock of the test's own, with a store that can hang.
 */
import type { CameraId, KeyId } from '@sallyport/protocol/ids';
import t from 'tap';
import type { StoredCamera } from '../../src/app/ports/store.ts';
import type { Publisher } from '../../src/app/publisher-evidence.ts';
import { type Connected, PublisherRegistry } from '../../src/app/publisher-registry.ts';
import { newId } from '../store/open-scratch.ts';
import { NOW_MS } from '../support/facts.ts';
import { FakeMedia } from '../support/fake-media.ts';
import { ManualClock, settleMicrotasks } from '../support/manual-clock.ts';

const cameraId = newId('cam') as CameraId;
const keyId = newId('key') as KeyId;
const publisher = (identity: string, change: Partial<Publisher> = {}): Publisher => ({
  ...{ cameraId, scheme: 'dpop', keyId, identity },
  ...change,
});

function makeRig() {
  const clock = new ManualClock(NOW_MS);
  const media = new FakeMedia(clock, () => true);
  const entries: Record<string, unknown>[] = [];
  const facts = { state: 'enrolled' as StoredCamera['state'], sealedUrl: null as string | null, isKeyLive: true };
  const hooks = { append: async () => {}, read: async () => {} };
  const store = {
    append: async ({ draft }: { draft: object }) => {
      await hooks.append();
      entries.push({ ...draft });
      return { index: entries.length };
    },
    readCamera: async (id: CameraId) => {
      await hooks.read();
      return { id, state: facts.state, sealedUrl: facts.sealedUrl } as StoredCamera;
    },
    readKey: async (id: KeyId) => (facts.isKeyLive ? ({ id } as never) : null),
    listCameraKeys: async () => [],
  };
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const registry = new PublisherRegistry({ store: store as never, maker: media, clock, log });
  const connect = (who: Publisher) => registry.connect(who, 'v=0', '192.0.2.1');
  return { clock, media, entries, facts, hooks, registry, connect };
}

const connected = (outcome: Connected) => {
  if (outcome.how !== 'connected') throw new Error(outcome.how);
  return outcome.publication;
};
const typesOf = (entries: readonly Record<string, unknown>[]) =>
  entries.map(({ type, reason }) => (reason === undefined ? type : `${type} ${reason}`));

t.test('on record before the answer; found until it ends; both ends on record', async (t) => {
  const rig = makeRig();
  const publication = connected(await rig.connect(publisher('a')));
  t.same(rig.entries, [{ type: 'publisher.connected', cameraId, scheme: 'dpop', keyId }]);
  t.equal(rig.registry.find(cameraId), rig.media.publishers[0]);
  t.equal(rig.registry.sinceMs(cameraId), NOW_MS);
  const ending = publication.end('left');
  t.equal(rig.registry.find(cameraId), null, 'not found from the moment it is asked to end');
  await ending;
  t.same(typesOf(rig.entries), ['publisher.connected', 'publisher.disconnected left']);
  t.equal(rig.media.publishers[0]?.state, 'closed');
  t.equal(await publication.ended, 'left');
  await publication.end('flooded');
  t.equal(rig.entries.length, 2, 'one end');
  t.equal(rig.registry.size, 0);
  t.equal(rig.clock.timers, 0);
});

t.test('another is busy, the same takes over', async (t) => {
  const rig = makeRig();
  const first = connected(await rig.connect(publisher('a')));
  t.match(await rig.connect(publisher('b')), { how: 'busy' });
  const second = connected(await rig.connect(publisher('a')));
  t.equal(await first.ended, 'taken-over');
  t.same(rig.registry.find(cameraId), second.connection);
  t.same(typesOf(rig.entries), ['publisher.connected', 'publisher.disconnected taken-over', 'publisher.connected']);
  await second.end('left');
  connected(await rig.connect(publisher('b')));
});

t.test('two at once: one has the place', async (t) => {
  const rig = makeRig();
  const outcomes = await Promise.all([rig.connect(publisher('a')), rig.connect(publisher('b'))]);
  t.same(outcomes.map(({ how }) => how).sort(), ['busy', 'connected']);
  const again = await Promise.all([1, 2, 3].map(() => rig.connect(publisher('a'))));
  t.equal(again.filter(({ how }) => how === 'connected').length >= 1, true);
  const live = rig.media.publishers.filter(({ state }) => state === 'open');
  t.equal(live.length, 1, 'and one connection stands');
  t.equal(rig.registry.find(cameraId), live[0]);
});

t.test('what stands against it', async (t) => {
  const rows = [
    ['withdrawn', { state: 'withdrawn' }, 'no-camera'],
    ['pulled', { sealedUrl: 'x' }, 'not-published'],
    ['revoked', { isKeyLive: false }, 'key-revoked'],
  ] as const;
  for (const [name, change, how] of rows) {
    const rig = makeRig();
    Object.assign(rig.facts, change);
    t.match(await rig.connect(publisher('a')), { how }, name);
    t.same(rig.entries, [], 'nothing began');
    t.equal(rig.registry.size, 0, 'and the place is free');
  }
  const rig = makeRig();
  rig.media.failing = true;
  t.match(await rig.connect(publisher('a')), { how: 'failed' });
  t.equal(rig.registry.size, 0);
});

t.test('a start that cannot be recorded is none', async (t) => {
  const rig = makeRig();
  rig.hooks.append = async () => {
    throw new Error('the disk is stuck');
  };
  t.match(await rig.connect(publisher('a')), { how: 'failed' });
  t.equal(rig.media.publishers[0]?.state, 'closed');
  t.equal(rig.registry.find(cameraId), null);
});

t.test('cut while it is being let in: it does not get in', async (t) => {
  const rig = makeRig();
  const gate = Promise.withResolvers<void>();
  rig.hooks.append = () => gate.promise;
  const connecting = rig.connect(publisher('a'));
  await settleMicrotasks();
  const cut = rig.registry.cut(cameraId, 'camera-withdrawn');
  rig.hooks.append = async () => {};
  gate.resolve();
  await cut;
  t.match(await connecting, { how: 'ended' });
  t.same(typesOf(rig.entries), ['publisher.connected', 'publisher.disconnected camera-withdrawn']);
  t.equal(rig.media.publishers[0]?.state, 'closed');
});

t.test('a key that is revoked cuts who came with it, and nobody else', async (t) => {
  const rig = makeRig();
  const theirs = newId('key') as KeyId;
  const one = connected(await rig.connect(publisher('a')));
  const other = { cameraId: newId('cam') as CameraId, keyId: theirs, scheme: 'key' as const };
  const two = connected(await rig.connect(publisher('b', other)));
  await rig.registry.cutKey(theirs);
  t.equal(await two.ended, 'key-revoked');
  t.not(one.connection, null);
});

t.test('one that never connects is let go; one that does is not', async (t) => {
  const rig = makeRig();
  const silent = connected(await rig.connect(publisher('a')));
  await rig.clock.advance(15_000);
  t.equal(await silent.ended, 'connection-lost');
  const live = connected(await rig.connect(publisher('a')));
  rig.media.publishers[1]?.connected();
  await rig.clock.advance(60_000);
  t.not(live.connection, null);
  rig.media.publishers[1]?.lost('worker-died');
  t.equal(await live.ended, 'worker-died');
});

t.test('it is told whether anybody watches', async (t) => {
  const rig = makeRig();
  const letGoEarly = rig.registry.want(cameraId);
  const { events } = connected(await rig.connect(publisher('a')));
  const heard: string[] = [];
  events.listen({ event: ({ type }) => heard.push(type), end: () => heard.push('-') });
  const letGo = rig.registry.want(cameraId);
  letGoEarly();
  letGoEarly();
  t.same(heard, ['wanted'], 'one of two still watches');
  letGo();
  rig.registry.want(cameraId);
  t.same(heard, ['wanted', 'idle', 'wanted']);
});

t.test('when the server stops everybody goes, and nobody comes', async (t) => {
  const rig = makeRig();
  const one = connected(await rig.connect(publisher('a')));
  await rig.registry.stop();
  t.equal(await one.ended, 'server-stopped');
  t.match(await rig.connect(publisher('a')), { how: 'stopping' });
});
