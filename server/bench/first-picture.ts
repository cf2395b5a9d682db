/*
 * Benchmark: from the accepted join (`offer` in the page) to the first presented frame, for joins at random moments of a
 * 4 s group of pictures, from a camera that ignores key-frame requests. In one run with the replay and without it.
 * Usage: node server/bench/first-picture.ts [joins]
 */
import type { CameraSourceFactory } from '../src/app/ports/camera-source.ts';
import type { Parts } from '../src/compose.ts';
import { startChromium } from '../test/support/chromium.ts';
import { answerOffer, untilDecoded } from '../test/support/page-viewer.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown } from '../test/support/town.ts';
import { startTiming, takeFirstFrames } from './first-frame.ts';
import { describeSample } from './percentile.ts';

const JOINS = Number(process.argv[2] ?? 20);
const GOP_MS = 4_000;

/** Requests for key frames end here: the camera's next one must be waited for. */
const withoutReplay = (sources: CameraSourceFactory): CameraSourceFactory => ({
  open(address) {
    const source = sources.open(address);
    const start = source.start.bind(source);
    source.start = (sink) => {
      const { ssrc, payloadType } = sink;
      start({ ssrc, payloadType, send: (packet) => sink.send(packet), onRtcp: () => {} });
    };
    return source;
  },
});

async function measure(wrapSources?: Parts['wrapSources']): Promise<number[]> {
  const camera = await startCamera({ gop: 60, fps: 15, ignorePli: true });
  const browser = await startChromium();
  const town = await openTown(wrapSources ? { parts: { wrapSources } } : {});
  const samples: number[] = [];
  try {
    const client = await SignalClient.connect(town.server.url);
    const page = await browser.newPage();
    await page.goto(`${town.server.url}/healthz`);
    const cameraId = await town.folk.enrol(camera.url);
    await town.folk.consent(cameraId);
    const incidentId = await town.folk.report();
    const token = () => town.folk.token(incidentId, [cameraId], client.key.jkt);
    const steady = await SignalClient.connect(town.server.url, client.key);
    const first = await steady.join(cameraId, await token());
    if (first.type !== 'offer') throw new Error(first.code);
    steady.send({ type: 'answer', sessionId: first.sessionId, sdp: await answerOffer(page, 'steady', first.sdp) });
    await untilDecoded(page, 'steady', 75);
    await startTiming(page);
    for (let at = 0; at < JOINS; at += 1) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * GOP_MS));
      const offered = await client.join(cameraId, await token());
      if (offered.type !== 'offer') throw new Error(offered.code);
      const { sessionId, sdp } = offered;
      client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, sdp) });
      samples.push(...(await takeFirstFrames(page, 1)));
      client.send({ type: 'leave', sessionId: offered.sessionId });
      await client.untilClosed(offered.sessionId);
    }
    await client.close();
    await steady.close();
  } finally {
    await town.close();
    await browser.close();
    await camera.stop();
  }
  return samples;
}

console.log(`first picture, 1280x720 at 15/s, group of pictures 4 s, key-frame requests ignored, ${JOINS} joins`);
console.log(`  with the replay     ${describeSample(await measure())}`);
console.log(`  without the replay  ${describeSample(await measure(withoutReplay))}`);
