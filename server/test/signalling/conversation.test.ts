/* What is said on a connection, without a socket: every message and every answer to it. */
import { errorCodes } from '@sallyport/protocol/error-codes';
import { limits } from '@sallyport/protocol/limits';
import { type DenialCode, denialCodeSchema } from '@sallyport/protocol/reasons';
import t from 'tap';
import { toWireDenial } from '../../src/domain/wire-reason.ts';
import { NOW_MS } from '../support/facts.ts';
import { settleMicrotasks } from '../support/manual-clock.ts';
import { cameraOf, sessionOf, UNTIL_MS } from './fake-keeper.ts';
import { answer, HTU, held, leave, makeTalk, presented, renew, restart } from './talk-rig.ts';

t.test('a join brings token, proof, method and URL to the keeper and the offer back', async (t) => {
  const talk = makeTalk();
  const gate = held();
  talk.keeper.hold = gate.promise;
  const joining = talk.join(1, 7);
  await talk.clock.advance(40);
  gate.resolve();
  await joining;
  const brought = { cameraId: cameraOf(1), token: 'token', scheme: 'dpop', proof: 'proof', htm: 'GET', htu: HTU };
  t.same(talk.keeper.asked, [{ brought, remoteAddress: '192.0.2.7' }]);
  const times = { untilMs: UNTIL_MS, leftMs: UNTIL_MS - NOW_MS - 40 };
  t.same(talk.said, [{ type: 'offer', id: 7, sessionId: sessionOf(1), sdp: `v=0 ${cameraOf(1)}`, ...times }]);
  t.same(talk.joins, [40], 'the time from arrival to offer');
});

t.test('every denial becomes its coarse word, and nothing of the full reason', async (t) => {
  for (const code of denialCodeSchema.options) {
    const talk = makeTalk();
    talk.keeper.denial = { code, freshNonce: null };
    await talk.join(1);
    const coarse = toWireDenial(code);
    t.match(talk.said, [{ type: 'error', id: 1, sessionId: null, code: coarse, nonce: null }], code);
    t.ok(Object.hasOwn(errorCodes, coarse), `${coarse} is an error code`);
    t.same(talk.joins, [], 'a refusal is no join');
  }
});

t.test('unknown, withdrawn and offline cameras are told apart by nobody', async (t) => {
  const codes: readonly DenialCode[] = ['camera-unknown', 'consent-withdrawn', 'consent-paused', 'source-unavailable'];
  const answers = await Promise.all(
    codes.map(async (code) => {
      const talk = makeTalk();
      talk.keeper.denial = { code, freshNonce: null };
      await talk.join(1);
      return JSON.stringify(talk.said);
    }),
  );
  t.equal(new Set(answers).size, 1);
});

t.test('a stale nonce: told to prove again with the fresh one, at joins and renewals', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  talk.keeper.denial = { code: 'possession-invalid', freshNonce: 'fresh' };
  await talk.join(2);
  await talk.conversation.hear(renew(1));
  t.match(talk.said.slice(1), [
    { type: 'error', id: 2, sessionId: null, code: 'use-nonce', nonce: 'fresh' },
    { type: 'error', id: 90, sessionId: sessionOf(1), code: 'use-nonce', nonce: 'fresh' },
  ]);
});

t.test('one camera once, 18 feeds at most; a place comes back with a refusal and with an end', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  await talk.join(1, 50);
  t.match(talk.said.at(-1), { type: 'error', id: 50, code: 'already-joined' });
  talk.keeper.denial = { code: 'consent-paused', freshNonce: null };
  await talk.join(2);
  talk.keeper.denial = null;
  await talk.join(2);
  t.match(talk.said.at(-1), { type: 'offer', id: 2 });
  for (let camera = 3; camera <= limits.feedsPerConnectionMax; camera += 1) await talk.join(camera);
  await talk.join(100);
  t.match(talk.said.at(-1), { type: 'error', id: 100, code: 'too-many-feeds' });
  talk.keeper.cut(sessionOf(1), 'incident-closed');
  await talk.join(100);
  t.match(talk.said.at(-1), { type: 'offer', id: 100 });
  t.equal(talk.keeper.openMost, limits.feedsPerConnectionMax);
});

t.test('two joins of one camera at once: the second is refused while the first is decided', async (t) => {
  const talk = makeTalk();
  const gate = held();
  talk.keeper.hold = gate.promise;
  const both = [talk.join(1, 1), talk.join(1, 2)];
  gate.resolve();
  await Promise.all(both);
  t.equal(talk.keeper.asked.length, 1);
  t.match(talk.said, [
    { type: 'error', id: 2, code: 'already-joined' },
    { type: 'offer', id: 1 },
  ]);
});

t.test('answers: taken, twice, refused, of nobody', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  await talk.join(2);
  talk.said.length = 0;
  await talk.conversation.hear(answer(1));
  t.same(talk.said, [], 'a good answer is answered by the picture');
  await talk.conversation.hear(answer(1));
  t.match(talk.said, [{ type: 'error', code: 'out-of-order', sessionId: sessionOf(1) }]);
  talk.said.length = 0;
  await talk.conversation.hear(answer(2, 'bad'));
  await settleMicrotasks();
  t.match(
    talk.said.find(({ type }) => type === 'error'),
    { code: 'sdp-invalid', detail: 'no fingerprint', sessionId: sessionOf(2) },
  );
  t.match(
    talk.said.find(({ type }) => type === 'gate'),
    { state: 'closed', reason: 'connection-lost' },
  );
});

t.test('a session the keeper no longer knows is unknown, though the connection has not heard yet', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  talk.keeper.open.clear();
  await talk.conversation.hear(answer(1));
  await talk.conversation.hear(renew(1));
  t.match(talk.said.slice(1), [
    { code: 'unknown-session', id: null },
    { code: 'unknown-session', id: 90 },
  ]);
});

t.test('a renewal tells the new end, in whole milliseconds', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  await talk.conversation.hear(renew(1));
  t.same(talk.keeper.renewals, [{ token: 'token-2', scheme: 'dpop', proof: 'proof-2', htm: 'GET', htu: HTU }]);
  const untilMs = UNTIL_MS + 1_000;
  const gate = { type: 'gate', sessionId: sessionOf(1), state: 'open', reason: null };
  t.same(talk.said.at(-1), { ...gate, untilMs, leftMs: untilMs - NOW_MS });
  talk.keeper.denial = { code: 'token-expired', freshNonce: null };
  await talk.conversation.hear(renew(1, 91));
  t.match(talk.said.at(-1), { type: 'error', id: 91, sessionId: sessionOf(1), code: 'token-expired' });
  t.equal(talk.keeper.open.size, 1, 'a refused renewal leaves the session as it is');
});

t.test('a restart: the gate is decided again first, then the path is made anew', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  await talk.conversation.hear(restart(1));
  t.same(talk.keeper.settled, [{ sessionId: sessionOf(1) }]);
  const ice = { type: 'ice', id: 80, sessionId: sessionOf(1), ufrag: 'newu', pwd: 'p'.repeat(24) };
  t.same(talk.said.slice(1), [ice]);
  talk.keeper.ice = null;
  await talk.conversation.hear(restart(1, 81));
  t.match(talk.said.at(-1), { type: 'error', id: 81, sessionId: sessionOf(1), code: 'fault' });
  t.equal(talk.keeper.open.size, 1);
});

t.test('a restart that finds the gate closed gets no path', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  const { promise, resolve } = held();
  talk.keeper.hold = promise;
  const restarting = talk.conversation.hear(restart(1));
  talk.keeper.cut(sessionOf(1), 'consent-withdrawn');
  resolve();
  await restarting;
  t.match(talk.said.slice(1), [
    { type: 'gate', state: 'closed', reason: 'not-available' },
    { type: 'error', id: 80, code: 'unknown-session' },
  ]);
});

t.test('leaving: told closed once, however often it was asked', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  await Promise.all([talk.conversation.hear(leave(1)), talk.conversation.hear(leave(1))]);
  t.same(talk.keeper.ended, [{ sessionId: sessionOf(1), reason: 'left' }]);
  t.match(talk.said.slice(1), [{ type: 'gate', sessionId: sessionOf(1), state: 'closed', reason: 'left' }]);
  await talk.conversation.hear(leave(1));
  t.match(talk.said.at(-1), { type: 'error', code: 'unknown-session' });
});

t.test('the first frame is counted once, and only for a session of this connection', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  await talk.conversation.hear(presented(1));
  await talk.conversation.hear(presented(1));
  await talk.conversation.hear(presented(2));
  t.same(talk.firstFrames, [28]);
  t.match(talk.said.slice(1), [{ code: 'out-of-order' }, { code: 'unknown-session', sessionId: sessionOf(2) }]);
});

t.test("another connection's session is unknown to every message, and untouched by it", async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  const { keeper, said } = talk;
  const strange = makeTalk();
  for (const message of [answer(1), renew(1), restart(1), leave(1), presented(1)]) {
    await strange.conversation.hear(message);
  }
  t.equal(strange.said.length, 5);
  t.same(strange.keeper.settled, [], 'and is not even decided again');
  for (const message of strange.said) t.match(message, { type: 'error', code: 'unknown-session' });
  t.equal(keeper.open.size, 1);
  t.equal(said.length, 1);
});
