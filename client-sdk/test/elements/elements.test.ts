/*
 * The elements in a real browser, against a real WebSocket server that plays Sallyport's part word for word: what they
 * show, say and dispatch, how the keyboard goes through them, and that a picture goes with its element.
 */
import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { startChromium } from '../../../server/test/support/chromium.ts';
import type {} from '../pages/elements-page.ts';
import { serveBundledPage } from '../support/bundled-page.ts';
import { colourOfVideo } from '../support/page-colour.ts';
import { type Peer, SignalServer } from '../support/signal-server.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((letter) => `cam_${letter.repeat(26)}`);
const session = (at: number) => `ses_${'bcdefg'.charAt(at).repeat(26)}` as const;
const closed = { type: 'gate', state: 'closed', untilMs: null, leftMs: null } as const;

t.setTimeout(180_000);

const site = await serveBundledPage('elements-page.ts');
const browser = await startChromium(['--disable-features=WebRtcHideLocalIpsWithMdns']);
t.teardown(async () => {
  await browser.close();
  await site.stop();
});

type Stage = { readonly server: SignalServer; readonly page: Page };

const setUp = async (
  t: { teardown: (act: () => Promise<void>) => unknown },
  markup: (url: string) => string,
): Promise<Stage> => {
  const server = await SignalServer.start();
  const page = await browser.newPage();
  t.teardown(async () => {
    await page.close();
    await server.stop();
  });
  await page.goto(site.url);
  await page.waitForFunction(() => window.stage !== undefined);
  await page.evaluate((text) => window.stage.putEarly(text), markup(server.url));
  return { server, page };
};

/** Plays the server's part of the n-th join, until its picture is there. */
const serveJoin = async (page: Page, peer: Peer, at: number, what?: 'picture-and-sound'): Promise<void> => {
  const { id } = await peer.hears('join', at);
  const sdp = await page.evaluate((wanted) => window.stage.offer(wanted), what);
  peer.say({ type: 'offer', id, sessionId: session(at), sdp, untilMs: 1_800_000_000_000, leftMs: 240_500 });
  const answer = await peer.hears('answer', at);
  await page.evaluate(([n, text]) => window.stage.accept(n, text), [at, answer.sdp] as const);
  await peer.hears('presented', at);
};

const status = (of: Locator): Promise<string | null> => of.getByRole('status').textContent();
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return node?.textContent?.trim() ?? '';
  });

t.test('a viewer: words, countdown, events, cut, watch again and leave by keyboard', async (t) => {
  const { page, server } = await setUp(
    t,
    (url) => `<sallyport-viewer endpoint="${url}" camera="${ids[0]}" label="Shop door"></sallyport-viewer>`,
  );
  const viewer = page.locator('sallyport-viewer');
  const peer = await server.peer(0);
  await serveJoin(page, peer, 0);
  await viewer.and(page.locator('[data-state="live"]')).waitFor();
  await viewer.getByText(/^First picture after \d+ ms · gate closes in 4:00$/).waitFor();
  t.equal(await status(viewer), 'Shop door: Live.', 'and no countdown is read aloud');
  await viewer.getByRole('group', { name: 'Shop door' }).waitFor();
  t.equal(await viewer.getByRole('button').count(), 1, 'nothing to try again');
  t.equal(await colourOfVideo(page), 'picture');

  peer.say({ ...closed, sessionId: session(0), reason: 'incident-closed' });
  await viewer.and(page.locator('[data-state="dark-final"]')).waitFor();
  t.equal(await status(viewer), 'Shop door: Closed. The incident is closed.');
  t.not(await colourOfVideo(page), 'picture');
  const heard = ['a connecting', 'a waiting', 'a offered', 'a live', 'a dark', 'a cut incident-closed final'];
  t.same(await page.evaluate(() => window.stage.heard), heard);

  await page.keyboard.press('Tab');
  t.equal(await focused(page), 'Watch again Shop door', 'the first button comes first');
  await page.keyboard.press('Enter');
  await peer.hears('join', 1);
  t.equal(await focused(page), 'Leave Shop door', 'the focus moves on with its button gone');
  await page.keyboard.press('Enter');
  await viewer.and(page.locator('[data-state="ended"]')).waitFor();
  t.equal(await focused(page), 'Watch again Shop door');
});

t.test('nothing is asked before the element is whole; another camera is another join', async (t) => {
  const { page, server } = await setUp(t, () => '<sallyport-viewer></sallyport-viewer>');
  const viewer = page.locator('sallyport-viewer');
  t.match(await status(viewer), /^Camera: Not started\./);
  await viewer.evaluate(
    (one, [camera, url]) => {
      one.setAttribute('camera', camera ?? '');
      one.setAttribute('endpoint', url ?? '');
    },
    [ids[0], server.url],
  );
  const first = await server.peer(0);
  await serveJoin(page, first, 0);
  await viewer.evaluate((one, camera) => one.setAttribute('camera', camera ?? ''), ids[1]);
  t.equal((await first.hears('leave')).sessionId, session(0));
  const next = await (await server.peer(1)).hears('join');
  t.equal(next.cameraId, ids[1]);
  await viewer.evaluate((one, camera) => one.setAttribute('camera', camera ?? ''), 'no camera');
  await viewer.and(page.locator('[data-state="idle"]')).waitFor();
  t.equal(server.peers.length, 2, 'one connection a start');
});

t.test('sound is heard only when asked for, by a button that is there only where there is some', async (t) => {
  const { server, page } = await setUp(
    t,
    (url) => `<sallyport-viewer camera="${ids[0]}" endpoint="${url}" label="Shop door"></sallyport-viewer>`,
  );
  const peer = await server.peer(0);
  const button = page.getByRole('button', { name: 'Sound Shop door' });
  const isMuted = () =>
    page.evaluate(() => document.querySelector('sallyport-viewer')?.shadowRoot?.querySelector('video')?.muted);
  await serveJoin(page, peer, 0);
  await page.locator('sallyport-viewer[data-state="live"]').waitFor();
  t.notOk(await button.isVisible(), 'none without sound');
  peer.say({ ...closed, sessionId: session(0), reason: 'connection-lost' });
  await serveJoin(page, peer, 1, 'picture-and-sound');
  await button.waitFor();
  t.same([await isMuted(), await button.getAttribute('aria-pressed')], [true, 'false'], 'silent at first');
  await button.click();
  await page.getByRole('button', { name: 'Sound Shop door', pressed: true }).waitFor();
  t.equal(await isMuted(), false);
  await button.click();
  await page.getByRole('button', { name: 'Sound Shop door', pressed: false }).waitFor();
  t.equal(await isMuted(), true);
  await button.focus();
  peer.say({ ...closed, sessionId: session(1), reason: 'incident-closed' });
  await button.waitFor({ state: 'hidden' });
  t.equal(await focused(page), 'Watch again Shop door', 'the focus moves on with its button gone');
});

t.test('a picture goes with its element, and the gate is given back', async (t) => {
  const { page, server } = await setUp(
    t,
    (url) => `<sallyport-viewer endpoint="${url}" camera="${ids[0]}"></sallyport-viewer>`,
  );
  const peer = await server.peer(0);
  await serveJoin(page, peer, 0);
  const left = await page.evaluate(() => {
    const viewer = document.querySelector('sallyport-viewer');
    const video = viewer?.shadowRoot?.querySelector('video');
    viewer?.remove();
    return video?.srcObject;
  });
  t.equal(left, null, 'gone before remove() is back');
  t.equal((await peer.hears('leave')).sessionId, session(0));
});

t.test('a wall: one connection, added and removed, and the focus goes to a neighbour', async (t) => {
  const { page, server } = await setUp(
    t,
    (url) => `<sallyport-wall endpoint="${url}" cameras="${ids[0]} ${ids[1]} nonsense ${ids[0]}"></sallyport-wall>`,
  );
  const wall = page.locator('sallyport-wall');
  const peer = await server.peer(0);
  await peer.hears('join', 1);
  t.same(peer.heard.map((one) => (one.type === 'join' ? one.cameraId : one.type)).sort(), [ids[0], ids[1]]);
  await wall.getByRole('group', { name: 'Shop door' }).waitFor();
  await wall.getByRole('button', { name: 'Leave Shop door' }).focus();
  await page.keyboard.press('Enter');
  t.equal(await wall.getAttribute('cameras'), ids[1], 'what is left is asked for no longer');
  t.equal(await focused(page), 'Leave Camera bbbbbb');
  await page.keyboard.press('Enter');
  t.equal(await wall.locator('sallyport-viewer').count(), 0);
  t.ok((await page.evaluate(() => window.stage.heard)).includes('a ended'), 'and the page hears it');

  await wall.evaluate(
    (one: HTMLElementTagNameMap['sallyport-wall'], camera) => one.addCamera(camera as `cam_`),
    ids[2],
  );
  t.equal((await peer.hears('join', 2)).cameraId, ids[2]);
  t.equal(server.peers.length, 1, 'all on one connection');
});

t.test('a wall has one, two or three columns and nine pictures', async (t) => {
  const { page } = await setUp(t, (url) => `<sallyport-wall endpoint="${url}"></sallyport-wall>`);
  await page.setViewportSize({ width: 1_200, height: 800 });
  const wall = page.locator('sallyport-wall');
  for (const [count, columns] of [
    [1, 1],
    [2, 2],
    [4, 2],
    [5, 3],
    [9, 3],
  ] as const) {
    await wall.evaluate((one, cameras) => one.setAttribute('cameras', cameras), ids.slice(0, count).join(' '));
    await wall
      .locator('sallyport-viewer')
      .nth(count - 1)
      .waitFor();
    const boxes = await Promise.all((await wall.locator('sallyport-viewer').all()).map((tile) => tile.boundingBox()));
    t.equal(new Set(boxes.map((box) => box?.x)).size, columns, `${count} pictures`);
  }
  await wall.evaluate((one, cameras) => one.setAttribute('cameras', cameras), ids.join(' '));
  await wall.getByText('The wall is full: 9 pictures. Leave one to see the next.').waitFor();
  t.equal(await wall.locator('sallyport-viewer').count(), 9);
  await page.setViewportSize({ width: 380, height: 800 });
  const narrow = await Promise.all((await wall.locator('sallyport-viewer').all()).map((tile) => tile.boundingBox()));
  t.equal(new Set(narrow.map((box) => box?.x)).size, 1, 'one column on a phone');
});
