// The browser that end-to-end tests use: it starts, offers H.264 for WebRTC, and keeps nothing between pages.
import t from 'tap';
import { startChromium } from './chromium.ts';

t.test('Chromium starts, can receive H.264 and forgets', async (t) => {
  const browser = await startChromium();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const codecs = await page.evaluate(() =>
    RTCRtpReceiver.getCapabilities('video')?.codecs.map((each) => each.mimeType),
  );
  t.ok(codecs?.includes('video/H264'), 'H.264 is among the codecs');

  await page.context().addCookies([{ name: 'seen', value: 'yes', url: 'http://localhost' }]);
  const other = await browser.newPage();
  t.same(await other.context().cookies(), [], 'another page has no cookies of the first');
});
