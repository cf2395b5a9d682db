/*
 * Benchmark: what a viewer sees on a bad line: packets lost (each way) and 50 ms of delay (each way) between the server
 * and Chromium in a network namespace of its own. For each loss a viewer joins at a random moment of a 4 s group of
 * pictures and watches for 20 s. Needs root. Usage: node server/bench/loss.ts [seconds] [sdk|browser]
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { clientLimits } from '../../client-sdk/src/client-limits.ts';
import { JitterCushion } from '../../client-sdk/src/jitter-cushion.ts';
import { startChromium } from '../test/support/chromium.ts';
import { openFarNetwork } from '../test/support/far-network.ts';
import { readPicture, untilDecoded } from '../test/support/page-viewer.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown } from '../test/support/town.ts';
import { share, watch } from '../test/support/watch.ts';

const SECONDS = Number(process.argv[2] ?? 20);
/** Who decides how long frames are held back: the SDK's cushion, or the browser left alone, as for a standard player. */
const HELD_BACK_BY = process.argv[3] === 'browser' ? 'browser' : 'sdk';
const FPS = 15;
const GOP_MS = 4_000;
const DELAY_MS = 50;
const lines = [{ loss: 0, delayMs: 0 }, ...[0, 0.01, 0.05, 0.1].map((loss) => ({ loss, delayMs: DELAY_MS }))];

/** Feeds the SDK's cushion with the browser's figures, as its picture guard does; answers the way to stop. */
function startCushion(page: Page, peer: string): () => void {
  const setTarget = (targetMs: number | null) =>
    page.evaluate(
      ([name, ms]) => {
        const receiver = globalThis.peers.get(name)?.getReceivers()[0];
        if (receiver) receiver.jitterBufferTarget = ms;
      },
      [peer, targetMs] as const,
    );
  const cushion = new JitterCushion({
    set jitterBufferTarget(targetMs: number | null) {
      void setTarget(targetMs);
    },
  });
  const timer = setInterval(async () => {
    const picture = await readPicture(page, peer);
    if (picture) cushion.see(picture, performance.now());
  }, clientLimits.countEveryMs);
  return () => clearInterval(timer);
}

const camera = await startCamera({ size: '640x360', fps: FPS, gop: (GOP_MS / 1_000) * FPS, ignorePli: true });
const network = await openFarNetwork();
const browser = await network.startChromium();
const holderBrowser = await startChromium();
const town = await openTown({ env: { SALLYPORT_ANNOUNCED_ADDRESS: network.near.v4 } });
try {
  const client = await SignalClient.connect(town.server.url);
  const page = await browser.newPage();
  const watched = await share(town.folk, camera.url);
  console.log(
    `640x360 at ${FPS}/s, group of pictures ${GOP_MS / 1_000} s, camera ignores key-frame requests; held back by: ${HELD_BACK_BY}`,
  );
  console.log(
    `${SECONDS} s each from the first picture; loss and delay each way. sent/lost: packets on the line, both ways;`,
  );
  console.log('missed: packets that did not come the first time; resent: by RTX; replays: of the relay, join included');
  console.log(
    'loss delay | first ms | frames  of | freezes frozen s | sent lost | missed resent nack pli replays | buffer ms',
  );
  // Keeps the camera pulled, by a good line: each newcomer comes into a running group of pictures, not to a fresh one.
  const holder = await SignalClient.connect(town.server.url);
  const holderPage = await holderBrowser.newPage();
  await untilDecoded(holderPage, await watch(holderPage, holder, watched), 5 * FPS);
  const countReplays = async () => {
    const health = await town.folk.operator.must('GET', `/v1/cameras/${watched.cameraId}/health`);
    return Number(health['replays']);
  };
  for (const line of lines) {
    await delay(Math.random() * GOP_MS);
    const replaysBefore = await countReplays();
    const before = await network.change(line);
    const askedAtMs = performance.now();
    const sessionId = await watch(page, client, watched);
    await untilDecoded(page, sessionId, 1);
    const stopCushion = HELD_BACK_BY === 'sdk' ? startCushion(page, sessionId) : () => undefined;
    const firstMs = performance.now() - askedAtMs;
    await delay(SECONDS * 1_000);
    stopCushion();
    const picture = await readPicture(page, sessionId);
    const after = await network.change({ loss: 0, delayMs: 0 });
    client.send({ type: 'leave', sessionId });
    await client.untilClosed(sessionId);
    if (!picture) throw new Error('the viewer has no picture');
    const replays = (await countReplays()) - replaysBefore;
    const cells: readonly (readonly [value: number, digits: number, width: number])[] = [
      [line.loss * 100, 0, 4],
      [line.delayMs, 0, 5],
      [firstMs, 0, 11],
      [picture.framesDecoded, 0, 9],
      [SECONDS * FPS, 0, 4],
      [picture.freezes, 0, 10],
      [picture.frozenS, 2, 9],
      [after.passed - before.passed, 0, 7],
      [after.lost - before.lost, 0, 5],
      [picture.packetsLost, 0, 9],
      [picture.packetsRepaired, 0, 7],
      [picture.nacks, 0, 5],
      [picture.plis, 0, 4],
      [replays, 0, 8],
      [(picture.bufferedS * 1_000) / picture.framesEmitted, 0, 12],
    ];
    console.log(cells.map(([value, digits, width]) => value.toFixed(digits).padStart(width)).join(''));
  }
  await client.close();
  await holder.close();
} finally {
  await town.close();
  await Promise.all([browser.close(), holderBrowser.close()]);
  await network.close();
  await camera.stop();
}
