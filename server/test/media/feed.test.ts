/* A feed's wire with the real worker: what arrives, what comes back, and what is kept out. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { buildId } from '@sallyport/protocol/ids';
import t from 'tap';
import type { MediaFeed } from '../../src/media/feed.ts';
import { mediaLimits } from '../../src/media/limits.ts';
import { openMedia } from '../../src/media/open-media.ts';
import { findFreePorts } from './support/free-ports.ts';
import { keepLog } from './support/kept-log.ts';
import { realClock } from './support/real-clock.ts';
import { waitUntil } from './support/wait-until.ts';

const cameraId = buildId('cam', new Uint8Array(17));
const rtcPort = await findFreePorts(1);
const media = await openMedia({ clock: realClock, log: keepLog(), workers: 1, rtcPort, listenAddress: '127.0.0.1' });
t.teardown(() => media.close());

/** One RTP packet with an SPS, which mediasoup counts as a key frame. */
function buildPacket(feed: MediaFeed, sequence: number): Buffer {
  const packet = Buffer.alloc(12 + 20, 0x67);
  packet[0] = 0x80;
  packet[1] = feed.sink.payloadType;
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(sequence * 3_000, 4);
  packet.writeUInt32BE(feed.sink.ssrc, 8);
  return packet;
}

async function received(feed: MediaFeed): Promise<number> {
  const [stat] = await feed.producer.getStats();
  return stat?.packetCount ?? 0;
}

t.test('packets reach the producer, feedback reaches the source', async (t) => {
  const feed = await media.openFeed(cameraId);
  const feedback: Uint8Array[] = [];
  feed.sink.onRtcp(() => t.fail('only the listener set last is called'));
  feed.sink.onRtcp((packet) => feedback.push(packet));
  for (let sequence = 1; sequence <= 50; sequence += 1) feed.sink.send(buildPacket(feed, sequence));
  await waitUntil('the packets', async () => (await received(feed)) === 50);
  // Reports come by themselves: the way back is open before any viewer asks for a key frame.
  await waitUntil('RTCP', () => feedback.length > 0);
  t.equal((feedback[0]?.[0] ?? 0) >> 6, 2, 'RTCP version 2');
  t.same(feed.sink.counts(), { sent: 50, dropped: 0, errors: 0 });
  await feed.close();
});

t.test('no other program of the machine can put packets in', async (t) => {
  const feed = await media.openFeed(cameraId);
  const stranger = createSocket('udp4');
  stranger.bind(0, '127.0.0.1');
  await once(stranger, 'listening');
  for (let sequence = 1; sequence <= 50; sequence += 1) {
    stranger.send(buildPacket(feed, sequence), feed.sink.remotePort, '127.0.0.1');
  }
  feed.sink.send(buildPacket(feed, 1_000));
  await waitUntil('the camera’s own packet', async () => (await received(feed)) > 0);
  t.equal(await received(feed), 1, 'and none of the stranger’s, which were sent before');
  stranger.close();
  await feed.close();
});

t.test('what is too large, or too late, is dropped and counted', async (t) => {
  const feed = await media.openFeed(cameraId);
  feed.sink.send(new Uint8Array(mediaLimits.sinkPacketBytesMax + 1));
  t.same(feed.sink.counts(), { sent: 0, dropped: 1, errors: 0 });
  feed.sink.onRtcp(() => {
    throw new Error('a source that cannot read RTCP');
  });
  for (let sequence = 1; sequence <= 50; sequence += 1) feed.sink.send(buildPacket(feed, sequence));
  await waitUntil('the listener to throw', () => feed.sink.counts().errors > 0);
  await Promise.all([feed.close(), feed.close()]);
  feed.sink.send(buildPacket(feed, 51));
  t.equal(feed.sink.counts().dropped, 2);
  feed.sink.close();
});

t.test('a burst into a socket that nobody empties stays bounded', async (t) => {
  const feed = await media.openFeed(cameraId);
  const packet = new Uint8Array(mediaLimits.sinkPacketBytesMax);
  for (let index = 0; index < 20_000; index += 1) feed.sink.send(packet);
  const { sent, dropped } = feed.sink.counts();
  t.equal(sent + dropped, 20_000, 'each packet is accounted for, and no send threw');
  await feed.close();
});
