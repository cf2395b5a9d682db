/*
 * An owner's phone as a camera, through the pages people use: real Chromium with its fake camera publishes by the SDK,
 * an officer's page watches, and the owner sees at once that somebody does.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startChromium } from '../support/chromium.ts';
import { fakeCameraFlags } from '../support/page-publisher.ts';
import { openTown } from '../support/town.ts';
import { enrolPublished } from '../support/whip-publisher.ts';

t.setTimeout(200_000);
t.ok(existsSync(fileURLToPath(new URL('../../web/dist/publish.html', import.meta.url))), 'the pages are built');

const town = await openTown();
const browser = await startChromium(fakeCameraFlags);
t.teardown(async () => {
  await browser.close();
  await town.close();
});
const { folk, server } = town;
const faults: string[] = [];

const open = async (link: string, size = { width: 390, height: 844 }): Promise<Page> => {
  const page = await browser.newPage();
  await page.setViewportSize(size);
  page.on('pageerror', (error) => faults.push(`${link.split('#')[0]}: ${error.message}`));
  page.on('console', (line) => {
    if (line.type() === 'error') faults.push(`${link.split('#')[0]}: ${line.text()}`);
  });
  await page.goto(link);
  return page;
};
const published = (page: Page, state: string) =>
  page.locator(`sallyport-publisher[data-state="${state}"]`).waitFor({ timeout: 30_000 });
const entries = async (type: string) => (await folk.readLedger()).filter((entry) => entry['type'] === type);

const cameraId = await enrolPublished(folk);
const consentId = await folk.consent(cameraId);
const incidentId = await folk.report();
const publishLink = `${server.url}/publish.html#key=${folk.ownerKey}`;
const watchLink = `${server.url}/watch.html?incident=${incidentId}&camera=${cameraId}#key=${folk.agencyKey}`;

/** Opens an officer's page and resolves when its picture is there. */
async function watch(): Promise<Page> {
  const page = await open(watchLink, { width: 1280, height: 800 });
  await page.waitForFunction(
    () => (document.querySelector('sallyport-viewer')?.shadowRoot?.querySelector('video')?.videoWidth ?? 0) > 0,
  );
  await page.locator('sallyport-viewer[data-state="live"]').waitFor();
  return page;
}

t.test('start, ready, watched, muted, unwatched, stopped', async (t) => {
  const phone = await open(publishLink);
  const publisher = phone.locator('sallyport-publisher');
  t.notMatch(phone.url(), /key=/, 'the key is out of the address at once');
  await published(phone, 'idle');
  t.equal(await publisher.locator('video').evaluate((video) => (video as HTMLVideoElement).srcObject), null);
  await phone.getByRole('button', { name: 'Start' }).click();
  await published(phone, 'unwatched');
  await phone.getByText('Nobody is watching', { exact: true }).waitFor();
  t.match(await publisher.getByRole('status').textContent(), /Phone: Ready\. Nobody is watching\./);
  t.match(await entries('publisher.connected'), [{ cameraId, scheme: 'dpop' }]);

  const officer = await watch();
  await published(phone, 'watched');
  await phone.getByText('Being watched now', { exact: true }).waitFor();
  t.match(await phone.title(), /^Being watched/);

  await phone.getByRole('button', { name: 'Mute picture' }).click();
  await officer.waitForFunction(isBlack, null, { timeout: 20_000 });
  t.equal(await officer.locator('sallyport-viewer').getAttribute('data-state'), 'live', 'black is a picture too');
  await phone.getByRole('button', { name: 'Mute picture', pressed: true }).click();
  await officer.waitForFunction(() => !window.isBlack());

  await officer.close();
  await published(phone, 'unwatched');
  await phone.getByRole('button', { name: 'Stop' }).click();
  await published(phone, 'stopped');
  await phone.close();
  t.equal((await entries('publisher.connected')).length, 1, 'one connection for all of it');
});

/** Whether the viewer's picture is black all over; kept in the page for further questions. */
function isBlack(): boolean {
  window.isBlack ??= () => {
    const video = document.querySelector('sallyport-viewer')?.shadowRoot?.querySelector('video');
    const context = new OffscreenCanvas(16, 9).getContext('2d');
    if (!video || !context) return false;
    context.drawImage(video, 0, 0, 16, 9);
    return context.getImageData(0, 0, 16, 9).data.every((value, at) => at % 4 === 3 || value < 24);
  };
  return window.isBlack();
}
declare global {
  interface Window {
    isBlack: () => boolean;
  }
}

t.test('three sizes with sound: the viewer gets the picture', async (t) => {
  const phone = await open(publishLink);
  await phone.locator('sallyport-publisher').evaluate((one) => {
    one.setAttribute('simulcast', '');
    one.setAttribute('audio', '');
  });
  await phone.getByRole('button', { name: 'Start' }).click();
  await published(phone, 'unwatched');
  const officer = await watch();
  await shows(officer, 20);
  t.ok(await phone.getByRole('button', { name: 'Mute sound' }).isVisible());
  await officer.close();
  await phone.getByRole('button', { name: 'Stop' }).click();
  await published(phone, 'stopped');
  await phone.close();
});

t.test('the network changes: same connection, and the viewer goes on', async (t) => {
  const phone = await open(publishLink);
  await phone.getByRole('button', { name: 'Start' }).click();
  await published(phone, 'unwatched');
  const officer = await watch();
  await published(phone, 'watched');
  const connected = (await entries('publisher.connected')).length;
  const started = (await entries('session.started')).length;
  const [patched] = await Promise.all([
    phone.waitForResponse((response) => response.request().method() === 'PATCH'),
    phone.evaluate(() => dispatchEvent(new Event('online'))),
  ]);
  t.equal(patched.status(), 200, 'restarted');
  await published(phone, 'watched');
  await shows(officer, 20);
  t.equal((await entries('publisher.connected')).length, connected);

  await t.test('the page is opened again: it takes its own camera over', async (t) => {
    await phone.reload();
    await phone.getByRole('button', { name: 'Start' }).click();
    await published(phone, 'watched');
    await shows(officer, 20);
    t.equal((await entries('session.started')).length, started, 'the viewer needed no new join');
  });

  await t.test('consent withdrawn: the viewer is dark and nothing is sent any more', async () => {
    await folk.owner.must('DELETE', `/v1/consents/${consentId}`);
    await officer.locator('sallyport-viewer[data-state="dark-final"]').waitFor();
    await published(phone, 'unwatched');
  });

  await t.test('camera withdrawn: told, and the camera is let go of', async (t) => {
    await folk.operator.must('DELETE', `/v1/cameras/${cameraId}`);
    await published(phone, 'off-final');
    await phone.getByText('This camera has been withdrawn from the programme.', { exact: true }).waitFor();
    t.equal(
      await phone.locator('sallyport-publisher video').evaluate((video) => (video as HTMLVideoElement).srcObject),
      null,
    );
  });
  await phone.close();
  await officer.close();
  t.same(faults, [], 'no page complained');
  t.same(await server.media.auditValves(), []);
});

/** Resolves after so many further frames on the officer's screen. */
const shows = (page: Page, frames: number): Promise<void> =>
  page.locator('sallyport-viewer').evaluate(async (viewer, wanted) => {
    const video = viewer.shadowRoot?.querySelector('video');
    for (let seen = 0; seen < wanted; seen += 1) {
      await new Promise((resolve) => video?.requestVideoFrameCallback(resolve));
    }
  }, frames);
