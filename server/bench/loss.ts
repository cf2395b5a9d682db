/*
 * Benchmark: what a viewer sees on a bad line: packets lost (each way) and 50 ms of delay (each way) between the server
 * and Chromium in a network namespace of its own. For each loss a viewer joins at a random moment of a 4 s group of
 * pictures and watches for 20 s. Needs root. Usage: node server/bench/loss.ts [seconds]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { openFarNetwork } from '../test/support/far-network.ts';
import { readPicture, untilDecoded } from '../test/support/page-viewer.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown } from '../test/support/town.ts';
import { share, watch } from '../test/support/watch.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const FPS = 15;
const GOP_MS = 4_000;
const DELAY_MS = 50;
const lines = [{ loss: 0, delayMs: 0 }, ...[0, 0.01, 0.05, 0.1].map((loss) => ({ loss, delayMs: DELAY_MS }))];

const camera = await startCamera({ size: '640x360', fps: FPS, gop: (GOP_MS / 1_000) * FPS, ignorePli: true });
const network = await openFarNetwork();
const browser = await network.startChromium();
const town = await openTown({ env: { SALLYPORT_ANNOUNCED_ADDRESS: network.near.v4 } });
try {
  const client = await SignalClient.connect(town.server.url);
  const page = await browser.newPage();
  const watched = await share(town.folk, camera.url);
  console.log(`640x360 at ${FPS}/s, group of pictures ${GOP_MS / 1_000} s, camera ignores key-frame requests;`);
  console.log(`${SECONDS} s each from the first picture; loss and delay each way; one viewer`);
  console.log('loss  delay  first ms  frames  of  freezes  frozen s  lost  repaired  left  nack  pli  buffer ms');
  // Keeps the camera pulled: each newcomer below comes into a running group of pictures, and not to a fresh one.
  const holder = await SignalClient.connect(town.server.url);
  const steady = await watch(page, holder, watched);
  await untilDecoded(page, steady, 5 * FPS);
  await page.evaluate((peer) => globalThis.peers.get(peer)?.getReceivers()[0]?.track.stop(), steady);
  for (const line of lines) {
    await delay(Math.random() * GOP_MS);
    const before = await network.change(line);
    const askedAtMs = performance.now();
    const sessionId = await watch(page, client, watched);
    await untilDecoded(page, sessionId, 1);
    const firstMs = performance.now() - askedAtMs;
    await delay(SECONDS * 1_000);
    const picture = await readPicture(page, sessionId);
    const after = await network.change({ loss: 0, delayMs: 0 });
    client.send({ type: 'leave', sessionId });
    await client.untilClosed(sessionId);
    if (!picture) throw new Error('the viewer has no picture');
    const cells = [
      `${line.loss * 100} %`.padStart(4),
      `${line.delayMs} ms`.padStart(6),
      firstMs.toFixed(0).padStart(9),
      String(picture.framesDecoded).padStart(7),
      String(Math.round(SECONDS * FPS)).padStart(4),
      String(picture.freezes).padStart(7),
      picture.frozenS.toFixed(2).padStart(9),
      String(after.lost - before.lost).padStart(6),
      String(picture.packetsRepaired).padStart(9),
      String(picture.packetsLost).padStart(5),
      String(picture.nacks).padStart(5),
      String(picture.plis).padStart(4),
      ((picture.bufferedS * 1_000) / picture.framesEmitted).toFixed(0).padStart(10),
    ];
    console.log(cells.join(' '));
  }
  await client.close();
  await holder.close();
} finally {
  await town.close();
  await browser.close();
  await network.close();
  await camera.stop();
}
