/*
 * <sallyport-publisher> in a real browser with its fake cameras: its buttons by keyboard, what it says aloud, the choice
 * of a camera, and that everything ends with the element.
 */
import type { Page } from 'playwright-core';
import t from 'tap';
import { startChromium } from '../../../server/test/support/chromium.ts';
import type {} from '../pages/publisher-element-page.ts';
import { serveBundledPage } from '../support/bundled-page.ts';
import { problem, WhipServer } from '../support/whip-server.ts';

t.setTimeout(120_000);

const site = await serveBundledPage('publisher-element-page.ts');
const browser = await startChromium([
  '--use-fake-device-for-media-stream=device-count=4',
  '--use-fake-ui-for-media-stream',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]);
const server = await WhipServer.start();
t.teardown(async () => {
  await browser.close();
  await site.stop();
  await server.stop();
});
const page = await browser.newPage();
await page.goto(site.url);
await page.waitForFunction(() => window.booth !== undefined);
server.answer = async ({ method, body }, taken) =>
  method === 'POST'
    ? server.created(taken, await page.evaluate((offer) => window.booth.take(offer), body))
    : problem(404, 'not-found');

const publisher = page.locator('sallyport-publisher');
const reaches = (state: string) => page.locator(`sallyport-publisher[data-state="${state}"]`).waitFor();
const focused = (on: Page) => on.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent ?? '');
const status = () => publisher.getByRole('status').textContent();

t.test('nothing can be started before it may ask for permission', async (t) => {
  await page.evaluate(([url, id]) => window.booth.put(url, id), [server.url, `cam_${'a'.repeat(26)}`] as const);
  await reaches('idle');
  t.ok(await publisher.getByRole('button', { name: 'Start' }).isDisabled());
  await page.evaluate(() => window.booth.allow());
  t.notOk(await publisher.getByRole('button', { name: 'Start' }).isDisabled());
  t.equal(server.heard.length, 0);
});

t.test('by keyboard: start, told, stop; the focus goes where the next button is', async (t) => {
  await page.keyboard.press('Tab');
  t.equal(await focused(page), 'Start');
  await page.keyboard.press('Enter');
  await reaches('unwatched');
  t.equal(await focused(page), 'Stop');
  t.match(await status(), /^Shop door: Ready\. Nobody is watching\. Nothing is sent until/);
  server.say('wanted');
  await reaches('watched');
  t.match(await status(), /^Shop door: Sending\. Being watched now\./);
  t.equal(await publisher.getByText('Being watched now', { exact: true }).isVisible(), true);
  await page.keyboard.press('Enter');
  await reaches('stopped');
  t.equal(await focused(page), 'Start');
  await server.hears('DELETE');
  t.same(await page.evaluate(() => window.booth.heard), [
    ...['opening', 'connecting', 'published no', 'published yes', 'stopped'],
  ]);
});

t.test('several cameras are a choice, and the choice outlives a stop', async (t) => {
  await publisher.getByRole('button', { name: 'Start' }).click();
  await reaches('unwatched');
  const choice = publisher.getByLabel('Camera', { exact: true });
  await choice.waitFor();
  t.equal(await choice.locator('option').count(), 4);
  const chosen = () =>
    publisher.evaluate((one) => {
      const video = one.shadowRoot?.querySelector('video');
      return (video?.srcObject as MediaStream | null)?.getVideoTracks()[0]?.getSettings().deviceId;
    });
  const before = await chosen();
  const other = (
    await choice.locator('option').evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value))
  ).find((id) => id !== before);
  await choice.selectOption(other ?? '');
  await page.waitForFunction((was) => {
    const video = document.querySelector('sallyport-publisher')?.shadowRoot?.querySelector('video');
    const id = (video?.srcObject as MediaStream | null)?.getVideoTracks()[0]?.getSettings().deviceId;
    return id !== undefined && id !== was;
  }, before);
  t.equal(await chosen(), other);
  await publisher.getByRole('button', { name: 'Stop' }).click();
  await reaches('stopped');
  await publisher.getByRole('button', { name: 'Start' }).click();
  await reaches('unwatched');
  t.equal(await chosen(), other, 'the same again');
});

t.test('muting is a switch that says whether it is on', async (t) => {
  const mute = publisher.getByRole('button', { name: 'Mute picture' });
  t.equal(await mute.getAttribute('aria-pressed'), 'false');
  await mute.click();
  t.equal(await mute.getAttribute('aria-pressed'), 'true');
});

t.test('when the element goes, so does everything', async (t) => {
  const before = server.count('DELETE');
  const isLive = await publisher.evaluate((one) => {
    const stream = one.shadowRoot?.querySelector('video')?.srcObject as MediaStream;
    one.remove();
    return stream.getTracks().some(({ readyState }) => readyState === 'live');
  });
  t.notOk(isLive, 'the camera is let go of before the next line runs');
  await server.hears('DELETE', before);
});
