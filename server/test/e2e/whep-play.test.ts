/*
 * A standard player in real Chromium, without the SDK: answered and offered to, with a real camera behind the real gate.
 */
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import {
  answerOffer,
  countArrived,
  makeOffer,
  settleArrived,
  takeAnswer,
  untilDecoded,
} from '../support/page-viewer.ts';
import { makeViewerKey } from '../support/possession.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';
import { ask, WhepPlayer } from '../support/whep-player.ts';

t.setTimeout(240_000);

const camera = await startCamera();
const town = await openTown({ env: { SALLYPORT_ALLOW_BEARER_PLAYERS: 'true' } });
const browser = await startChromium();
t.teardown(async () => {
  await browser.close();
  await town.close();
  await camera.stop();
});
const { folk } = town;
const page = await browser.newPage();
await page.goto(`${town.server.url}/healthz`);

async function prepare() {
  const player = await WhepPlayer.make(town.server.url);
  const cameraId = await folk.enrol(camera.url);
  const consentId = await folk.consent(cameraId);
  const token = await folk.token(await folk.report(), [cameraId], player.key.jkt);
  return { player, cameraId, consentId, token };
}
const find = async (type: string, cameraId: string) =>
  (await folk.readLedger()).filter((entry) => entry['type'] === type && entry['cameraId'] === cameraId);

t.test("answers a player's own offer; a withdrawal cuts it", async (t) => {
  const { player, cameraId, consentId, token } = await prepare();
  const reply = await player.post(cameraId, token, await makeOffer(page, 'answered'));
  t.equal(reply.status, 201, reply.text);
  t.equal(Number(reply.headers.get('content-length')), Buffer.byteLength(reply.text));
  await takeAnswer(page, 'answered', reply.text);
  const seen = await untilDecoded(page, 'answered', 10);
  t.ok(seen.width > 0 && seen.height > 0, `${seen.width} x ${seen.height}`);
  t.same(await town.server.media.auditValves(), [], 'no consumer without a valve, pipes aside');
  t.match((await find('session.started', cameraId))[0], { possession: 'dpop' });

  const withdrawn = await folk.owner.must('DELETE', `/v1/consents/${consentId}`);
  t.equal(withdrawn['sessionsEnded'], 1);
  const dark = await settleArrived(page, 'answered');
  t.equal(dark.dtls, 'closed');
  t.equal((await settleArrived(page, 'answered')).packets, dark.packets, 'no packet afterwards');
  t.match(await find('session.ended', cameraId), [{ reason: 'consent-withdrawn' }]);
  const url = player.sessionUrl(reply);
  t.equal((await ask(url, 'GET')).status, 404);
  t.equal((await ask(url, 'DELETE')).status, 200, 'a minute long');
});

t.test('offers to a player that asks for it', async (t) => {
  const { player, cameraId, token } = await prepare();
  const change = { headers: { prefer: 'counter-offer' } };
  const reply = await player.post(cameraId, token, await makeOffer(page, 'unused'), change);
  t.equal(reply.status, 406);
  t.equal(reply.headers.get('content-type'), 'application/sdp');
  const url = player.sessionUrl(reply);
  const answer = await answerOffer(page, 'offered', reply.text);
  const headers = { 'content-type': 'application/sdp' };
  t.equal((await ask(url, 'PATCH', { headers, body: answer })).status, 204);
  await untilDecoded(page, 'offered', 10);
  t.equal((await ask(url, 'PATCH', { headers, body: answer })).status, 415, 'an answer is taken once');
  t.equal((await ask(url, 'DELETE')).status, 200);
  t.equal((await settleArrived(page, 'offered')).dtls, 'closed');
  t.match(await find('session.ended', cameraId), [{ reason: 'left' }]);
});

t.test('a copied token with another key is refused; a bearer is recorded as one', async (t) => {
  const { player, cameraId, token } = await prepare();
  const offer = await makeOffer(page, 'bearer');
  const thief = await player.post(cameraId, token, offer, { key: await makeViewerKey() });
  t.equal(thief.status, 401);
  t.match(await find('session.denied', cameraId), [{ code: 'possession-wrong-key' }]);
  const reply = await player.post(cameraId, token, offer, { headers: { authorization: `Bearer ${token}` } });
  t.equal(reply.status, 201);
  await takeAnswer(page, 'bearer', reply.text);
  await untilDecoded(page, 'bearer', 5);
  t.match(await find('session.started', cameraId), [{ possession: 'bearer' }]);
  t.equal((await countArrived(page, 'bearer')).dtls, 'connected');
});
