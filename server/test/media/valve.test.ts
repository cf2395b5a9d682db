/*
 * The valve with the real worker, real H.264 from ffmpeg and a real Chromium: it shows, it goes dark, and nothing
 * starts it again.
 */
import { buildId } from '@sallyport/protocol/ids';
import t from 'tap';
import type { MediaFeed } from '../../src/media/feed.ts';
import { openMedia } from '../../src/media/open-media.ts';
import { startChromium } from '../support/chromium.ts';
import { forgeReceipt } from '../support/forge-receipt.ts';
import { findFreePorts } from './support/free-ports.ts';
import { keepLog } from './support/kept-log.ts';
import { realClock } from './support/real-clock.ts';
import { startH264Source } from './support/rtp-source.ts';
import { makeViewer } from './support/test-viewer.ts';
import { waitUntil } from './support/wait-until.ts';

const cameraId = buildId('cam', new Uint8Array(17));
const CUTS = 50;

// Browser and encoder start slowly on a busy machine.
t.setTimeout(180_000);

const log = keepLog();
const rtcPort = await findFreePorts(1);
const media = await openMedia({ clock: realClock, log, workers: 1, rtcPort, listenAddress: '127.0.0.1' });
const feed = await media.openFeed(cameraId);
const source = await startH264Source(feed.sink);
const browser = await startChromium();
const page = await browser.newPage();
t.teardown(async () => {
  await browser.close();
  await source.stop();
  await media.close();
});

/** Waits until the camera has sent that many packets more. */
async function waitForPackets(count: number): Promise<void> {
  const before = source.packets();
  await waitUntil('the camera to go on', () => source.packets() >= before + count);
}

/** Opens a valve and lets a viewer answer it. */
async function watch(onFeed: MediaFeed = feed) {
  const valve = await media.openValve(onFeed, forgeReceipt());
  const viewer = await makeViewer(page);
  let flows = 0;
  const losses: string[] = [];
  valve.onFlowing(() => {
    flows += 1;
  });
  valve.onLost((why) => losses.push(why));
  return { valve, viewer, losses, flows: () => flows, reply: await viewer.answer(valve.offer) };
}

t.test('shows the picture, and after the close no packet leaves', async (t) => {
  const feedback: (readonly [number, number])[] = [];
  feed.sink.onRtcp(([first = 0, type = 0]) => feedback.push([type, first & 31]));
  const { valve, viewer, reply, flows, losses } = await watch();
  t.equal(await valve.packetsSent(), 0, 'dry before the answer');
  t.equal(await valve.answer(reply), 'connecting');
  await waitUntil('frames', async () => (await viewer.state()).framesDecoded > 10);
  const shown = await viewer.state();
  t.match(shown, { widthPx: source.widthPx, heightPx: source.heightPx, dtls: 'connected' });
  t.match(shown.srtpCipher, /GCM/, 'the cheap and strong suite was chosen');
  t.equal(flows(), 1);
  t.same(await media.auditValves(), []);
  t.ok(
    feedback.some(([type, format]) => type === 206 && format === 1),
    'the source was asked for a key frame (PLI)',
  );

  const askedAtMs = Date.now();
  const closed = await valve.close();
  t.equal(closed.flowed, true);
  t.ok(closed.darkAtMs >= askedAtMs && closed.darkAtMs <= Date.now(), 'dark when the worker acknowledged');
  await waitUntil('the page to see the end', async () => (await viewer.state()).dtls === 'closed');
  // What the browser had received before is still decoded.
  await waitForPackets(20);
  const afterCut = await viewer.state();
  await waitForPackets(60);
  const later = await viewer.state();
  t.equal(later.packetsReceived, afterCut.packetsReceived, 'no RTP packet after the cut');
  t.equal(later.framesDecoded, afterCut.framesDecoded);
  t.same((await feed.router.dump()).mapConsumerIdProducerId, [], 'the worker has no consumer left');
  t.same(losses, [], 'a close by us is no loss');
  t.same(await valve.close(), closed, 'every close has the same outcome');
});

t.test('a viewer who leaves is a lost connection, and the valve shuts by itself', async (t) => {
  const { valve, viewer, reply, losses } = await watch();
  await valve.answer(reply);
  await waitUntil('frames', async () => (await viewer.state()).framesDecoded > 0);
  await viewer.leave();
  await waitUntil('the loss', () => losses.length > 0);
  t.same(losses, ['connection-lost']);
  t.equal((await valve.close()).flowed, true);
  await waitUntil('no consumer left', async () => (await feed.router.dump()).mapConsumerIdProducerId.length === 0);
  const late: string[] = [];
  valve.onLost((why) => late.push(why));
  await new Promise((resolve) => setImmediate(resolve));
  t.same(late, [], 'nobody is told after the close');
});

t.test('closed before any answer', async (t) => {
  const { valve, viewer, reply, flows } = await watch();
  t.equal((await valve.close()).flowed, false);
  t.same(await valve.answer(reply), { refused: 'the valve is closed' });
  t.equal((await viewer.state()).packetsReceived, 0);
  t.equal(flows(), 0);
});

t.test('closed while the answer is being taken, or the handshake runs: never flows', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const { valve, viewer, reply, flows } = await watch();
    const answering = valve.answer(reply);
    // Round by round a little later: into the connect request, the ICE check, the handshake, the resume.
    for (let turn = 0; turn < round * 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await valve.close();
    const flowsAtClose = flows();
    t.ok(['string', 'object'].includes(typeof (await answering)), 'the answer ends too');
    // What was on its way is counted first.
    await waitForPackets(3);
    const { packetsReceived } = await viewer.state();
    await waitForPackets(8);
    t.equal((await viewer.state()).packetsReceived, packetsReceived);
    t.equal(flows(), flowsAtClose, 'nothing resumed after the close');
    await viewer.leave();
  }
  t.same((await feed.router.dump()).mapConsumerIdProducerId, []);
});

t.test('closed in the very moment DTLS connects', async (t) => {
  const { valve, viewer, reply } = await watch();
  const closing = new Promise<{ readonly darkAtMs: number }>((resolve) => {
    valve.onFlowing(() => resolve(valve.close()));
  });
  await valve.answer(reply);
  await closing;
  await waitForPackets(3);
  const { packetsReceived } = await viewer.state();
  await waitForPackets(30);
  t.equal((await viewer.state()).packetsReceived, packetsReceived);
});

t.test('takes one answer only, and a refused one leaves it dry', async (t) => {
  const first = await watch();
  t.equal(await first.valve.answer(first.reply), 'connecting');
  t.same(await first.valve.answer(first.reply), { refused: 'an answer has been given before' });
  await first.valve.close();

  const second = await watch();
  t.match(await second.valve.answer('hello'), { refused: 'not a session description' });
  t.same(await second.valve.answer(second.reply), { refused: 'an answer has been given before' });
  t.equal(await second.valve.packetsSent(), 0);
  t.equal((await second.valve.close()).flowed, false);
});

t.test('refuses receipts that no store made, used ones, and strange feeds', async (t) => {
  const receipt = forgeReceipt();
  const valve = await media.openValve(feed, receipt);
  await t.rejects(media.openValve(feed, receipt), { code: 'bad-receipt' }, 'a receipt opens one valve');
  await valve.close();
  await t.rejects(media.openValve(feed, { ...forgeReceipt(), sessionId: 'ses_short' }), { code: 'bad-receipt' });
  await t.rejects(media.openValve(feed, { ...forgeReceipt(), index: 1.5 }), { code: 'bad-receipt' });
  const stranger = {
    ...{ cameraId, sink: feed.sink, onDied: () => undefined, close: async () => undefined },
    ...{ openAudio: async () => null, closeAudio: async () => undefined },
  };
  await t.rejects(media.openValve(stranger, forgeReceipt()), { code: 'feed-gone' });
  const closedFeed = await media.openFeed(cameraId);
  await closedFeed.close();
  await t.rejects(media.openValve(closedFeed, forgeReceipt()), { code: 'feed-gone' });
});

t.test('a feed that closes takes its valves along; other feeds go on', async (t) => {
  const other = await media.openFeed(cameraId);
  const otherSource = await startH264Source(other.sink);
  const mine = await watch(other);
  const theirs = await watch();
  await mine.valve.answer(mine.reply);
  await theirs.valve.answer(theirs.reply);
  await waitUntil('both pictures', async () => {
    const states = await Promise.all([mine.viewer.state(), theirs.viewer.state()]);
    return states.every((state) => state.framesDecoded > 0);
  });
  await other.close();
  t.equal((await mine.valve.close()).flowed, true);
  const { framesDecoded } = await theirs.viewer.state();
  await waitUntil('the other picture to go on', async () => {
    return (await theirs.viewer.state()).framesDecoded > framesDecoded + 5;
  });
  await theirs.valve.close();
  await otherSource.stop();
});

t.test('an audit finds a consumer that no valve stands for', async (t) => {
  const { valve } = await watch();
  t.same(await media.auditValves(), []);
  const [outlet] = feed.outlets;
  t.ok(outlet);
  if (outlet) feed.outlets.delete(outlet);
  t.same(await media.auditValves(), [{ cameraId, consumerId: valve.consumerIds[0] }]);
  await valve.close();
  t.same(await media.auditValves(), []);
  // Opened while the audit runs: not a stray.
  const audits = [media.auditValves()];
  const opening = media.openValve(feed, forgeReceipt());
  audits.push(media.auditValves());
  t.same((await Promise.all(audits)).flat(), []);
  await (await opening).close();
});

t.test(`${CUTS} cuts: every one dark, none by a harder step`, async (t) => {
  const tookMs: number[] = [];
  while (tookMs.length < CUTS) {
    const watched = await Promise.all(Array.from({ length: 10 }, () => watch()));
    for (const { valve, reply } of watched) await valve.answer(reply);
    for (const { valve, viewer } of watched) {
      await waitUntil('packets', async () => ((await valve.packetsSent()) ?? 0) > 0);
      const startMs = performance.now();
      t.equal((await valve.close()).flowed, true);
      tookMs.push(performance.now() - startMs);
      await viewer.leave();
    }
  }
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => tookMs[Math.min(CUTS - 1, Math.floor(share * CUTS))]?.toFixed(2);
  t.comment(`close: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`);
  t.same((await feed.router.dump()).mapConsumerIdProducerId, []);
  t.same(
    log.lines.filter((line) => line.level === 'error'),
    [],
    'no close needed a harder step',
  );
});
