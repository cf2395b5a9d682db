/*
 * What the README shows is what works: its code blocks are the example files, and each of those runs in Chromium, from
 * the built package, under a strict content security policy, against a real server with real cameras.
 */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startCameras } from '../../server/demo-cameras/start-cameras.ts';
import { startChromium } from '../../server/test/support/chromium.ts';
import { fakeCameraFlags } from '../../server/test/support/page-publisher.ts';
import { openTown, type Town } from '../../server/test/support/town.ts';
import { enrolPublished } from '../../server/test/support/whip-publisher.ts';
import { makePackage } from './support/built-package.ts';
import { type Ask, ExampleSite, readExample, type TokenReply } from './support/example-site.ts';

const names = [
  ...['one-camera.ts', 'wall.html', 'wall.ts', 'viewer.html', 'renewal.ts'],
  ...['sender.html', 'sender.ts', 'one-publisher.ts'],
];
const LINES_MAX = 16;

t.setTimeout(200_000);

t.test('the README shows the example files, all of them and whole', async (t) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/```(?:ts|html)\n(.*?)```/gs)].map(([, code]) => code);
  for (const name of names) {
    const code = await readExample(name);
    t.ok(blocks.includes(code), name);
    t.ok(code.split('\n').length <= LINES_MAX, `${name} is short`);
  }
  t.equal(blocks.length, names.length, 'and no other code');
});

t.test('the examples run', { timeout: 190_000 }, async (t) => {
  const built = await makePackage();
  t.teardown(() => built.remove());
  const small = { size: '640x360', gop: 15 } as const;
  const cameras = await startCameras([
    { ...small, path: '/a', name: 'A' },
    { ...small, path: '/b', name: 'B' },
  ]);
  t.teardown(() => cameras.stop());
  const browser = await startChromium(fakeCameraFlags);
  t.teardown(() => browser.close());

  let reply: (ask: Ask) => Promise<TokenReply> = async () => ({ status: 503, text: '' });
  const givePublishToken = async ({ cameraId, jkt }: Ask): Promise<TokenReply> => {
    const answer = await town.folk.owner.call('POST', `/v1/cameras/${cameraId}/publish-tokens`, { jkt });
    return { status: answer.status, text: String(answer.body['token']) };
  };
  const site = await ExampleSite.start({
    packageDir: built.dir,
    token: (ask) => reply(ask),
    publishToken: givePublishToken,
  });
  t.teardown(() => site.stop());
  const town: Town = await openTown({ env: { SALLYPORT_ALLOWED_ORIGINS: site.origin } });
  t.teardown(() => town.close());
  const [a, b] = [await town.folk.enrol(cameras.url('/a')), await town.folk.enrol(cameras.url('/b'))];
  const consentOfA = await town.folk.consent(a);
  await town.folk.consent(b);
  const incidentId = await town.folk.report();
  const give = (lifeMs: number) => async (ask: Ask) => ({
    status: 200,
    text: await town.folk.token(incidentId, [ask.cameraId], ask.jkt, { lifeMs }),
  });
  site.places = {
    'https://video.example': town.server.url.replace(/\/$/, ''),
    'wss://video.example/v1/signal': `${town.server.url.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/signal`,
    [`cam_${'a'.repeat(26)}`]: a,
    [`cam_${'b'.repeat(26)}`]: b,
  };
  const faults: string[] = [];
  const open = async (name: string): Promise<Page> => {
    const page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(`${name}: ${error.message}`));
    page.on('console', (line) => {
      if (line.type() === 'error' && !/403/.test(line.text())) faults.push(`${name}: ${line.text()}`);
    });
    await page.goto(`${site.origin}/${name}`);
    return page;
  };

  await t.test('a viewer for one video, by hand', async (t) => {
    reply = give(300_000);
    const page = await open('one-camera');
    await page.waitForFunction(() => document.title === 'live');
    t.equal(await page.evaluate(() => document.querySelector('video')?.videoWidth), 640);
    await page.close();
  });

  await t.test('renewal: a short token is renewed; a refusal is final', async (t) => {
    reply = give(6_000);
    const before = site.asked.length;
    const page = await open('viewer');
    const viewer = page.locator('sallyport-viewer');
    await viewer.and(page.locator('[data-state="live"]')).waitFor();
    const until = () =>
      viewer.evaluate((one: HTMLElementTagNameMap['sallyport-viewer']) =>
        one.state.name === 'live' ? one.state.untilMs : 0,
      );
    const first = await until();
    await page.waitForFunction((was) => {
      const { state } = document.querySelector('sallyport-viewer') ?? {};
      return state?.name === 'live' && state.untilMs > was;
    }, first);
    t.ok(site.asked.length >= before + 2, 'asked again');
    reply = async () => ({ status: 403, text: '' });
    await viewer.and(page.locator('[data-state="dark-final"]')).waitFor();
    await viewer.getByText('The permission to view was refused.').first().waitFor();
    t.equal(await viewer.locator('video').evaluate((video) => (video as HTMLVideoElement).srcObject), null);
    await page.close();
  });

  await t.test('a wall: two pictures, one of them cut by its owner', async (t) => {
    reply = give(300_000);
    const page = await open('wall');
    await page.locator('sallyport-viewer[data-state="live"]').nth(1).waitFor();
    await town.folk.owner.must('DELETE', `/v1/consents/${consentOfA}`);
    await page.locator('sallyport-viewer[label="Shop door"][data-state="dark-final"]').waitFor();
    t.match(await page.title(), new RegExp(`^${a}: `));
    t.equal(await page.locator('sallyport-viewer[data-state="live"]').count(), 1, 'the other goes on');
    await page.close();
  });
  await t.test('the single file does the same', async (t) => {
    reply = give(300_000);
    // The first camera's owner has ended it by now.
    site.places = { ...site.places, [`cam_${'a'.repeat(26)}`]: b };
    const page = await open('viewer@one-file');
    await page.locator('sallyport-viewer[data-state="live"]').waitFor();
    const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    t.notOk(
      loaded.some((name) => /\/(index|elements)\.js$/.test(name)),
      'alone',
    );
    await page.close();
  });
  for (const name of ['sender', 'sender@one-file', 'one-publisher']) {
    await t.test(`${name}: a camera is sent to a viewer`, async (t) => {
      reply = give(300_000);
      const camera = await enrolPublished(town.folk);
      await town.folk.consent(camera);
      site.places = { ...site.places, [`cam_${'a'.repeat(26)}`]: camera };
      const sender = await open(name);
      await sender.getByRole('button', { name: 'Start' }).click();
      await sender.waitForFunction(() => document.title === 'published');
      const page = await open('one-camera');
      await page.waitForFunction(() => document.title === 'live');
      t.ok(await page.evaluate(() => document.querySelector('video')?.videoWidth), 'the picture is there');
      if (name !== 'one-publisher') await sender.waitForFunction(() => document.title === 'Being watched');
      await sender.close();
      await page.close();
    });
  }
  t.same(faults, [], 'no page complains, and no policy is broken');
});
