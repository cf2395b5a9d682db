/*
 * The Viewer in a real browser against a real WebSocket server that a test speaks for; media comes from a second peer
 * connection of the page. Shared by the tests of a feed's life and of its restarts.
 */
import type { Page } from 'playwright-core';
import t from 'tap';
import { startChromium } from '../../../server/test/support/chromium.ts';
import type { CameraId, FeedState } from '../../src/index.ts';
import type {} from '../pages/viewer-page.ts';
import { serveBundledPage } from './bundled-page.ts';
import { type Peer, SignalServer } from './signal-server.ts';

export const cameraId: CameraId = `cam_${'a'.repeat(26)}`;
export const sessionIds = ['b', 'c', 'd'].map((letter) => `ses_${letter.repeat(26)}` as const);

// A browser on a busy machine needs its time; a wait that hangs still fails.
t.setTimeout(180_000);

const site = await serveBundledPage('viewer-page.ts');
const browser = await startChromium(['--disable-features=WebRtcHideLocalIpsWithMdns']);
t.teardown(async () => {
  await browser.close();
  await site.stop();
});

export type Stage = { readonly server: SignalServer; readonly page: Page; readonly peer: Peer };

export const setUp = async (t: { teardown: (act: () => Promise<void>) => unknown }): Promise<Stage> => {
  const server = await SignalServer.start();
  const page = await browser.newPage();
  t.teardown(async () => {
    await page.close();
    await server.stop();
  });
  await page.goto(site.url);
  await page.waitForFunction(() => window.wall !== undefined);
  await page.evaluate(([url, id]) => window.wall.watch(url, id), [server.url, cameraId] as const);
  return { server, page, peer: await server.peer(0) };
};

export type State<N extends FeedState['name']> = FeedState & { name: N };

/** Waits until the feed is in a state, and answers that state. */
export const reaches = async <N extends FeedState['name']>(page: Page, name: N): Promise<State<N>> => {
  const found = await page.waitForFunction((wanted) => {
    const state = window.wall.feed?.state;
    return state?.name === wanted ? state : null;
  }, name);
  return (await found.jsonValue()) as State<N>;
};

/** Waits until the feed was dark in that way, and answers how; it may be on its way back by now. */
export const wentDark = async (page: Page, next: 'final' | 'retrying'): Promise<State<'dark'>> => {
  const found = await page.waitForFunction(
    (wanted) => window.wall.states.find((state) => state.name === 'dark' && state.next === wanted) ?? null,
    next,
  );
  return (await found.jsonValue()) as State<'dark'>;
};

/** Plays the server's part of the n-th join of a connection, `refused` of them refused, until the picture is there. */
export const serveJoin = async ({ page, peer }: Stage, at: number, leftMs: number, source = at, refused = 0) => {
  const { id } = await peer.hears('join', at);
  const sessionId = sessionIds[source] ?? sessionIds[0]!;
  const sdp = await page.evaluate(() => window.wall.offer());
  peer.say({ type: 'offer', id, sessionId, sdp, untilMs: 1_800_000_000_000, leftMs });
  const answer = await peer.hears('answer', at - refused);
  await page.evaluate(([n, text]) => window.wall.accept(n, text), [source, answer.sdp] as const);
  await reaches(page, 'live');
};
