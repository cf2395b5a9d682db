/*
 * A camera enrolled by ONVIF and watched in real Chromium: pictures come, a newcomer to a long group makes the server ask
 * the camera itself for a key frame, and the snapshot the device offers is never fetched.
 */
import t from 'tap';
import { MAIN, OnvifCamera } from '../ingest/support/onvif-camera.ts';
import { startChromium } from '../support/chromium.ts';
import { answerOffer, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { NEAR, openTown } from '../support/town.ts';

t.setTimeout(120_000);

t.test('enrolled by ONVIF, watched, asked for a key frame', async (t) => {
  const auth = { user: 'operator', password: 'p@ss/word', method: 'digest' } as const;
  const camera = await startCamera({ size: '640x360', fps: 15, gop: 300, ignorePli: true, auth });
  const user = { username: auth.user, password: auth.password };
  const uri = camera.url.replace('127.0.0.1', '192.168.254.254');
  const device = await OnvifCamera.start({
    user,
    profiles: [{ ...MAIN, size: [640, 360], uri }],
    media: ['ver10', 'ver20'],
    clockOffsetMs: -31_536_000_000,
    calledBase: 'http://192.168.254.254',
  });
  const town = await openTown();
  const browser = await startChromium();
  t.teardown(async () => {
    await browser.close();
    await town.close();
    await Promise.all([device.stop(), camera.stop()]);
  });
  const { folk, server } = town;
  const made = await folk.operator.must('POST', '/v1/cameras', {
    ...{ name: 'Shop door', ownership: 'private', ownerId: folk.ownerId, place: NEAR },
    onvif: { address: device.address, ...user },
  });
  t.match(made, {
    offer: { reached: true, profile: 'main', snapshot: true, tracks: [{ codec: 'H264', plays: 'as-is' }] },
  });
  const cameraId = String(made['id']);
  t.notOk(device.questions.includes('SetSynchronizationPoint'), 'nobody watches: nothing is asked');

  await folk.consent(cameraId);
  const incident = await folk.report();
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);
  const watch = async (peer: string): Promise<void> => {
    const client = await SignalClient.connect(server.url);
    t.teardown(() => client.close());
    const offer = await client.join(cameraId, await folk.token(incident, [cameraId], client.key.jkt));
    if (offer.type !== 'offer') throw new Error(offer.code);
    client.send({ type: 'answer', sessionId: offer.sessionId, sdp: await answerOffer(page, peer, offer.sdp) });
    await untilDecoded(page, peer, 1);
  };
  await watch('first');
  const path = `/v1/cameras/${cameraId}/health`;
  let health = await folk.operator.must('GET', path);
  // A group of 20 s, some seconds old: what a newcomer finds.
  while (Number(health['playedMs']) < 3_000) health = await folk.operator.must('GET', path);
  await watch('second');
  await device.until('SetSynchronizationPoint');
  health = await folk.operator.must('GET', path);
  while (health['keyFramesAsked'] === 0) health = await folk.operator.must('GET', path);
  t.match(health, { state: 'playing', source: 'onvif', codec: 'H264', transcoded: false, restarts: 0, viewers: 2 });
  t.ok(Math.abs(Number(health['lastFrameAtMs']) - Date.now()) < 5_000, 'the last picture is of now');
  t.equal(device.refusals, 0, "every password was right, by the camera's own clock");
  t.notOk(
    device.asked.some(({ path: asked }) => asked.includes('snap')),
    'pictures pass only through gates',
  );
});
