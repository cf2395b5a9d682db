/*
 * The picture guard in a real browser: whatever ends a feed, the screen shows the page behind it, never the last
 * frame. Source and viewer are two peer connections of one page.
 */
import type { Page } from 'playwright-core';
import t from 'tap';
import { startChromium } from '../../server/test/support/chromium.ts';
import type {} from './pages/guard-page.ts';
import { serveBundledPage } from './support/bundled-page.ts';
import { colourOfVideo } from './support/page-colour.ts';

const dark = { hasSource: false, visibility: 'hidden', track: 'ended', pc: 'closed' };
// A browser on a busy machine needs its time; a wait that hangs still fails.
t.setTimeout(180_000);

const site = await serveBundledPage('guard-page.ts');
const browser = await startChromium(['--disable-features=WebRtcHideLocalIpsWithMdns']);
t.teardown(async () => {
  await browser.close();
  await site.stop();
});

const openPage = async (): Promise<Page> => {
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.waitForFunction(() => window.rig !== undefined);
  return page;
};

/** Waits for the guard's second word (the first is `presented`) and answers all of them. */
const lastWords = async (page: Page): Promise<readonly string[]> => {
  await page.waitForFunction(() => window.rig.said.length > 1);
  return page.evaluate(() => window.rig.said);
};

type End = readonly [name: string, reason: string, act: (page: Page) => Promise<unknown>];
const ends: readonly End[] = [
  [
    'the server closes the DTLS transport',
    'transport-closed',
    (page) => page.evaluate(() => window.rig.source.close()),
  ],
  ['the time of the gate is over', 'time-up', (page) => page.evaluate(() => window.rig.guard?.endAfter(50))],
  ['the control connection is lost', 'control-lost', (page) => page.evaluate(() => window.rig.guard?.loseControl())],
  [
    'the gate is closed by a message',
    'incident-closed',
    (page) => page.evaluate(() => window.rig.guard?.darken('incident-closed')),
  ],
];

for (const [name, reason, act] of ends) {
  t.test(`dark when ${name}`, async (t) => {
    const page = await openPage();
    await page.evaluate(() => window.rig.show({ silentMs: 800, controlGraceMs: 100 }));
    t.equal(await colourOfVideo(page), 'picture', 'there was a picture');
    await act(page);
    t.same(await lastWords(page), ['presented', reason]);
    t.same(await page.evaluate(() => window.rig.look()), dark);
    t.equal(await colourOfVideo(page), 'background', 'the screen shows what is behind');
    await page.close();
  });
}

const held = { hasSource: false, visibility: 'hidden', track: 'live', pc: 'connected' };

t.test('frames stop and nothing else happens: held back at once, and gone when nobody vouches for it', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.show({ silentMs: 800, restoreWithinMs: 1_500 }));
  await page.evaluate(() => window.rig.source.silence());
  t.same(await lastWords(page), ['presented', 'held silent']);
  t.same(await page.evaluate(() => window.rig.look()), held);
  t.equal(await colourOfVideo(page), 'background', 'the screen shows what is behind');
  await page.waitForFunction(() => window.rig.said.length > 2);
  t.same(await page.evaluate(() => window.rig.said), ['presented', 'held silent', 'silent']);
  t.same(await page.evaluate(() => window.rig.look()), dark);
  await page.close();
});

t.test(
  'a held picture comes back by fresh frames after the gate was decided again, never by frames alone',
  async (t) => {
    const page = await openPage();
    await page.evaluate(() => window.rig.show({ silentMs: 800, restoreWithinMs: 60_000 }));
    await page.evaluate(() => window.rig.source.silence());
    t.same(await lastWords(page), ['presented', 'held silent']);
    await page.evaluate(async () => {
      await window.rig.source.speak();
      await window.rig.decodes(20);
    });
    t.same(await page.evaluate(() => window.rig.look()), held, 'frames flow, nobody has vouched');
    t.equal(await colourOfVideo(page), 'background');
    await page.evaluate(() => window.rig.guard?.vouch());
    await page.waitForFunction(() => window.rig.said.length > 2);
    t.same(await page.evaluate(() => window.rig.said), ['presented', 'held silent', 'shown']);
    await page.evaluate(() => window.rig.frames(3));
    t.equal(await colourOfVideo(page), 'picture');
    await page.evaluate(() => window.rig.source.silence());
    await page.waitForFunction(() => window.rig.said.length > 3);
    t.same((await page.evaluate(() => window.rig.said)).at(-1), 'silent', 'one that flaps is not held again');
    await page.close();
  },
);

t.test(
  'a camera that is silent while gate and path stand may take its time, and comes back in the same session',
  async (t) => {
    const page = await openPage();
    await page.evaluate(() => window.rig.show({ silentMs: 800, restoreWithinMs: 300 }));
    await page.evaluate(() => window.rig.source.silence());
    await page.waitForFunction(() => window.rig.said.length > 1 && (window.rig.guard?.vouch() ?? true));
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
    t.same(await page.evaluate(() => window.rig.said), ['presented', 'held silent'], 'not given up');
    t.equal(await colourOfVideo(page), 'background', 'and not shown');
    await page.evaluate(() => window.rig.source.speak());
    await page.waitForFunction(() => window.rig.said.length > 2);
    t.same(await page.evaluate(() => window.rig.said), ['presented', 'held silent', 'shown']);
    await page.close();
  },
);

t.test('a vouch without frames shows nothing, and a cut ends what is held', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.show({ silentMs: 800, restoreWithinMs: 60_000 }));
  await page.evaluate(() => window.rig.source.silence());
  t.same(await lastWords(page), ['presented', 'held silent']);
  await page.evaluate(() => window.rig.guard?.vouch());
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  t.same(await page.evaluate(() => window.rig.look()), held);
  await page.evaluate(() => window.rig.source.close());
  await page.waitForFunction(() => window.rig.said.length > 2);
  t.same(await page.evaluate(() => window.rig.said), ['presented', 'held silent', 'transport-closed']);
  t.same(await page.evaluate(() => window.rig.look()), dark);
  await page.close();
});

t.test('the picture is gone before darken() returns', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.show({}));
  const look = await page.evaluate(() => {
    window.rig.guard?.darken('not-available');
    return window.rig.look();
  });
  t.same(look, dark);
  t.same(await page.evaluate(() => window.rig.said), ['presented', 'not-available']);
  await page.close();
});

t.test('sound plays with its picture, and goes with it', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.show({}, 'picture-and-sound'));
  const look = () =>
    page.evaluate(() => {
      const { sound, video } = window.rig;
      const stream = video.srcObject;
      const playing = stream instanceof MediaStream ? stream.getTracks().map(({ kind }) => kind) : [];
      return { sound: sound?.readyState, playing: playing.sort() };
    });
  t.same(await look(), { sound: 'live', playing: ['audio', 'video'] });
  await page.evaluate(() => window.rig.guard?.darken('not-available'));
  t.same(await look(), { sound: 'ended', playing: [] });
  await page.close();
});

t.test('the first reason is told, once, and nothing brings the picture back', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.show({ silentMs: 800, controlGraceMs: 100 }));
  const looks = await page.evaluate(async () => {
    const { guard, video } = window.rig;
    guard?.darken('incident-closed');
    guard?.darken('silent');
    guard?.loseControl();
    guard?.endAfter(0);
    void video.play().catch(() => {});
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return { look: window.rig.look(), said: window.rig.said };
  });
  t.same(looks, { look: dark, said: ['presented', 'incident-closed'] });
  t.equal(await colourOfVideo(page), 'background');
  await page.close();
});

t.test('a fresh join in the same element shows again', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.show({}));
  await page.evaluate(() => window.rig.guard?.darken('token-expired'));
  t.equal(await colourOfVideo(page), 'background');
  await page.evaluate(() => window.rig.show({}));
  t.equal(await colourOfVideo(page), 'picture');
  t.same(await page.evaluate(() => window.rig.said), ['presented', 'token-expired', 'presented']);
  await page.close();
});

t.test('a running picture is left alone, and a later end replaces an earlier one', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.show({ silentMs: 800, controlGraceMs: 100 }));
  const said = await page.evaluate(async () => {
    window.rig.guard?.endAfter(200);
    window.rig.guard?.endAfter(60_000);
    await window.rig.frames(40);
    return window.rig.said;
  });
  t.same(said, ['presented']);
  t.equal(await colourOfVideo(page), 'picture');
  await page.close();
});

t.test('an offer that never becomes a picture is given up', async (t) => {
  const page = await openPage();
  await page.evaluate(() => window.rig.join({ firstPictureWithinMs: 300 }));
  await page.waitForFunction(() => window.rig.said.length > 0);
  t.same(await page.evaluate(() => window.rig.said), ['silent']);
  t.same(await page.evaluate(() => window.rig.look()), dark);
  await page.close();
});
