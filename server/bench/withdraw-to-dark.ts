/*
 * Benchmark: from the owner's HTTP request to the acknowledged valve (`darkMs`), to the answer in hand, and to the last
 * packet the browser received. Usage: node server/bench/withdraw-to-dark.ts [cuts]
 */
import { startChromium } from '../test/support/chromium.ts';
import { answerOffer, settleArrived, untilDecoded } from '../test/support/page-viewer.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown } from '../test/support/town.ts';
import { describeSample } from './percentile.ts';

const CUTS = Number(process.argv[2] ?? 50);
const dark: number[] = [];
const answered: number[] = [];
const lastPacket: number[] = [];

const camera = await startCamera({ size: '640x360', gop: 15 });
const browser = await startChromium();
const town = await openTown();
try {
  const { folk, server } = town;
  const client = await SignalClient.connect(server.url);
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);
  const cameraId = await folk.enrol(camera.url);
  const incidentId = await folk.report();
  for (let at = 0; at < CUTS; at += 1) {
    const consentId = await folk.consent(cameraId);
    const offered = await client.join(cameraId, await folk.token(incidentId, [cameraId], client.key.jkt));
    if (offered.type !== 'offer') throw new Error(offered.code);
    const { sessionId } = offered;
    client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, offered.sdp) });
    await untilDecoded(page, sessionId, 3);
    const askedAtMs = Date.now();
    const startedAt = performance.now();
    const outcome = await folk.owner.must('DELETE', `/v1/consents/${consentId}`);
    answered.push(performance.now() - startedAt);
    dark.push(Number(outcome['darkMs']));
    lastPacket.push((await settleArrived(page, sessionId)).lastPacketAtMs - askedAtMs);
  }
  await client.close();
} finally {
  await town.close();
  await browser.close();
  await camera.stop();
}
console.log(`withdrawal, ${CUTS} cuts, one viewer in Chromium`);
console.log(`  request -> acknowledged valve      ${describeSample(dark)}`);
console.log(`  request -> answer in hand          ${describeSample(answered)}`);
console.log(`  request -> last packet in browser  ${describeSample(lastPacket)}  (negative: before the request)`);
