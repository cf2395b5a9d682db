/*
 * Cameras that send H.265 or MJPEG, watched in real Chromium through the whole server; and the server killed outright,
 * which must take its transcoder along.
 */

import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import { answerOffer, untilDecoded } from '../support/page-viewer.ts';
import { listDescendants, runCli, startServerProcess, stillRunning } from '../support/server-process.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { makeEnv, openTown, Townsfolk } from '../support/town.ts';

const transcodersOf = (pid: number): readonly number[] =>
  stillRunning(listDescendants(pid)).filter((one) => readFileSync(`/proc/${one}/comm`, 'utf8') === 'ffmpeg\n');

async function offerOf(folk: Townsfolk, client: SignalClient, cameraUrl: string) {
  const cameraId = await folk.enrol(cameraUrl);
  await folk.consent(cameraId);
  const offered = await client.join(cameraId, await folk.token(await folk.report(), [cameraId], client.key.jkt));
  if (offered.type !== 'offer') throw new Error(offered.code);
  return { cameraId, ...offered };
}

t.test('a browser shows an H.265 and an MJPEG camera in their own size, and nothing runs after', async (t) => {
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const town = await openTown();
  t.teardown(() => town.close());
  const { folk, server } = town;
  const client = await SignalClient.connect(server.url);
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);
  for (const codec of ['h265', 'mjpeg'] as const) {
    const camera = await startCamera({ size: '640x360', gop: 30, codec });
    t.teardown(() => camera.stop());
    t.same(transcodersOf(process.pid), [], `${codec}: none before`);
    const { sessionId, sdp, cameraId } = await offerOf(folk, client, camera.url);
    client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, sdp) });
    t.match(await untilDecoded(page, sessionId, 10), { width: 640, height: 360 }, `${codec}: the picture is there`);
    t.equal(transcodersOf(process.pid).length, 1, `${codec}: one for the camera`);
    const health = await folk.operator.must('GET', `/v1/cameras/${cameraId}/health`);
    t.ok(Number(health['transcodeMemoryBytes']) > 1_000_000, `${codec}: what it takes is shown`);
    await folk.operator.must('DELETE', `/v1/cameras/${cameraId}`);
    await client.untilClosed(sessionId);
    const deadlineMs = Date.now() + 20_000;
    while (transcodersOf(process.pid).length > 0 && Date.now() < deadlineMs)
      await new Promise((resolve) => setTimeout(resolve, 20));
    t.same(transcodersOf(process.pid), [], `${codec}: none after the last gate`);
    await camera.stop();
  }
  await client.close();
});

t.test('a server that is killed takes its transcoder along', async (t) => {
  const camera = await startCamera({ size: '640x360', gop: 30, codec: 'mjpeg' });
  t.teardown(() => camera.stop());
  const env = await makeEnv();
  t.teardown(() => rm(env['SALLYPORT_DATA_DIR'] ?? '', { recursive: true, force: true }));
  const server = await startServerProcess(env);
  t.teardown(() => server.child.kill('SIGKILL'));
  const made = await runCli(['key', 'create', '--role', 'operator'], env);
  const folk = await Townsfolk.settle(server.url, made.stdout.trim());
  const client = await SignalClient.connect(server.url);
  await offerOf(folk, client, camera.url);
  const [ffmpeg] = transcodersOf(server.pid);
  if (ffmpeg === undefined) throw new Error('no ffmpeg runs');
  server.child.kill('SIGKILL');
  const deadlineMs = Date.now() + 2_000;
  while (stillRunning([ffmpeg]).length > 0 && Date.now() < deadlineMs)
    await new Promise((resolve) => setTimeout(resolve, 10));
  t.same(stillRunning([ffmpeg]), [], 'gone within 2 s');
});
