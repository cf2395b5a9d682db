/*
 * What a standard player hears of its session: that the end comes near, a minute and ten seconds before, and the cut. On
 * the keeper's rig with its clock.
 */
import type { PlayerEvent } from '@sallyport/protocol/session-events';
import t from 'tap';
import { WhepPlayers } from '../../src/app/whep-players.ts';
import { systemRandomness } from '../../src/system-randomness.ts';
import { camera, consent, NOW_MS, token } from '../support/facts.ts';
import { makeKeeperRig, type TestToken, tokenText } from '../support/keeper-rig.ts';

const sdp = `v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:${'p'.repeat(24)}\r\n`;

async function watchAs(wish: TestToken) {
  const rig = makeKeeperRig();
  const { keeper, media, clock } = rig;
  const players = new WhepPlayers({ keeper, offers: media, clock, randomness: systemRandomness });
  const text = tokenText({ cameraId: camera.id, ...wish });
  const brought = {
    cameraId: camera.id,
    token: text,
    scheme: 'dpop',
    proof: token.jkt,
    htm: 'POST',
    htu: 'x',
  } as const;
  const watched = await players.watch(brought, sdp, 'answer', '192.0.2.1');
  if (watched.how !== 'answer') throw new Error(watched.how);
  const heard: (PlayerEvent | 'end')[] = [];
  const listen = () =>
    players
      .events(camera.id, watched.secret)
      ?.listen({ event: (event) => heard.push(event), end: () => heard.push('end') });
  // Packets flow, so that the gate stays open without an answer to wait for.
  await media.valves[0]?.answer('good');
  return { ...rig, players, heard, listen, secret: watched.secret };
}

t.test('a minute before, ten seconds before, and the cut', async (t) => {
  const expiresAtMs = NOW_MS + 200_000;
  const { heard, listen, clock } = await watchAs({ expiresAtMs });
  listen();
  await clock.advance(139_000);
  t.same(heard, []);
  await clock.advance(1_000);
  t.same(heard, [{ type: 'consent-ending', untilMs: expiresAtMs, leftMs: 60_000 }]);
  await clock.advance(50_000);
  t.same(heard.at(-1), { type: 'consent-ending', untilMs: expiresAtMs, leftMs: 10_000 });
  await clock.advance(10_000);
  t.same(heard.slice(2), [{ type: 'cut', reason: 'token-expired' }, 'end']);
});

t.test('who listens late hears how much is left then; who comes after the end, the end', async (t) => {
  const { heard, listen, clock, players, secret } = await watchAs({ expiresAtMs: NOW_MS + 30_000 });
  await clock.advance(5_000);
  listen();
  t.match(heard, [{ type: 'consent-ending', leftMs: 25_000 }], 'less than a minute was left from the start');
  await players.end(camera.id, secret);
  listen();
  t.match(heard.slice(1), [{ type: 'cut', reason: 'left' }, 'end', { type: 'cut', reason: 'left' }, 'end']);
  await clock.advance(60_000);
  t.equal(players.events(camera.id, secret), null, 'a minute long');
});

t.test('an owner who stops: the coarse word', async (t) => {
  const { heard, listen, store, keeper } = await watchAs({ expiresAtMs: NOW_MS + 200_000 });
  listen();
  store.change(() => store.consents.set(camera.id, { ...consent, state: 'withdrawn' }));
  await keeper.settle({ cameraId: camera.id });
  t.same(heard, [{ type: 'cut', reason: 'not-available' }, 'end']);
});
