/*
 * The pages as people use them, in real Chromium, on the demo's town: an officer watches, the owner stops, dispatch
 * closes, anybody reads the ledger. After a cut the screen must show the page's background, not the last frame.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startCameras } from '../../demo-cameras/start-cameras.ts';
import { demoCameras, setUpDemo } from '../../src/cli/demo-scene.ts';
import { startChromium } from '../support/chromium.ts';
import { openTown } from '../support/town.ts';

const built = fileURLToPath(new URL('../../web/dist/watch.html', import.meta.url));

const live = (page: Page, tiles: number) =>
  page.waitForFunction(
    (wanted) => {
      const viewers = [...document.querySelectorAll('sallyport-viewer[data-state="live"]')];
      const playing = viewers.filter((one) => {
        const video = one.shadowRoot?.querySelector('video');
        return video?.videoWidth === 640 && !video.paused;
      });
      return viewers.length === wanted && playing.length === wanted;
    },
    tiles,
    { timeout: 30_000 },
  );
const dark = (page: Page, name: string) =>
  page.waitForSelector(`sallyport-viewer[data-state^="dark"][label="${name}"]`);

/** Which share of a tile's screen has its commonest colour: a blank one nearly all, a camera's noisy picture little. */
async function plainShare(page: Page, name: string): Promise<number> {
  const shot = await page.locator(`sallyport-viewer[label="${name}"] .screen`).screenshot({ type: 'png' });
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no canvas');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const counts = new Map<number, number>();
    for (let at = 0; at < data.length; at += 4) {
      const colour = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    return Math.max(...counts.values()) / (data.length / 4);
  }, shot.toString('base64'));
}

t.test('watch, stop, close, read', { timeout: 200_000 }, async (t) => {
  t.ok(existsSync(built), 'the pages are built (npm test does it)');
  const cameras = await startCameras(demoCameras, { auth: { user: 'demo', password: 'demo-pass', method: 'digest' } });
  t.teardown(() => cameras.stop());
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const town = await openTown();
  t.teardown(() => town.close());
  const operatorKey = await town.server.createKey({ role: 'operator', agency: null, label: 'pages' });
  const { links } = await setUpDemo(town.server.url, operatorKey, cameras);
  const faults: string[] = [];
  const open = async (link: string): Promise<Page> => {
    const page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(`${link.split('?')[0]}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(`${link.split('?')[0]}: ${message.text()}`);
    });
    await page.goto(link);
    return page;
  };

  const wall = await open(links.watchWall);
  await live(wall, 4);
  t.notMatch(wall.url(), /key=/, 'the key is out of the address at once');
  t.ok((await plainShare(wall, 'Corner shop')) < 0.5, 'a picture is on the screen');

  const owner = await open(links.stop);
  const shop = owner.locator('.card.owner', { hasText: 'Corner shop' });
  await shop.getByText('Watching now: 1').waitFor();
  await shop.getByRole('button', { name: 'Pause sharing' }).click();
  await owner.getByText(/dark after \d+/i).waitFor();
  await dark(wall, 'Corner shop');
  t.ok((await plainShare(wall, 'Corner shop')) > 0.8, 'the last frame is gone from the screen');
  await live(wall, 3);
  await shop.getByRole('button', { name: 'Share again' }).click();
  await shop.getByRole('button', { name: 'Pause sharing' }).waitFor();

  const dispatch = await open(links.incident);
  await dispatch.getByRole('button', { name: 'Close the incident' }).click();
  await dispatch
    .getByText(/closed/i)
    .first()
    .waitFor();
  for (const name of ['Car park', 'Bus stop', 'Back door']) await dark(wall, name);
  t.ok((await plainShare(wall, 'Car park')) > 0.8, 'dark after the incident too');
  t.same(await town.server.media.auditValves(), []);

  const ledger = await open(links.ledger);
  await ledger.getByText(/Verified in this browser: \d+ entries/).waitFor();
  await ledger.getByText(/ended/i).first().waitFor();
  const forged = await ledger.context().newPage();
  await forged.goto(`${town.server.url}/ledger.html#log=${encodeURIComponent(`other+00000000+${'A'.repeat(44)}`)}`);
  await forged.getByText('Not verified').waitFor();
  t.same(faults, [], 'no page complains');
});
