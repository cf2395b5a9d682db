/* The control connection over real sockets: sessions, floods, slow and silent clients, ends. */
import { closeCodes } from '@sallyport/protocol/close-codes';
import { limits } from '@sallyport/protocol/limits';
import fc from 'fast-check';
import t from 'tap';
import { signallingBounds } from '../../src/signalling/bounds.ts';
import { camera, NOW_MS, token } from '../support/facts.ts';
import { makeKeeperRig, tokenText } from '../support/keeper-rig.ts';
import { cameraOf, sessionOf } from './fake-keeper.ts';
import { openRig, until } from './signal-rig.ts';

const join = (at: number, id = at) => ({ type: 'join', id, cameraId: cameraOf(at), token: 'token', proof: 'proof' });

t.test('a whole session over the wire, with the address of the viewer', async (t) => {
  const rig = await openRig(t);
  const client = await rig.connect();
  client.say(join(1));
  const { sessionId } = await client.next('offer');
  t.equal(rig.keeper.asked[0]?.remoteAddress, '127.0.0.1');
  t.equal(rig.tookMs.joins.length, 1);
  client.say({ type: 'answer', sessionId, sdp: 'v=0' });
  client.say({ type: 'presented', sessionId, afterOfferMs: 28 });
  await client.settled();
  t.same(rig.tookMs.firstFrames, [28]);
  rig.keeper.cut(sessionId, 'consent-paused');
  t.match(await client.next('gate'), { state: 'closed', reason: 'not-available' });
});

t.test('the real keeper behind it: admitted, cut by a withdrawal, left when the viewer goes', async (t) => {
  const house = makeKeeperRig();
  const rig = await openRig(t, { keeper: house.keeper, clock: house.clock });
  const client = await rig.connect();
  const ask = { type: 'join', id: 1, cameraId: camera.id, token: tokenText(), proof: token.jkt };
  client.say({ ...ask, proof: 'no-nonce' });
  t.match(await client.next('error'), { id: 1, code: 'use-nonce', nonce: 'fresh' });
  client.say(ask);
  const { sessionId } = await client.next('offer');
  client.say({ type: 'answer', sessionId, sdp: 'v=0' });
  await until(() => house.media.flowing.length === 1);
  client.say({
    type: 'renew',
    id: 2,
    sessionId,
    token: tokenText({ expiresAtMs: NOW_MS + 400_000 }),
    proof: token.jkt,
  });
  t.match(await client.next('gate'), { state: 'open', untilMs: NOW_MS + 400_000 });
  client.say({ type: 'leave', sessionId });
  t.match(await client.next('gate'), { state: 'closed', reason: 'left' });
  client.say({ ...ask, id: 3 });
  const again = await client.next('offer');
  client.socket.terminate();
  await until(() => house.store.ends.has(again.sessionId));
  t.equal(house.store.ends.get(again.sessionId)?.reason, 'connection-lost');
  t.equal(house.media.open.length, 0);
});

t.test('a viewer that goes while its join is decided leaves no session behind', async (t) => {
  const rig = await openRig(t);
  const gate = Promise.withResolvers<void>();
  rig.keeper.hold = gate.promise;
  const client = await rig.connect();
  client.say(join(1));
  await until(() => rig.keeper.asked.length === 1);
  client.socket.terminate();
  await until(() => rig.signalling.connections() === 0);
  gate.resolve();
  await until(() => rig.keeper.ended.length === 1);
  t.same(rig.keeper.ended, [{ sessionId: sessionOf(1), reason: 'connection-lost' }]);
  t.equal(rig.keeper.open.size, 0);
});

t.test('bad messages are answered; the fifth is the last', async (t) => {
  const rig = await openRig(t);
  const client = await rig.connect();
  client.say({ type: 'publish', id: 5 });
  t.match(await client.next('error'), { code: 'unknown-message', id: 5 });
  for (const text of ['{', '[]', '{"type":"join"}', '7']) {
    client.say(text);
    t.match(await client.next('error'), { code: 'malformed-message', nonce: null });
  }
  client.say(join(1));
  await client.next('offer');
  client.say('{}');
  t.match(await client.next('error'), { code: 'malformed-message' });
  t.equal(await client.closed, closeCodes.malformed.code);
  t.same(rig.keeper.ended, [{ sessionId: sessionOf(1), reason: 'connection-lost' }]);
});

t.test('binary frames and giants are not read', async (t) => {
  const rig = await openRig(t);
  const binary = await rig.connect();
  binary.socket.send(Buffer.from(JSON.stringify(join(1))), { binary: true });
  t.equal(await binary.closed, closeCodes.malformed.code);
  const giant = await rig.connect();
  giant.say(join(2));
  await giant.next('offer');
  giant.say('x'.repeat(limits.signalMessageBytesMax + 1));
  t.equal(await giant.closed, 1009);
  await until(() => rig.keeper.open.size === 0);
  const fragments = await rig.connect();
  for (let at = 0; at <= signallingBounds.fragmentsMax; at += 1) fragments.socket.send('x', { fin: false });
  await fragments.closed;
  t.equal(rig.keeper.asked.length, 1);
});

t.test('the bytes of a message just within the bound are read', async (t) => {
  const rig = await openRig(t);
  const client = await rig.connect();
  client.say(JSON.stringify({ type: 'x' }).padEnd(limits.signalMessageBytesMax, ' '));
  t.match(await client.next('error'), { code: 'unknown-message' });
});

t.test('a flood of messages or pings is cut off, and time gives the pace back', async (t) => {
  const rig = await openRig(t);
  const paced = await rig.connect();
  for (let at = 0; at < limits.signalMessagesBurst; at += 1) paced.say({ type: 'hello?' });
  for (let at = 0; at < limits.signalMessagesBurst; at += 1) await paced.next('error');
  await rig.clock.advance(1_000);
  for (let at = 0; at < limits.signalMessagesPerSecond; at += 1) paced.say({ type: 'hello?' });
  for (let at = 0; at < limits.signalMessagesPerSecond; at += 1) await paced.next('error');
  paced.say(join(1));
  t.equal(await paced.closed, closeCodes.flooding.code);
  t.equal(rig.keeper.asked.length, 0, 'the message too many is not heard');
  const pinging = await rig.connect();
  for (let at = 0; at <= limits.signalMessagesBurst; at += 1) pinging.socket.ping();
  t.equal(await pinging.closed, closeCodes.flooding.code);
});

t.test('who answers pings stays, who does not goes', async (t) => {
  const rig = await openRig(t);
  const alive = await rig.connect();
  const dead = await rig.connect({ autoPong: false });
  dead.say(join(1));
  await dead.next('offer');
  const pinged = new Promise<void>((resolve) => dead.socket.once('ping', () => resolve()));
  await rig.clock.advance(signallingBounds.pingEveryMs);
  await pinged;
  await alive.settled();
  await rig.clock.advance(signallingBounds.pingEveryMs);
  t.equal(await dead.closed, closeCodes.silent.code);
  t.same(rig.keeper.ended, [{ sessionId: sessionOf(1), reason: 'connection-lost' }]);
  await alive.settled();
  t.equal(rig.signalling.connections(), 1);
});

t.test('a client that does not read is closed, its sessions at once, its socket in bounded time', async (t) => {
  const rig = await openRig(t, { bounds: { unsentBytesMax: 64 * 1024, closeWithinMs: 50 } });
  const client = await rig.connect();
  client.say(join(1));
  const { sessionId } = await client.next('offer');
  client.socket.pause();
  // Until the buffers of the kernel are full and what is said stays with us.
  await until(() => {
    for (let at = 0; at < 100; at += 1) rig.keeper.confirm(sessionId, NOW_MS + 1_000);
    return !rig.keeper.open.has(sessionId);
  });
  t.same(rig.keeper.ended, [{ sessionId, reason: 'connection-lost' }]);
  await until(() => rig.signalling.connections() === 0);
});

t.test(
  'the server stops: everybody is told, nobody new comes in, also with a client that does not answer',
  async (t) => {
    const rig = await openRig(t, { bounds: { closeWithinMs: 50 } });
    const [one, two] = [await rig.connect(), await rig.connect()];
    one.say(join(1));
    await one.next('offer');
    const deaf = await rig.connect();
    deaf.socket.pause();
    const closing = [rig.signalling.close(), rig.signalling.close()];
    t.equal(await one.closed, closeCodes.serverStopped.code);
    t.equal(await two.closed, closeCodes.serverStopped.code);
    await Promise.all(closing);
    t.equal(rig.signalling.connections(), 0);
    t.equal(rig.keeper.open.size, 0);
    t.equal(rig.clock.timers, 0, 'no timer is left');
    t.not(await rig.statusOf({}), 101);
  },
);

t.test('the stop is bounded when a session cannot be left', async (t) => {
  const rig = await openRig(t);
  const client = await rig.connect();
  client.say(join(1));
  await client.next('offer');
  rig.keeper.leave = () => new Promise(() => {});
  const closing = rig.signalling.close();
  t.equal(await client.closed, closeCodes.serverStopped.code);
  await rig.clock.advance(signallingBounds.closeWithinMs);
  await closing;
  t.equal(rig.signalling.connections(), 0);
});

t.test('random frames never crash it and never open more than the bound', async (t) => {
  const rig = await openRig(t);
  const type = fc.constantFrom('join', 'answer', 'renew', 'restart', 'leave', 'presented', 'x');
  const cameraId = fc.integer({ min: 1, max: 40 }).map(cameraOf);
  const sessionId = fc.integer({ min: 1, max: 40 }).map(sessionOf);
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ type, id: fc.nat(), cameraId, token: fc.string(), proof: fc.string() }).map((it) => JSON.stringify(it)),
    fc.record({ type, sessionId, sdp: fc.string({ minLength: 1 }) }).map((it) => JSON.stringify(it)),
    fc.record({ type, sessionId }).map((it) => JSON.stringify(it)),
  );
  const frames = fc.array(fc.oneof({ weight: 20, arbitrary: texts }, fc.uint8Array()), { maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(frames, async (list) => {
      const client = await rig.connect();
      for (const frame of list) client.socket.send(frame);
      await client.settled();
      client.socket.terminate();
      await until(() => rig.signalling.connections() === 0 && rig.keeper.open.size === 0);
      return rig.keeper.openMost <= limits.feedsPerConnectionMax;
    }),
    { numRuns: 60 },
  );
  t.ok(rig.keeper.openMost > 0, 'some of them were joins');
});
