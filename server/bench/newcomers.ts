/*
 * Benchmark: one viewer watches, six others join at once, at a random moment of a group of pictures of 1, 4 and 10 s,
 * from a camera that ignores key-frame requests. How soon the six have a picture, and what the first one notices of the
 * replays. The first has a browser of its own; the six share another. Usage: node server/bench/newcomers.ts [rounds]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startChromium } from '../test/support/chromium.ts';
import { type Picture, readPicture, untilDecoded } from '../test/support/page-viewer.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown } from '../test/support/town.ts';
import { share, watch } from '../test/support/watch.ts';
import { startTiming, takeFirstFrames } from './first-frame.ts';
import { describeSample } from './percentile.ts';

const ROUNDS = Number(process.argv[2] ?? 4);
const NEWCOMERS = 6;
const FPS = 15;
const SETTLE_MS = 1_500;
const observed = ['freezes', 'frozenS', 'packetsLost', 'framesDropped', 'nacks', 'plis', 'packetsDiscarded'] as const;

/** What has changed for the first viewer. */
function describeChange(before: Picture, after: Picture): string {
  return observed.map((name) => `${name} ${Number((after[name] - before[name]).toFixed(2))}`).join('  ');
}

async function measure(gopS: number): Promise<void> {
  const camera = await startCamera({ size: '320x180', fps: FPS, gop: gopS * FPS, ignorePli: true, bitrateKbps: 500 });
  const [ownBrowser, browser] = await Promise.all([startChromium(), startChromium()]);
  const town = await openTown();
  try {
    const watched = await share(town.folk, camera.url);
    const first = await SignalClient.connect(town.server.url);
    const firstPage = await ownBrowser.newPage();
    const steady = await watch(firstPage, first, watched);
    await untilDecoded(firstPage, steady, (gopS + 2) * FPS);
    const page = await browser.newPage();
    await startTiming(page);
    const clients = await Promise.all(Array.from({ length: NEWCOMERS }, () => SignalClient.connect(town.server.url)));
    const samples: number[] = [];
    const read = async () => {
      const picture = await readPicture(firstPage, steady);
      if (!picture) throw new Error('the first viewer has no picture');
      return picture;
    };
    const quiet = await read();
    await delay(2 * SETTLE_MS);
    const before = await read();
    for (let round = 0; round < ROUNDS; round += 1) {
      await delay(Math.random() * gopS * 1_000);
      const sessions = await Promise.all(clients.map((client) => watch(page, client, watched)));
      samples.push(...(await takeFirstFrames(page, NEWCOMERS)));
      await delay(SETTLE_MS);
      for (const [at, sessionId] of sessions.entries()) clients[at]?.send({ type: 'leave', sessionId });
      await Promise.all(sessions.map((sessionId, at) => clients[at]?.untilClosed(sessionId)));
      await page.evaluate(() => {
        for (const peer of globalThis.peers.values()) peer.close();
        document.body.replaceChildren();
      });
    }
    const after = await read();
    const { body } = await town.folk.operator.call('GET', `/v1/cameras/${watched.cameraId}/health`);
    console.log(`GOP ${gopS} s`);
    console.log(`  six at once, offer -> first frame  ${describeSample(samples)}`);
    console.log(`  first viewer, nobody joining       ${describeChange(quiet, before)}`);
    console.log(`  first viewer, ${ROUNDS} rounds of six      ${describeChange(before, after)}`);
    console.log(`  replays ${JSON.stringify(body['replays'])}`);
    await Promise.all([first, ...clients].map((client) => client.close()));
  } finally {
    await town.close();
    await Promise.all([ownBrowser.close(), browser.close()]);
    await camera.stop();
  }
}

console.log(
  `320x180 at ${FPS}/s, 500 kbit/s, key-frame requests ignored, ${ROUNDS} rounds of ${NEWCOMERS} newcomers at once`,
);
for (const gopS of [1, 4, 10]) await measure(gopS);
