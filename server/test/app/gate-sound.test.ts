/* Sound at the gate, on a manual clock: pulled, and on record, exactly while a gate whose token includes it is open. */
import t from 'tap';
import { camera, consent } from '../support/facts.ts';
import { type KeeperRig, makeKeeperRig, sessionOf, tokenText } from '../support/keeper-rig.ts';

const withSound = { datatypes: ['video', 'audio'] };
const proof = 'k'.repeat(43);
const renewal = (text: string) => ({
  token: text,
  scheme: 'dpop' as const,
  proof,
  htm: 'GET',
  htu: 'https://x/v1/signal',
});

function allowSound(rig: KeeperRig): void {
  rig.store.change(() => rig.store.consents.set(camera.id, { ...consent, audio: true }));
}
const pullsNow = (rig: KeeperRig): readonly (readonly [string, boolean])[] =>
  rig.sources.sources.filter(({ state }) => state.name !== 'idle').map(({ state, hears }) => [state.name, hears]);

t.test('a token with sound opens only where the consent has it', async (t) => {
  const rig = makeKeeperRig();
  t.match(await rig.join(camera.id, withSound), { admitted: false, code: 'consent-no-audio' });
  t.same(rig.sources.sources, [], 'nothing was pulled');
  allowSound(rig);
  const sessionId = sessionOf(await rig.join(camera.id, withSound));
  t.equal(rig.store.starts.get(sessionId)?.audio, true);
  t.same(pullsNow(rig), [['playing', true]], 'pulled with its sound from the beginning');
  t.equal(rig.media.feeds[0]?.audio, 'PCMU');
});

t.test('consent to sound alone pulls none: the token must include it too', async (t) => {
  const rig = makeKeeperRig();
  allowSound(rig);
  const sessionId = sessionOf(await rig.join());
  t.equal(rig.store.starts.get(sessionId)?.audio, false);
  t.same(pullsNow(rig), [['playing', false]]);
});

t.test('the sound comes with the first who may hear it and goes with the last', async (t) => {
  const rig = makeKeeperRig();
  allowSound(rig);
  const deaf = sessionOf(await rig.join(camera.id, { subject: 'officer-1' }));
  t.same(pullsNow(rig), [['playing', false]]);
  const hearers = [
    sessionOf(await rig.join(camera.id, { subject: 'officer-2', ...withSound })),
    sessionOf(await rig.join(camera.id, { subject: 'officer-3', ...withSound })),
  ];
  t.same(pullsNow(rig), [['playing', true]], 'the pull began anew, with the sound');
  t.equal(rig.sources.sources.length, 2, 'once');
  for (const sessionId of hearers) {
    t.equal(rig.media.feeds[0]?.audio, 'PCMU');
    await rig.keeper.leave(sessionId);
  }
  await rig.clock.advance(1);
  t.same(pullsNow(rig), [['playing', false]], 'and again, without');
  t.equal(rig.media.feeds[0]?.audio, null);
  t.equal(rig.store.ends.get(deaf), undefined, 'the picture went on for the one who only sees');
});

t.test('a withdrawn consent ends picture and sound at once', async (t) => {
  const rig = makeKeeperRig();
  allowSound(rig);
  await rig.join(camera.id, withSound);
  rig.store.change(() => rig.store.consents.set(camera.id, { ...consent, audio: false }));
  t.match(await rig.keeper.settle({ cameraId: camera.id }), { sessionsEnded: 1 });
  t.equal(rig.media.open.length, 0);
  t.same(pullsNow(rig), []);
});

t.test('a renewal keeps what is on record: no sound is added to a session, and none taken from it', async (t) => {
  const rig = makeKeeperRig();
  allowSound(rig);
  const deaf = sessionOf(await rig.join());
  const added = await rig.keeper.renew(deaf, renewal(tokenText(withSound)), '192.0.2.1');
  t.match(added, { renewed: false, code: 'token-wrong-action' });
  t.match(await rig.keeper.renew(deaf, renewal(tokenText()), '192.0.2.1'), { renewed: true });
  const hearing = sessionOf(await rig.join(camera.id, { subject: 'officer-2', ...withSound }));
  const less = renewal(tokenText({ subject: 'officer-2' }));
  t.match(await rig.keeper.renew(hearing, less, '192.0.2.1'), { renewed: false, code: 'token-wrong-action' });
});
