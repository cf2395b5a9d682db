/*
 * Benchmark: one viewer watches, six others join at once, at a random moment of a group of pictures of 1, 4 and 10 s,
 * from a camera that ignores key-frame requests. How soon the six have a picture, and what the first one notices of the
 * replays. The first has a browser of its own, in which another camera runs beside it: what that one suffers too comes
 * of the machine and not of the replays. The six share a browser. Usage: node server/bench/newcomers.ts [rounds]
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { startChromium } from '../test/support/chromium.ts';
import { type Picture, readPicture, untilDecoded } from '../test/support/page-viewer.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown } from '../test/support/town.ts';
import { share, type Watched, watch } from '../test/support/watch.ts';
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

/** A viewer who has watched for longer than a group of pictures; answers how good its picture has been so far. */
async function settle(page: Page, url: string, watched: Watched, gopS: number) {
  const client = await SignalClient.connect(url);
  const sessionId = await watch(page, client, watched);
  await untilDecoded(page, sessionId, (gopS + 2) * FPS);
  const read = async () => {
    const picture = await readPicture(page, sessionId);
    if (!picture) throw new Error('a settled viewer has no picture');
    return picture;
  };
  return { client, read };
}

/** Six join, have their picture, and leave; answers the times to their first frames. */
async function joinAndLeave(page: Page, clients: readonly SignalClient[], watched: Watched): Promise<number[]> {
  const sessions = await Promise.all(clients.map((client) => watch(page, client, watched)));
  const firstFramesMs = await takeFirstFrames(page, clients.length);
  await delay(SETTLE_MS);
  for (const [at, sessionId] of sessions.entries()) clients[at]?.send({ type: 'leave', sessionId });
  await Promise.all(sessions.map((sessionId, at) => clients[at]?.untilClosed(sessionId)));
  await page.evaluate(() => {
    for (const peer of globalThis.peers.values()) peer.close();
    document.body.replaceChildren();
  });
  return firstFramesMs;
}

async function measure(gopS: number): Promise<void> {
  const kind = { size: '320x180', fps: FPS, gop: gopS * FPS, ignorePli: true, bitrateKbps: 500 } as const;
  const [camera, otherCamera] = await Promise.all([startCamera(kind), startCamera(kind)]);
  const [ownBrowser, browser] = await Promise.all([startChromium(), startChromium()]);
  const town = await openTown();
  try {
    const { folk, server } = town;
    const watched = await share(folk, camera.url);
    const [ownPage, page] = [await ownBrowser.newPage(), await browser.newPage()];
    const first = await settle(ownPage, server.url, watched, gopS);
    const other = await settle(ownPage, server.url, await share(folk, otherCamera.url), gopS);
    await startTiming(page);
    const clients = await Promise.all(Array.from({ length: NEWCOMERS }, () => SignalClient.connect(server.url)));
    const samples: number[] = [];
    const before = [await first.read(), await other.read()] as const;
    for (let round = 0; round < ROUNDS; round += 1) {
      await delay(Math.random() * gopS * 1_000);
      samples.push(...(await joinAndLeave(page, clients, watched)));
    }
    const after = [await first.read(), await other.read()] as const;
    const { body } = await folk.operator.call('GET', `/v1/cameras/${watched.cameraId}/health`);
    console.log(`GOP ${gopS} s, ${JSON.stringify(body['replays'])} replays`);
    console.log(`  six at once, offer -> first frame  ${describeSample(samples)}`);
    console.log(`  who watches this camera            ${describeChange(before[0], after[0])}`);
    console.log(`  who watches another camera         ${describeChange(before[1], after[1])}`);
    await Promise.all([first.client, other.client, ...clients].map((client) => client.close()));
  } finally {
    await town.close();
    await Promise.all([ownBrowser.close(), browser.close()]);
    await Promise.all([camera.stop(), otherCamera.stop()]);
  }
}

console.log(
  `320x180 at ${FPS}/s, 500 kbit/s, key-frame requests ignored, ${ROUNDS} rounds of ${NEWCOMERS} newcomers at once`,
);
for (const gopS of [1, 4, 10]) await measure(gopS);
