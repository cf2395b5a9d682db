/*
 * A camera's power is cut while officers watch it in a real browser, and it comes back with another size: they see it
 * again on the connection they had, nobody negotiates anew, and the ledger holds one note of it.
 */
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import { answerOffer, countArrived, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';

const rows = [
  { name: 'inside its RTSP connection', transport: 'any' },
  { name: 'over UDP', transport: 'udp' },
] as const;

t.test('a reboot is one pause on the same session', async (t) => {
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const town = await openTown();
  t.teardown(() => town.close());
  const { folk, server } = town;
  for (const { name, transport } of rows) {
    const camera = await startCamera({ size: '640x360', gop: 15, bitrateKbps: 800, transport });
    t.teardown(() => camera.stop());
    const cameraId = await folk.enrol(camera.url);
    await folk.consent(cameraId);
    const client = await SignalClient.connect(server.url);
    const page = await browser.newPage();
    await page.goto(`${server.url}/healthz`);
    const token = await folk.token(await folk.report(), [cameraId], client.key.jkt);
    const offered = await client.join(cameraId, token);
    if (offered.type !== 'offer') throw new Error(offered.code);
    const { sessionId, sdp } = offered;
    client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, sdp) });
    t.match(await untilDecoded(page, sessionId, 20), { width: 640, height: 360 }, `${name}: before`);

    const cutAtMs = Date.now();
    await camera.stop();
    const before = await countArrived(page, sessionId);
    const rebooted = await startCamera({ size: '320x184', gop: 15, port: camera.port, transport });
    t.teardown(() => rebooted.stop());
    let after = await untilDecoded(page, sessionId, before.framesDecoded + 20);
    while (after.width !== 320) after = await untilDecoded(page, sessionId, after.framesDecoded + 1);
    t.match(after, { width: 320, height: 184, dtls: 'connected' }, `${name}: after, in its new size`);
    t.equal(client.messages.filter((message) => message.type === 'offer').length, 1, `${name}: no second offer`);
    t.notOk(client.messages.some((message) => message.type === 'gate' && message.state !== 'open'));

    const about = (await folk.readLedger()).filter((entry) => entry['cameraId'] === cameraId);
    const notes = about.filter((entry) => entry['type'] === 'camera.interrupted');
    t.match(notes, [{ count: 1, private: null }], `${name}: one note`);
    const [lostAtMs, backAtMs] = [Number(notes[0]?.['lostAtMs']), Number(notes[0]?.['backAtMs'])];
    t.ok(lostAtMs <= backAtMs && backAtMs >= cutAtMs && backAtMs <= Date.now(), `${name}: with its bounds`);
    t.equal(about.filter((entry) => entry['type'] === 'session.started').length, 1);
    t.notOk(about.some((entry) => entry['type'] === 'session.ended'));
    const health = await folk.operator.must('GET', `/v1/cameras/${cameraId}/health`);
    t.match(health, { state: 'playing', transport: transport === 'udp' ? 'udp' : 'tcp', widthPx: 320 });
    t.ok(Number(health['restarts']) >= 1);
    await client.close();
    await page.close();
    await rebooted.stop();
  }
});
