/*
 * The light viewer's media half against the real media worker, by the server's own offer: it connects, counts, asks for what
 * it lost, and sees the end of it.
 */
import { buildId } from '@sallyport/protocol/ids';
import t from 'tap';
import { openMedia } from '../../../server/src/media/open-media.ts';
import { findFreePorts } from '../../../server/test/media/support/free-ports.ts';
import { keepLog } from '../../../server/test/media/support/kept-log.ts';
import { realClock } from '../../../server/test/media/support/real-clock.ts';
import { startH264Source } from '../../../server/test/media/support/rtp-source.ts';
import { waitUntil } from '../../../server/test/media/support/wait-until.ts';
import { forgeReceipt } from '../../../server/test/support/forge-receipt.ts';
import { Distribution } from '../../src/distribution.ts';
import { makeCertificate } from '../../src/engine/certificate.ts';
import { MediaLink } from '../../src/engine/media-link.ts';
import { buildAnswer, type Offer, readOffer } from '../../src/engine/session-description.ts';

const certificate = makeCertificate(Date.now());
const rtcPort = await findFreePorts(1);
const media = await openMedia({ clock: realClock, log: keepLog(), workers: 1, rtcPort, listenAddress: '127.0.0.1' });
const feed = await media.openFeed(buildId('cam', new Uint8Array(17)));
const source = await startH264Source(feed.sink);
t.teardown(async () => {
  await source.stop();
  await media.close();
});

/** Opens a valve and watches through it; `change` lets a test meddle with the offer. */
async function watch(drops: () => boolean = () => false, change: (offer: Offer) => Offer = (offer) => offer) {
  const valve = await media.openValve(feed, forgeReceipt());
  const news: string[] = [];
  const offer = change(readOffer(valve.offer));
  const link = new MediaLink({
    offer,
    certificate,
    latencyMs: new Distribution(),
    drops,
    onOver: (why) => news.push(`over: ${why}`),
    onFirstPacket: () => news.push('first packet'),
    onFirstFrame: () => news.push('first frame'),
  });
  const { localFragment: fragment, localPassword: password } = link;
  await valve.answer(buildAnswer(offer, { fragment, password, fingerprint: certificate.fingerprint }));
  link.open();
  t.teardown(() => link.close());
  return { valve, link, news };
}

t.test('connects, receives whole pictures, and sees the valve close', async (t) => {
  const { valve, link, news } = await watch();
  const { reception } = link;
  await waitUntil('pictures', () => reception.frames > 20);
  t.same(news, ['first packet', 'first frame']);
  t.equal(reception.lost, 0);
  t.ok(link.times.startedAtMs <= link.times.iceAtMs && link.times.iceAtMs <= link.times.dtlsAtMs);
  await valve.close();
  await waitUntil('the end', () => news.length === 3);
  t.equal(news[2], 'over: the server closed');
  const received = reception.packets;
  const sent = source.packets();
  await waitUntil('the camera to go on', () => source.packets() > sent + 40);
  t.equal(reception.packets, received, 'no packet after the close');
});

t.test('asks for what the network lost, and gets it', async (t) => {
  let datagrams = 0;
  const { valve, link } = await watch(() => {
    datagrams += 1;
    return datagrams > 100 && datagrams % 20 === 0;
  });
  const { reception } = link;
  await waitUntil('repairs', () => link.repairs >= 10);
  t.ok(link.nacksSent >= 10);
  await waitUntil('every hole to be mended', () => reception.lost === 0);
  t.equal(reception.missing.givenUp, 0);
  await valve.close();
});

t.test('a hole that stays makes it ask for a key picture', async (t) => {
  let datagrams = 0;
  // From a moment on only one in five arrives, so that repairs are lost as well.
  const { valve, link } = await watch(() => {
    datagrams += 1;
    return datagrams > 100 && datagrams % 5 !== 0;
  });
  await waitUntil('a request for a key picture', () => link.plisSent > 0);
  t.ok(link.reception.missing.givenUp > 0);
  t.ok(link.reception.lost > 0);
  await valve.close();
});

t.test('a server with another certificate than its offer’s is not believed', async (t) => {
  const { fingerprint } = makeCertificate(Date.now());
  const { news, link } = await watch(undefined, (offer) => ({ ...offer, fingerprint }));
  await waitUntil('the refusal', () => news.length > 0);
  t.match(news, [/over: the server's certificate is not the one of its offer/]);
  t.equal(link.reception.packets, 0);
});
