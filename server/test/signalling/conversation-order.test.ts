/* The orders things can come in: news before the offer, faults, full queues, and the end of the connection. */
import { limits } from '@sallyport/protocol/limits';
import { denialCodeSchema } from '@sallyport/protocol/reasons';
import fc from 'fast-check';
import t from 'tap';
import { NOW_MS } from '../support/facts.ts';
import { settleMicrotasks } from '../support/manual-clock.ts';
import { sessionOf, UNTIL_MS } from './fake-keeper.ts';
import { answer, held, leave, makeTalk, presented, renew } from './talk-rig.ts';

t.test('a session that closes while it is renewed is not called open afterwards', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  const gate = held();
  talk.keeper.hold = gate.promise;
  const renewing = talk.conversation.hear(renew(1));
  talk.keeper.cut(sessionOf(1), 'consent-withdrawn');
  gate.resolve();
  await renewing;
  t.match(talk.said.slice(1), [
    { type: 'gate', state: 'closed', reason: 'not-available', untilMs: null, leftMs: null },
    { type: 'error', id: 90, code: 'unknown-session' },
  ]);
});

t.test('what the keeper says before the offer is told right after it', async (t) => {
  const closing = makeTalk();
  closing.keeper.beforeOffer = (sessionId) => closing.keeper.cut(sessionId, 'source-lost');
  await closing.join(1);
  t.match(closing.said, [{ type: 'offer' }, { type: 'gate', state: 'closed', reason: 'not-available' }]);
  closing.keeper.beforeOffer = () => {};
  await closing.join(1);
  t.match(closing.said.at(-1), { type: 'offer' }, 'its place came back');
  const longer = makeTalk();
  longer.keeper.beforeOffer = (sessionId) => longer.keeper.confirm(sessionId, UNTIL_MS + 5);
  await longer.join(1);
  t.match(longer.said, [{ type: 'offer' }, { type: 'gate', state: 'open', untilMs: UNTIL_MS + 5 }]);
});

t.test('a gate confirmed or cut while it stands is told at once; one that is past its end has 0 ms left', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  talk.keeper.confirm(sessionOf(1), NOW_MS - 1);
  talk.keeper.cut(sessionOf(1), 'charter-ended');
  t.match(talk.said.slice(1), [
    { type: 'gate', state: 'open', untilMs: NOW_MS - 1, leftMs: 0 },
    { type: 'gate', state: 'closed', reason: 'programme-closed' },
  ]);
});

t.test('a keeper that throws is a fault, said without its text, and opens nothing', async (t) => {
  const talk = makeTalk();
  talk.keeper.failure = new Error('disk at /secret is full');
  await talk.join(1);
  t.match(talk.said, [{ type: 'error', id: 1, code: 'fault' }]);
  t.notMatch(JSON.stringify(talk.said), /secret/);
  t.match(talk.faults, [{ type: 'join', failure: /disk/ }]);
  talk.keeper.failure = null;
  await talk.join(1);
  t.match(talk.said.at(-1), { type: 'offer' }, 'the place was given back');
});

t.test('requests waiting for the keeper are bounded; a leave is heard all the same', async (t) => {
  const talk = makeTalk(2);
  await talk.join(1);
  const gate = held();
  talk.keeper.hold = gate.promise;
  const waiting = [talk.join(2), talk.join(3)];
  await talk.join(4);
  t.match(talk.said.at(-1), { type: 'error', id: 4, code: 'rate-limited' });
  await talk.conversation.hear(leave(1));
  t.match(talk.said.at(-1), { type: 'gate', state: 'closed', reason: 'left' });
  gate.resolve();
  await Promise.all(waiting);
  await talk.join(4);
  t.match(talk.said.at(-1), { type: 'offer', id: 4 });
});

t.test('the end of the connection: every session leaves, joins in flight as soon as they are in', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  await talk.join(2);
  const gate = held();
  talk.keeper.hold = gate.promise;
  const joining = talk.join(3);
  await Promise.all([talk.conversation.end(), talk.conversation.end()]);
  t.same(
    talk.keeper.ended.map(({ reason }) => reason),
    ['connection-lost', 'connection-lost'],
  );
  gate.resolve();
  await joining;
  t.equal(talk.keeper.open.size, 0);
  t.equal(talk.keeper.ended.length, 3);
  t.equal(talk.said.length, 2, 'nothing is said after the end');
  await talk.join(4);
  t.equal(talk.keeper.asked.length, 3, 'nothing is heard after the end');
});

t.test('a keeper that cannot even let go does not stop the end', async (t) => {
  const talk = makeTalk();
  await talk.join(1);
  talk.keeper.leave = async () => {
    throw new Error('no');
  };
  await talk.conversation.end();
  t.match(talk.faults, [{ sessionId: sessionOf(1) }]);
});

t.test('any order of messages, cuts and refusals: no crash, no feed too many, one end for every start', async () => {
  const camera = fc.integer({ min: 1, max: 24 });
  const session = fc.integer({ min: 1, max: 30 });
  const sdp = fc.constantFrom('v=0', 'bad');
  type Step = (talk: ReturnType<typeof makeTalk>) => unknown;
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 4,
      arbitrary: camera.map(
        (at): Step =>
          (talk) =>
            talk.join(at),
      ),
    },
    session.map(
      (at): Step =>
        (talk) =>
          talk.conversation.hear(leave(at)),
    ),
    session.map(
      (at): Step =>
        (talk) =>
          talk.conversation.hear(renew(at)),
    ),
    fc.tuple(session, sdp).map(
      ([at, text]): Step =>
        (talk) =>
          talk.conversation.hear(answer(at, text)),
    ),
    session.map(
      (at): Step =>
        (talk) =>
          talk.conversation.hear(presented(at)),
    ),
    session.map(
      (at): Step =>
        (talk) =>
          talk.keeper.cut(sessionOf(at), 'lease-lapsed'),
    ),
    fc.constant<Step>(() => settleMicrotasks()),
    fc.option(fc.constantFrom(...denialCodeSchema.options)).map(
      (code): Step =>
        (talk) => {
          talk.keeper.denial = code === null ? null : { code, freshNonce: null };
        },
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const talk = makeTalk();
      const results = [];
      for (const act of steps) results.push(act(talk));
      await Promise.all(results);
      await talk.conversation.end();
      await settleMicrotasks();
      const offers = talk.said.filter(({ type }) => type === 'offer').length;
      const closed = talk.said.filter((said) => said.type === 'gate' && said.state === 'closed').length;
      const isBounded = talk.keeper.openMost <= limits.feedsPerConnectionMax;
      return isBounded && talk.keeper.open.size === 0 && closed <= offers && talk.keeper.ended.length === offers;
    }),
    { numRuns: 200 },
  );
});
