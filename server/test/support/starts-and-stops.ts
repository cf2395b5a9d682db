/*
 * Rounds in which a camera is pulled and let go and a viewer comes and goes, in a different way each time: what has to
 * leave nothing behind. Used by the test of leaks and by the benchmark that does it two hundred times.
 */
import type { Page } from 'playwright-core';
import { startChromium } from './chromium.ts';
import { type Footprint, FootprintCounter, type Memory } from './footprint.ts';
import { startLoopCameras } from './loop-cameras/start-loop-cameras.ts';
import { answerOffer, forgetPeer, makeOffer, takeAnswer, untilDecoded } from './page-viewer.ts';
import { makeViewerKey } from './possession.ts';
import { SignalClient } from './signal-client.ts';
import { startCamera } from './simulated-camera.ts';
import { openTown, type Town } from './town.ts';
import { ask, WhepPlayer } from './whep-player.ts';

type Scene = {
  readonly town: Town;
  readonly page: Page;
  readonly cameraId: string;
  consentId: string;
  readonly incidentId: string;
};
type Round = (scene: Scene, cameraId: string) => Promise<void>;

const LEAST_FRAMES = 2;
const untilMet = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
};

/** Joins on a control connection of its own, and shows the picture. */
async function joinBySignalling({ town, page, incidentId }: Scene, cameraId: string) {
  const client = await SignalClient.connect(town.server.url);
  const offered = await client.join(cameraId, await town.folk.token(incidentId, [cameraId], client.key.jkt));
  if (offered.type !== 'offer') throw new Error(offered.code);
  const { sessionId } = offered;
  client.send({ type: 'answer', sessionId, sdp: await answerOffer(page, sessionId, offered.sdp) });
  await untilDecoded(page, sessionId, LEAST_FRAMES);
  return { client, sessionId };
}

async function joinByWhep({ town, page, incidentId }: Scene, cameraId: string) {
  const player = await WhepPlayer.make(town.server.url);
  const token = await town.folk.token(incidentId, [cameraId], player.key.jkt);
  const reply = await player.post(cameraId, token, await makeOffer(page, player.key.jkt));
  if (reply.status !== 201) throw new Error(reply.text);
  await takeAnswer(page, player.key.jkt, reply.text);
  await untilDecoded(page, player.key.jkt, LEAST_FRAMES);
  return { peer: player.key.jkt, url: player.sessionUrl(reply) };
}

const rounds: readonly Round[] = [
  /** One that leaves politely. */
  async (scene, cameraId) => {
    const { client, sessionId } = await joinBySignalling(scene, cameraId);
    client.send({ type: 'leave', sessionId });
    await client.untilClosed(sessionId);
    await forgetPeer(scene.page, sessionId);
    await client.close();
  },
  /** A standard player. */
  async (scene, cameraId) => {
    const { peer, url } = await joinByWhep(scene, cameraId);
    await ask(url, 'DELETE');
    await forgetPeer(scene.page, peer);
  },
  /** One that vanishes. */
  async (scene, cameraId) => {
    const { client, sessionId } = await joinBySignalling(scene, cameraId);
    await forgetPeer(scene.page, sessionId);
    await client.untilClosed(sessionId);
    await client.close();
  },
  /** One that takes no offer, and hangs up. */
  async ({ town, incidentId }, cameraId) => {
    const client = await SignalClient.connect(town.server.url, await makeViewerKey());
    await client.join(cameraId, await town.folk.token(incidentId, [cameraId], client.key.jkt));
    await client.close();
  },
  /** A standard player that is cut off by the owner. */
  async (scene) => {
    const { peer } = await joinByWhep(scene, scene.cameraId);
    await scene.town.folk.owner.must('DELETE', `/v1/consents/${scene.consentId}`);
    scene.consentId = await scene.town.folk.consent(scene.cameraId);
    await forgetPeer(scene.page, peer);
  },
];
/** So often the camera is one that needs a transcoder. */
const TRANSCODED_EVERY = 8;

export type Grounds = {
  /** Runs one round and waits until nobody watches and no camera is pulled. */
  round(number: number): Promise<void>;
  count(): Promise<Footprint>;
  memory(): Memory;
  close(): Promise<void>;
};

/** Opens a town with two cameras, one of which sends MJPEG, and a browser to watch in. */
export async function openGrounds(): Promise<Grounds> {
  const counter = new FootprintCounter();
  const cameras = await startLoopCameras({ size: '320x180', kbps: 300, gopFrames: 15 });
  const foreign = await startCamera({ size: '320x180', codec: 'mjpeg' });
  const browser = await startChromium();
  const town = await openTown();
  const page = await browser.newPage();
  await page.goto(`${town.server.url}/healthz`);
  const { folk, server } = town;
  const [cameraId, foreignId] = [await folk.enrol(cameras.url(1)), await folk.enrol(foreign.url)];
  const consentId = await folk.consent(cameraId);
  await folk.consent(foreignId);
  const incidentId = await folk.report();
  const scene: Scene = { town, page, cameraId, consentId, incidentId };
  const count = () => counter.count(Number(new URL(server.url).port));
  return {
    round: async (number) => {
      const isForeign = number % TRANSCODED_EVERY === TRANSCODED_EVERY - 1;
      await rounds[number % rounds.length]?.(scene, isForeign ? foreignId : cameraId);
      await untilMet(() => server.keeper.openGates.length === 0);
      await untilMet(async () => (await cameras.connections()) === 0);
      await untilMet(() => counter.isIdle());
    },
    count,
    memory: () => counter.memory(),
    close: async () => {
      await browser.close();
      await town.close();
      await cameras.stop();
      await foreign.stop();
    },
  };
}
