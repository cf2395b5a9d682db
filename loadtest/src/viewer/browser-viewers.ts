/*
 * Viewers in a real Chromium beside the virtual ones: what their screens show, and how old it is by the number burnt into
 * the picture. They keep the virtual viewers honest about decoding and jitter buffers, which those do not have.
 */
import type { SessionId } from '@sallyport/protocol/ids';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CLOCK_BITS, CLOCK_CELLS, cellSize } from '../camera/clock-picture.ts';
import { Distribution } from '../distribution.ts';
import { Admission } from './admission.ts';
import { ControlConnection } from './control-connection.ts';

const FLAGS = [
  ...['--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
  ...['--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
];
const CHROMIUM = '/usr/bin/chromium';
/** Reading pixels costs milliseconds: not every frame is read. */
const READ_EVERY = 5;
/** Older than that, the number belongs to another round of the loop. */
const LATENCY_MS_MAX = 5_000;

export type BrowserPlan = {
  readonly serverUrl: string;
  readonly agencyKey: string;
  readonly incidentId: string;
  readonly cameraIds: readonly string[];
  readonly viewers: number;
  readonly pictureWidth: number;
  /** When each picture of a camera's loop was last sent, on the wall clock; empty where the cameras are not ours. */
  readonly sentAtMs: (camera: number) => Promise<readonly number[]>;
};

/** A picture that was presented: the number in it, and when, on the wall clock. */
type Seen = readonly [number: number, atMs: number];
type PageState = { firstAtMs: number; seen: Seen[] };

declare global {
  var harness: PageState | undefined;
}

type Watching = {
  readonly camera: number;
  readonly page: Page;
  readonly connection: ControlConnection;
  readonly sessionId: string;
  readonly offeredAtMs: number;
  isTimed: boolean;
};

export class BrowserViewers {
  readonly firstFrameMs = new Distribution();
  readonly latencyMs = new Distribution();
  readonly #browser: Browser;
  readonly #plan: BrowserPlan;
  readonly #watching: Watching[] = [];

  private constructor(browser: Browser, plan: BrowserPlan) {
    this.#browser = browser;
    this.#plan = plan;
  }

  /** Starts Chromium and lets every viewer join. Rejects where Chromium is not installed or a join is refused. */
  static async open(plan: BrowserPlan): Promise<BrowserViewers> {
    // A container's root cannot have Chromium's own sandbox; the pages it opens are ours.
    const args = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
    const browser = await chromium.launch({ executablePath: CHROMIUM, args });
    const viewers = new BrowserViewers(browser, plan);
    try {
      for (let at = 0; at < plan.viewers; at += 1) await viewers.#join(at);
      return viewers;
    } catch (fault) {
      await browser.close();
      throw fault;
    }
  }

  /** Sessions as the ledger must know them. */
  get sessions(): readonly { readonly sessionId: string; readonly cameraId: string }[] {
    return this.#watching.map(({ sessionId, camera }) => ({ sessionId, cameraId: this.#plan.cameraIds[camera] ?? '' }));
  }

  /** Takes what was presented since the last look. */
  async look(): Promise<void> {
    for (const one of this.#watching) {
      const { firstAtMs, seen } = await takeState(one.page);
      if (!one.isTimed && firstAtMs > 0) {
        one.isTimed = true;
        this.firstFrameMs.add(firstAtMs - one.offeredAtMs);
      }
      const sentAtMs = seen.length > 0 ? await this.#plan.sentAtMs(one.camera) : [];
      for (const [number, atMs] of seen) {
        const latencyMs = atMs - (sentAtMs[number] ?? 0);
        if (latencyMs >= 0 && latencyMs < LATENCY_MS_MAX) this.latencyMs.add(latencyMs);
      }
    }
  }

  /** Everybody leaves, and Chromium ends. */
  async close(): Promise<void> {
    for (const { connection, sessionId } of this.#watching) {
      connection.send({ type: 'leave', sessionId: sessionId as SessionId });
      connection.close();
    }
    await this.#browser.close();
  }

  async #join(at: number): Promise<void> {
    const { serverUrl, agencyKey, incidentId, cameraIds, pictureWidth } = this.#plan;
    const camera = at % cameraIds.length;
    const page = await (await this.#browser.newContext()).newPage();
    await page.goto(new URL('/healthz', serverUrl).href);
    const connection = await ControlConnection.open(serverUrl);
    const who = { name: `browser-${at}`, serverUrl, agencyKey, incidentId, cameraId: cameraIds[camera] ?? '' };
    const admission = new Admission(who, connection);
    await admission.fetchToken();
    const answer = await admission.join();
    if (answer.type !== 'offer') throw new Error(`a browser's join was refused: ${JSON.stringify(answer)}`);
    const { sessionId, sdp: offered } = answer;
    const offeredAtMs = performance.timeOrigin + performance.now();
    const clock = { cells: CLOCK_CELLS, bits: CLOCK_BITS, sideShare: cellSize(pictureWidth) / pictureWidth };
    const sdp = await page.evaluate(playInPage, { offered, ...clock, readEvery: READ_EVERY });
    connection.send({ type: 'answer', sessionId, sdp });
    this.#watching.push({ camera, page, connection, sessionId, offeredAtMs, isTimed: false });
  }
}

function takeState(page: Page): Promise<PageState> {
  return page.evaluate(() => {
    const state = globalThis.harness ?? { firstAtMs: 0, seen: [] };
    const taken = { firstAtMs: state.firstAtMs, seen: state.seen };
    state.seen = [];
    return taken;
  });
}

type PagePlay = { offered: string; cells: number; bits: number; sideShare: number; readEvery: number };

/** Runs in the page: plays the offer, notes each frame that is presented, and reads the clock of some. */
async function playInPage({ offered, cells, bits, sideShare, readEvery }: PagePlay): Promise<string> {
  const state: PageState = { firstAtMs: 0, seen: [] };
  globalThis.harness = state;
  const connection = new RTCPeerConnection();
  const canvas = new OffscreenCanvas(cells, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  connection.ontrack = ({ track }) => {
    if (track.kind !== 'video') return;
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    let frames = 0;
    const present = (): void => {
      const atMs = performance.timeOrigin + performance.now();
      if (state.firstAtMs === 0) state.firstAtMs = atMs;
      frames += 1;
      video.requestVideoFrameCallback(present);
      if (frames % readEvery !== 0 || !context) return;
      const side = video.videoWidth * sideShare;
      context.drawImage(video, 0, 0, cells * side, side, 0, 0, cells, 1);
      const { data } = context.getImageData(0, 0, cells, 1);
      const isLit = (cell: number): boolean => (data[cell * 4 + 1] ?? 0) > 128;
      if (!isLit(bits) || isLit(bits + 1)) return;
      let number = 0;
      for (let bit = 0; bit < bits; bit += 1) if (isLit(bit)) number += 2 ** bit;
      state.seen.push([number, atMs]);
    };
    video.requestVideoFrameCallback(present);
    void video.play();
  };
  await connection.setRemoteDescription({ type: 'offer', sdp: offered });
  await connection.setLocalDescription(await connection.createAnswer());
  return connection.localDescription?.sdp ?? '';
}
