/*
 * Benchmark: from the accepted join (`offer` in the page) to the first presented frame, for joins at random moments of a
 * group of pictures, from a camera that ignores key-frame requests. In one run with the replay and without it.
 * Usage: node server/bench/first-picture.ts [joins] [seconds from key frame to key frame]
 */
import type { Page } from 'playwright-core';
import type { CameraSourceFactory } from '../src/app/ports/camera-source.ts';
import type { Parts } from '../src/compose.ts';
import { startChromium } from '../test/support/chromium.ts';
import { answerOffer, forgetPeer, untilDecoded } from '../test/support/page-viewer.ts';
import { SignalClient } from '../test/support/signal-client.ts';
import { startCamera } from '../test/support/simulated-camera.ts';
import { openTown, type Town } from '../test/support/town.ts';
import { startTiming, takeFirstFrames } from './first-frame.ts';
import { describeSample } from './percentile.ts';

const JOINS = Number(process.argv[2] ?? 20);
const GOP_MS = Number(process.argv[3] ?? 4) * 1_000;
const FPS = 15;
/** Enough to spread the joins over the group when they come one after the other. */
const WAIT_MS_MAX = 4_000;
const LANES = 4;

type Scene = {
  readonly town: Town;
  readonly cameraId: string;
  readonly incidentId: string;
  openPage(): Promise<Page>;
};

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

/** A viewer with a page of its own, so that what it times is its own. */
class Joiner {
  readonly #scene: Scene;
  readonly #page: Page;
  readonly #client: SignalClient;

  private constructor(scene: Scene, page: Page, client: SignalClient) {
    this.#scene = scene;
    this.#page = page;
    this.#client = client;
  }

  static async open(scene: Scene): Promise<Joiner> {
    const page = await scene.openPage();
    await startTiming(page);
    return new Joiner(scene, page, await SignalClient.connect(scene.town.server.url));
  }

  /** From the offer to the first frame, in milliseconds; leaves again. */
  async join(): Promise<number> {
    const { town, cameraId, incidentId } = this.#scene;
    const token = await town.folk.token(incidentId, [cameraId], this.#client.key.jkt);
    const offered = await this.#client.join(cameraId, token);
    if (offered.type !== 'offer') throw new Error(offered.code);
    const { sessionId, sdp } = offered;
    this.#client.send({ type: 'answer', sessionId, sdp: await answerOffer(this.#page, sessionId, sdp) });
    const [tookMs = Number.NaN] = await takeFirstFrames(this.#page, 1);
    this.#client.send({ type: 'leave', sessionId });
    await this.#client.untilClosed(sessionId);
    await forgetPeer(this.#page, sessionId);
    return tookMs;
  }

  /** One join after the other, each at a moment of the group that chance picks. */
  async joinAgainAndAgain(joins: number): Promise<number[]> {
    const samples: number[] = [];
    for (let at = 0; at < joins; at += 1) {
      await pauseAtRandom();
      samples.push(await this.join());
    }
    return samples;
  }
}

const pauseAtRandom = () =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(GOP_MS, WAIT_MS_MAX)));

/** A town with one camera, and one viewer who stays and keeps it pulled. */
async function inScene<T>(wrapSources: Parts['wrapSources'], act: (scene: Scene) => Promise<T>): Promise<T> {
  const camera = await startCamera({ gop: (GOP_MS * FPS) / 1_000, fps: FPS, ignorePli: true });
  const browser = await startChromium();
  const town = await openTown(wrapSources ? { parts: { wrapSources } } : {});
  const openPage = async () => {
    const page = await browser.newPage();
    await page.goto(`${town.server.url}/healthz`);
    return page;
  };
  try {
    const cameraId = await town.folk.enrol(camera.url);
    await town.folk.consent(cameraId);
    const incidentId = await town.folk.report();
    const client = await SignalClient.connect(town.server.url);
    const life = { lifeMs: 900_000 };
    const first = await client.join(cameraId, await town.folk.token(incidentId, [cameraId], client.key.jkt, life));
    if (first.type !== 'offer') throw new Error(first.code);
    const steady = await openPage();
    client.send({ type: 'answer', sessionId: first.sessionId, sdp: await answerOffer(steady, 'steady', first.sdp) });
    await untilDecoded(steady, 'steady', FPS);
    return await act({ town, cameraId, incidentId, openPage });
  } finally {
    await town.close();
    await browser.close();
    await camera.stop();
  }
}

async function joinWithReplay(scene: Scene): Promise<void> {
  const joiner = await Joiner.open(scene);
  console.log(`  with the replay     ${describeSample(await joiner.joinAgainAndAgain(JOINS))}`);
}

/** Most of the time is waiting, so that several may wait at once. */
async function joinWithoutReplay(scene: Scene): Promise<void> {
  const joiners = await Promise.all(Array.from({ length: LANES }, () => Joiner.open(scene)));
  const samples = await Promise.all(joiners.map((joiner) => joiner.joinAgainAndAgain(Math.ceil(JOINS / LANES))));
  console.log(`  without the replay  ${describeSample(samples.flat())}`);
}

console.log(`first picture, 1280x720 at ${FPS}/s, group of pictures ${GOP_MS / 1_000} s, key-frame requests ignored`);
await inScene(undefined, joinWithReplay);
await inScene(withoutReplay, joinWithoutReplay);
