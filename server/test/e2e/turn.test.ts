/*
 * A viewer who reaches the server through a TURN server alone: real coturn, which shares a secret with the server and
 * nothing else, and Chromium on another network that may use relays only. And whom coturn refuses.
 */
import t from 'tap';
import { iceCheck } from '../../src/cli/checks/ice-checks.ts';
import { realMachine } from '../../src/cli/checks/machine.ts';
import { readConfig } from '../../src/cli/read-config.ts';
import { buildIceServers } from '../../src/tokens/ice-servers.ts';
import { offers } from '../media/support/golden-offers.ts';
import { openFarNetwork } from '../support/far-network.ts';
import { gatherRelays, readRoad, untilDecoded } from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';
import { startTurnServer } from '../support/turn-server.ts';
import { share, watch } from '../support/watch.ts';
import { ask, WhepPlayer } from '../support/whep-player.ts';

const secret = 'known-to-coturn-and-to-the-server';
const camera = await startCamera({ size: '640x360', gop: 15 });
t.teardown(() => camera.stop());
const network = await openFarNetwork();
t.teardown(() => network.close());
const turn = await startTurnServer(network.near.v4, 12_000 + (process.pid % 200) * 30, secret);
t.teardown(() => turn.stop());
const browser = await network.startChromium();
t.teardown(() => browser.close());
const page = await browser.newPage();
const town = await openTown({
  env: {
    SALLYPORT_ANNOUNCED_ADDRESS: network.near.v4,
    SALLYPORT_ICE_SERVERS: JSON.stringify([{ urls: turn.urls, secret }]),
  },
});
t.teardown(() => town.close());
const { folk, server } = town;
const watched = await share(folk, camera.url);
const { cameraId, incidentId } = watched;

/** Watches with the credentials of the connection's own hello. */
async function watchRelayed(frames: number) {
  const client = await SignalClient.connect(server.url);
  const { iceServers } = await client.hello();
  const configuration = { iceServers: iceServers as RTCIceServer[], iceTransportPolicy: 'relay' } as const;
  const sessionId = await watch(page, client, watched, configuration);
  const arrived = await untilDecoded(page, sessionId, frames);
  const road = await readRoad(page, sessionId);
  await client.close();
  return { arrived, road, iceServers };
}

t.test('a picture through the relay, with the credentials of hello', async (t) => {
  const { arrived, road, iceServers } = await watchRelayed(30);
  t.match(arrived, { width: 640, height: 360 });
  t.match(road, { localType: 'relay', relayProtocol: 'udp' });
  t.match(iceServers, [{ urls: turn.urls, username: /^\d{10}:[\w-]{12}$/, credential: /^[\w+/]{27}=$/ }]);
  t.notMatch(JSON.stringify(iceServers), secret);
  const left = Number(iceServers[0]?.username?.split(':')[0]) - Date.now() / 1_000;
  t.ok(left > 500 && left <= 600, 'good for ten minutes');
});

t.test('where a firewall drops UDP, the relay is reached by TCP', async (t) => {
  await network.change({ udp: 'dropped' });
  t.teardown(() => network.change({ udp: 'passed' }));
  t.match((await watchRelayed(30)).road, { localType: 'relay', relayProtocol: 'tcp' });
});

t.test('coturn gives an address to a minted credential, and to no other', async (t) => {
  const urls = turn.urls.slice(0, 1);
  const randomness = { bytes: (count: number) => new Uint8Array(count).fill(7) };
  const mint = (shared: string, agoMs: number) =>
    buildIceServers([{ urls, secret: shared, ttlS: 600 }], { nowMs: () => Date.now() - agoMs }, randomness)();
  const asked = async (servers: ReturnType<typeof mint>) => gatherRelays(page, servers as RTCIceServer[]);
  t.match(await asked(mint(secret, 0)), { relays: 1, errors: [] });
  t.match(await asked(mint('another secret altogether', 0)), { relays: 0, errors: [401] }, 'a wrong secret');
  t.match(await asked(mint(secret, 601_000)), { relays: 0, errors: [401] }, 'one that ran out a second ago');
  const [good] = mint(secret, 0);
  const later = { ...good, urls, username: String(good?.username).replace(/^\d+/, (text) => String(Number(text) + 9)) };
  t.match(await asked([later]), { relays: 0, errors: [401] }, 'one whose expiry was written later');
});

t.test('doctor sees that it answers', async (t) => {
  const findings = await iceCheck.look(readConfig(town.env), realMachine);
  t.match(
    findings,
    turn.urls.map((url) => ({ level: 'ok', what: `${url} answers` })),
  );
});

t.test('standard players get credentials of their own with each session, and none with a refusal', async (t) => {
  const player = await WhepPlayer.make(server.url);
  const token = await folk.token(incidentId, [cameraId], player.key.jkt);
  const links = [];
  for (let at = 0; at < 2; at += 1) {
    const reply = await player.post(cameraId, token, offers.chromium);
    t.equal(reply.status, 201);
    links.push(reply.headers.get('link') ?? '');
    await ask(player.sessionUrl(reply), 'DELETE');
  }
  for (const link of links) t.match(link, /username="\d{10}:[\w-]{12}"; credential="[\w+/]{27}="/);
  t.not(links[0], links[1]);
  const refused = await player.post(cameraId, 'eyJ.eyJ.x', offers.chromium);
  t.equal(refused.headers.get('link'), null);
});
