/*
 * Viewers reach the server over each road there is: IPv4, IPv6, both, and TCP where a firewall drops all UDP. The
 * browser sits in a network namespace of its own, the server and a real camera outside of it.
 */
import { request } from 'node:http';
import t, { type Test } from 'tap';
import { startChromium } from '../support/chromium.ts';
import { openFarNetwork } from '../support/far-network.ts';
import { answerOffer, readRoad, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown, type Town } from '../support/town.ts';
import { join, share } from '../support/watch.ts';

const camera = await startCamera({ size: '640x360', gop: 15 });
t.teardown(() => camera.stop());
const network = await openFarNetwork();
t.teardown(() => network.close());
const browser = await network.startChromium();
t.teardown(() => browser.close());
const page = await browser.newPage();

async function openNear(t: Test, env: Readonly<Record<string, string>>): Promise<Town> {
  const town = await openTown({ env });
  t.teardown(() => town.close());
  return town;
}

/** A viewer's offer, and the way to watch it in a page. */
async function joinFrom({ server, folk }: Town) {
  const client = await SignalClient.connect(server.url);
  const { sessionId, sdp } = await join(client, await share(folk, camera.url));
  const watch = async (where = page, frames = 10) => {
    client.send({ type: 'answer', sessionId, sdp: await answerOffer(where, sessionId, sdp) });
    const arrived = await untilDecoded(where, sessionId, frames);
    return { ...arrived, road: await readRoad(where, sessionId) };
  };
  return { client, sdp, watch };
}

const candidatesOf = (sdp: string) =>
  [...sdp.matchAll(/^a=candidate:\S+ 1 (\S+) \d+ (\S+) \d+ /gm)].map(
    ([, protocol, address]) => `${protocol} ${address}`,
  );

t.test('IPv4 and IPv6 are both offered, and either carries the picture', async (t) => {
  const { v4, v6 } = network.near;
  const both = await openNear(t, { SALLYPORT_ANNOUNCED_ADDRESS: `${v4}, ${v6}` });
  const { client, sdp, watch } = await joinFrom(both);
  t.same(candidatesOf(sdp), [`udp ${v4}`, `tcp ${v4}`, `udp ${v6}`, `tcp ${v6}`]);
  t.match(await watch(), { width: 640, height: 360, road: { protocol: 'udp' } });
  await client.close();

  for (const only of [v4, v6]) {
    const town = await openNear(t, { SALLYPORT_ANNOUNCED_ADDRESS: only });
    const viewer = await joinFrom(town);
    t.match(await viewer.watch(), { width: 640, road: { protocol: 'udp', address: only } }, only);
    await viewer.client.close();
  }
});

t.test('where a firewall drops UDP, TCP carries the picture', async (t) => {
  const { v4, v6 } = network.near;
  const town = await openNear(t, { SALLYPORT_ANNOUNCED_ADDRESS: `${v4}, ${v6}` });
  await network.change({ udp: 'dropped' });
  t.teardown(() => network.change({ udp: 'passed' }));
  const { client, watch } = await joinFrom(town);
  const { road } = await watch(page, 30);
  t.match(road, { protocol: 'tcp' });
  const { blocked } = await network.change({});
  t.ok(blocked > 0, 'the firewall has worked');
  await client.close();
});

t.test('loopback in both versions: pages and media', async (t) => {
  const town = await openNear(t, { SALLYPORT_HOST: '127.0.0.1, ::1' });
  const port = Number(new URL(town.server.url).port);
  for (const host of ['127.0.0.1', '::1']) {
    const status = await new Promise((resolve, reject) => {
      const asked = request({ host, port, path: '/healthz', agent: false }, (answer) => resolve(answer.statusCode));
      asked.on('error', reject).end();
    });
    t.equal(status, 200, host);
  }
  const { client, sdp, watch } = await joinFrom(town);
  t.same(candidatesOf(sdp), ['udp 127.0.0.1', 'tcp 127.0.0.1', 'udp ::1', 'tcp ::1']);
  const here = await startChromium();
  t.teardown(() => here.close());
  t.match(await watch(await here.newPage()), { width: 640 });
  await client.close();
  await town.close();
  await t.rejects(fetch(`http://[::1]:${port}/healthz`), 'the second door closes with the first');
});

t.test('media over ::1 alone', async (t) => {
  const town = await openNear(t, { SALLYPORT_HOST: '::1' });
  const { client, sdp, watch } = await joinFrom(town);
  t.same(candidatesOf(sdp), ['udp ::1', 'tcp ::1']);
  const here = await startChromium();
  t.teardown(() => here.close());
  t.match(await watch(await here.newPage()), { width: 640, road: { address: '::1' } });
  await client.close();
});
