/*
 * A page that publishes its camera in real Chromium, without the SDK, and a viewer of it behind the real gate.
 */
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import { countSent, fakeCameraFlags, offerCamera, takeAnswer, untilDtls } from '../support/page-publisher.ts';
import { answerOffer, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { openTown } from '../support/town.ts';
import { EventReader, enrolPublished, WhipPublisher } from '../support/whip-publisher.ts';

t.setTimeout(240_000);

t.test('from a page to a viewer', async (t) => {
  const town = await openTown({ env: { SALLYPORT_LOG_LEVEL: process.env['LOG'] ?? 'error' } });
  const browser = await startChromium(fakeCameraFlags);
  t.teardown(async () => {
    await browser.close();
    await town.close();
  });
  const { folk, server } = town;
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);
  const cameraId = await enrolPublished(folk);
  await folk.consent(cameraId);
  const publisher = await WhipPublisher.make(server.url);
  const offer = await offerCamera(page, 'pub');
  const reply = await publisher.post(cameraId, await publisher.token(folk, cameraId), offer);
  t.equal(reply.status, 201, reply.text);
  await takeAnswer(page, 'pub', reply.text);
  await untilDtls(page, 'pub', 'connected');
  const events = await EventReader.open(publisher.sessionUrl(reply));
  await events.until((heard) => heard.some(({ event }) => event === 'idle'));

  const client = await SignalClient.connect(server.url);
  const token = await folk.token(await folk.report(), [cameraId], client.key.jkt);
  const at = performance.now();
  const offered = await client.join(cameraId, token);
  if (offered.type !== 'offer') throw new Error(offered.code);
  t.comment(`offer after ${performance.now() - at}`);
  const { sessionId } = offered;
  client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, offered.sdp) });
  const seen = await untilDecoded(page, sessionId, 20);
  t.comment(`20 frames after ${performance.now() - at}`);
  t.comment(JSON.stringify(seen), JSON.stringify(await countSent(page, 'pub')));
  t.comment(JSON.stringify(await folk.operator.must('GET', `/v1/cameras/${cameraId}/health`)));
  t.comment(JSON.stringify(await folk.operator.must('GET', `/v1/cameras/${cameraId}`)));
  await events.until((heard) => heard.some(({ event }) => event === 'wanted'));
  client.send({ type: 'leave', sessionId });
  await events.until((heard) => heard.filter(({ event }) => event === 'idle').length === 2);
  t.same(await server.media.auditValves(), []);
});
