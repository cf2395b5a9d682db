/*
 * Sound through the whole server, from a real camera to a real Chromium: heard where the owner's consent includes it,
 * and nowhere else; cut with its gate.
 */
import t from 'tap';
import type { CameraOptions } from '../../demo-cameras/start-cameras.ts';
import { startChromium } from '../support/chromium.ts';
import { answerOffer, countHeard, makeOffer, takeAnswer, untilDecoded, untilHeard } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';
import { WhepPlayer } from '../support/whep-player.ts';

t.setTimeout(300_000);

const small = { size: '320x180', gop: 30, bitrateKbps: 400 } as const;
const town = await openTown({ charter: { privateCamerasMax: 20 } });
const browser = await startChromium();
const { folk, server } = town;
const client = await SignalClient.connect(server.url);
const page = await browser.newPage();
await page.goto(`${server.url}/healthz`);
t.teardown(async () => {
  await client.close();
  await browser.close();
  await town.close();
});

async function prepare(options: CameraOptions, consent: object) {
  const camera = await startCamera({ ...small, ...options });
  t.teardown(() => camera.stop());
  const cameraId = await folk.enrol(camera.url);
  const consentId = await folk.consent(cameraId, consent);
  return { cameraId, consentId, incidentId: await folk.report() };
}

async function watch(options: CameraOptions, consent: object) {
  const prepared = await prepare(options, consent);
  const { cameraId, incidentId } = prepared;
  const offer = await client.join(cameraId, await folk.token(incidentId, [cameraId], client.key.jkt));
  if (offer.type !== 'offer') throw new Error(offer.code);
  const { sessionId, sdp } = offer;
  client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, sdp) });
  await untilDecoded(page, sessionId, 5);
  return { ...prepared, sessionId, sdp };
}

const startOf = async (cameraId: string) =>
  (await folk.readLedger()).filter((entry) => entry['type'] === 'session.started' && entry['cameraId'] === cameraId);

for (const [audio, codec] of [
  ['pcmu', 'audio/PCMU'],
  ['aac', 'audio/opus'],
] as const) {
  t.test(`${audio} is heard as ${codec}, and is cut with its gate`, async (t) => {
    const { sessionId, cameraId, consentId } = await watch({ audio }, { audio: true });
    const heard = await untilHeard(page, sessionId);
    t.equal(heard.codec, codec);
    t.ok(heard.packets > 0);
    t.match(await startOf(cameraId), [{ audio: true }], 'and the ledger says so');
    t.same(await server.media.auditValves(), []);
    const withdrawn = await folk.owner.must('DELETE', `/v1/consents/${consentId}`);
    t.equal(withdrawn['sessionsEnded'], 1);
    await client.untilClosed(sessionId);
    // What the browser's own queues still held is counted first.
    let before = await countHeard(page, sessionId);
    for (let quiet = 0; quiet < 10; ) {
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
      const now = await countHeard(page, sessionId);
      quiet = now.packets === before.packets ? quiet + 1 : 0;
      before = now;
    }
    t.pass('and stays silent');
  });
}

t.test('without consent to sound none is offered, set up or sent', async (t) => {
  const { sessionId, sdp, cameraId } = await watch({ audio: 'pcmu' }, {});
  t.notMatch(sdp, 'm=audio');
  t.same(await countHeard(page, sessionId), { packets: 0, energy: 0, codec: '' });
  t.match(await startOf(cameraId), [{ audio: false }]);
  t.same(await server.media.auditValves(), []);
  client.send({ type: 'leave', sessionId });
  await client.untilClosed(sessionId);
});

t.test('a camera without sound is watched as ever, whatever the consent allows', async (t) => {
  const { sessionId, sdp } = await watch({}, { audio: true });
  t.notMatch(sdp, 'm=audio');
  client.send({ type: 'leave', sessionId });
  await client.untilClosed(sessionId);
});

t.test("a standard player's own offer is answered with the sound it takes", async (t) => {
  const player = await WhepPlayer.make(server.url);
  for (const [audio, consent, codec] of [
    ['aac', { audio: true }, 'audio/opus'],
    ['pcmu', { audio: true }, 'audio/PCMU'],
    ['pcmu', {}, ''],
  ] as const) {
    const { cameraId, incidentId } = await prepare({ audio }, consent);
    const token = await folk.token(incidentId, [cameraId], player.key.jkt);
    const reply = await player.post(cameraId, token, await makeOffer(page, cameraId));
    t.equal(reply.status, 201, reply.text);
    await takeAnswer(page, cameraId, reply.text);
    await untilDecoded(page, cameraId, 5);
    if (codec === '') t.equal((await countHeard(page, cameraId)).packets, 0, 'declined');
    else t.equal((await untilHeard(page, cameraId)).codec, codec);
    t.same(await server.media.auditValves(), [], 'no consumer without a valve, pipes aside');
  }
});
