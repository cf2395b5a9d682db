/*
 * The edge connector of server/edge: a real RTSP camera pushed out by GStreamer's own WebRTC stack, an encoder nobody here
 * wrote, into a viewer in Chromium. And that nothing stays behind after many publishers.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { offers } from '../media/support/golden-offers.ts';
import { startChromium } from '../support/chromium.ts';
import { answerOffer, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';
import { ask } from '../support/whep-player.ts';
import { enrolPublished, makePublishKey, WhipPublisher } from '../support/whip-publisher.ts';

t.setTimeout(240_000);

const script = fileURLToPath(new URL('../../edge/rtsp_to_whip.py', import.meta.url));
const camera = await startCamera({ size: '640x360', gop: 60 });
const town = await openTown();
const browser = await startChromium();
t.teardown(async () => {
  await browser.close();
  await town.close();
  await camera.stop();
});
const { folk, server } = town;

function push(endpoint: string, key: string): { box: ChildProcess; said: () => string } {
  const env = { ...process.env, SALLYPORT_PUBLISH_KEY: key };
  const box = spawn('/usr/bin/python3', [script, camera.url, endpoint], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [box.stdout, box.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { box, said: () => text };
}

t.test("a box pushes the owner's camera; a newcomer need not wait for the next key frame", async (t) => {
  const cameraId = await enrolPublished(folk);
  await folk.consent(cameraId);
  const key = await makePublishKey(folk, cameraId);
  const { box, said } = push(`${server.url}/v1/whip/${cameraId}`, key.text);
  t.teardown(() => box.kill('SIGKILL'));
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);
  const client = await SignalClient.connect(server.url);
  const other = await SignalClient.connect(server.url);
  const incidentId = await folk.report();
  const watch = async (as: SignalClient) => {
    const offered = await as.join(cameraId, await folk.token(incidentId, [cameraId], as.key.jkt));
    if (offered.type !== 'offer') throw new Error(`${offered.code}: ${said()}`);
    const { sessionId, sdp } = offered;
    as.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, sdp) });
    return sessionId;
  };
  // The gate waits for the box as it waits for a camera.
  const first = await watch(client);
  t.match(await untilDecoded(page, first, 30), { width: 640, height: 360 });
  const second = await watch(other);
  await untilDecoded(page, second, 10);
  const health = await folk.operator.must('GET', `/v1/cameras/${cameraId}/health`);
  t.match(health, { state: 'playing', viewers: 2, widthPx: 640, packetsLost: 0 });
  t.ok(Number(health['replays']) >= 1, 'the group was shown again, since this encoder hears no request');
  t.match(
    (await folk.readLedger()).find(({ type }) => type === 'publisher.connected'),
    { cameraId, scheme: 'key', keyId: key.id },
  );
  t.equal(said().trim(), 'connected', 'and says nothing of key or address');

  const ended = once(box, 'exit');
  await folk.owner.must('DELETE', `/v1/cameras/${cameraId}/publish-keys/${key.id}`);
  t.match(await ended, [1, null], 'it gives up when the key is refused');
  t.match(said(), /the server answered 401/);
  t.notMatch(said(), new RegExp(key.text));
  const gone = await folk.operator.must('GET', `/v1/cameras/${cameraId}/health`);
  t.match(gone, { state: 'waiting', reason: 'no-publisher', viewers: 2 }, 'its viewers wait for it');
  await client.close();
  await other.close();
});

t.test('twenty publishers come and go and leave nothing', async (t) => {
  const cameraId = await enrolPublished(folk);
  const publisher = await WhipPublisher.make(server.url);
  const { text } = await makePublishKey(folk, cameraId);
  const offer = offers.chromium.replaceAll('a=recvonly', 'a=sendonly');
  const loads = async () => (await server.media.resourceUsage()).map(({ load }) => load);
  const routers = async () => (await server.media.routerIds()).length;
  const before = { loads: await loads(), routers: await routers() };
  for (let count = 0; count < 20; count += 1) {
    const reply = await publisher.postWithKey(cameraId, text, offer);
    t.equal(reply.status, 201);
    // Every second one is taken over instead.
    if (count % 2 === 0) t.equal((await ask(publisher.sessionUrl(reply), 'DELETE')).status, 200);
  }
  await folk.operator.must('DELETE', `/v1/cameras/${cameraId}`);
  t.same({ loads: await loads(), routers: await routers() }, before, 'routers, and with them all they held');
  t.equal(server.publishers.size, 0);
  const entries = (await folk.readLedger()).filter((one) => one['cameraId'] === cameraId);
  const count = (type: string) => entries.filter((one) => one['type'] === type).length;
  t.equal(count('publisher.connected'), 20);
  t.equal(count('publisher.disconnected'), 20, 'an end for each');
});
