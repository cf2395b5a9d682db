/*
 * One viewer watches in a real browser and six others join at once, late in a long group of pictures, from a camera that
 * ignores key-frame requests: all six have a picture, and the first loses nothing. Figures: server/bench/newcomers.ts.
 */
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import { readPicture, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';
import { share, watch } from '../support/watch.ts';

const FPS = 15;
const GOP = 6 * FPS;

t.test('six newcomers at once are served from the replay, and nobody is disturbed', async (t) => {
  const camera = await startCamera({ size: '320x180', fps: FPS, gop: GOP, ignorePli: true, bitrateKbps: 500 });
  t.teardown(() => camera.stop());
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const town = await openTown();
  t.teardown(() => town.close());
  const connect = async () => {
    const client = await SignalClient.connect(town.server.url);
    t.teardown(() => client.close());
    return client;
  };
  const watched = await share(town.folk, camera.url);
  const [firstPage, page] = [await browser.newPage(), await browser.newPage()];
  const steady = await watch(firstPage, await connect(), watched);
  await untilDecoded(firstPage, steady, GOP);
  const clients = await Promise.all(Array.from({ length: 6 }, connect));
  // The key picture the newcomers need went by more than two seconds ago, and the next is as far away.
  for (let keys = 0; ; ) {
    const picture = await readPicture(firstPage, steady);
    if (keys === 0) keys = picture?.keyFramesDecoded ?? 0;
    if ((picture?.keyFramesDecoded ?? 0) > keys) break;
  }
  const passed = (await readPicture(firstPage, steady))?.framesDecoded ?? 0;
  await untilDecoded(firstPage, steady, passed + GOP / 2);

  const before = await readPicture(firstPage, steady);
  const sessions = await Promise.all(clients.map((client) => watch(page, client, watched)));
  const seen = await Promise.all(sessions.map((sessionId) => untilDecoded(page, sessionId, 3)));
  const during = await readPicture(firstPage, steady);
  t.equal(during?.keyFramesDecoded, before?.keyFramesDecoded, 'no newcomer had to wait for the next key picture');
  for (const one of seen) t.match(one, { width: 320, height: 180 });
  await untilDecoded(firstPage, steady, passed + 2 * GOP);
  const after = await readPicture(firstPage, steady);
  t.equal(after?.packetsLost, before?.packetsLost, 'the first viewer lost no packet');
  t.equal(after?.plis, before?.plis, 'and never had to ask for a key frame');
  const decoded = (after?.framesDecoded ?? 0) - (before?.framesDecoded ?? 0);
  t.ok((after?.keyFramesDecoded ?? 0) > (before?.keyFramesDecoded ?? 0) && decoded >= GOP, 'its picture went on');
  const { body } = await town.folk.operator.call('GET', `/v1/cameras/${watched.cameraId}/health`);
  t.ok(Number(body['replays']) <= 7, `${body['replays']} replays at most, one for each viewer`);
});
