/*
 * A bad line: 5 % of the packets lost each way and 50 ms of delay each way, between the server and a real browser in a
 * network of its own. The picture goes on, a new one begins, and no session ends. Figures: server/bench/loss.ts.
 */
import t from 'tap';
import { openFarNetwork } from '../support/far-network.ts';
import { readPicture, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';
import { share, watch } from '../support/watch.ts';

const FPS = 15;

t.test('the picture survives 5 % loss and 50 ms of delay', async (t) => {
  const camera = await startCamera({ size: '640x360', fps: FPS, gop: 4 * FPS, ignorePli: true });
  t.teardown(() => camera.stop());
  const network = await openFarNetwork();
  t.teardown(() => network.close());
  const browser = await network.startChromium();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const town = await openTown({ env: { SALLYPORT_ANNOUNCED_ADDRESS: network.near.v4 } });
  t.teardown(() => town.close());
  const client = await SignalClient.connect(town.server.url);
  t.teardown(() => client.close());
  const watched = await share(town.folk, camera.url);

  const steady = await watch(page, client, watched);
  await untilDecoded(page, steady, 2 * FPS);
  const before = await network.change({ loss: 0.05, delayMs: 50 });
  const late = await SignalClient.connect(town.server.url);
  t.teardown(() => late.close());
  const newcomer = await watch(page, late, watched);
  for (let frames = 4 * FPS; frames <= 16 * FPS; frames += 2 * FPS) await untilDecoded(page, steady, frames);
  await untilDecoded(page, newcomer, 4 * FPS);

  const after = await network.change({});
  t.ok(after.lost - before.lost > 20, `the line lost ${after.lost - before.lost} packets`);
  const picture = await readPicture(page, steady);
  t.ok((picture?.packetsRepaired ?? 0) > 0, 'lost packets were sent again');
  t.ok((picture?.nacks ?? 0) > 0);
  t.notOk(
    [...client.messages, ...late.messages].some((message) => message.type === 'gate' && message.state === 'closed'),
    'no session has ended',
  );
  t.equal(town.server.keeper.openGates.length, 2);
});
