/*
 * Sound through the valve with the real worker, real ffmpeg and a real Chromium: it passes only where the start on
 * record says so, is shut with the picture, and never costs the picture anything.
 */
import { buildId } from '@sallyport/protocol/ids';
import t from 'tap';
import { openMedia } from '../../src/media/open-media.ts';
import { startChromium } from '../support/chromium.ts';
import { forgeReceipt } from '../support/forge-receipt.ts';
import { findFreePorts } from './support/free-ports.ts';
import { keepLog } from './support/kept-log.ts';
import { realClock } from './support/real-clock.ts';
import { startH264Source, startToneSource } from './support/rtp-source.ts';
import { makeViewer } from './support/test-viewer.ts';
import { waitUntil } from './support/wait-until.ts';

t.setTimeout(180_000);

const log = keepLog();
const rtcPort = await findFreePorts(1);
const media = await openMedia({ clock: realClock, log, workers: 1, rtcPort, listenAddress: '127.0.0.1' });
const feed = await media.openFeed(buildId('cam', new Uint8Array(17)));
const source = await startH264Source(feed.sink);
const browser = await startChromium();
const page = await browser.newPage();
t.teardown(async () => {
  await browser.close();
  await source.stop();
  await media.close();
});

async function openTone(codec: 'OPUS' | 'PCMU') {
  const sink = await feed.openAudio(codec);
  if (sink === null) throw new Error('no way in for the sound');
  return { sink, tone: await startToneSource(sink, codec) };
}

async function watch({ audio, decline }: { readonly audio: boolean; readonly decline?: 'audio' }) {
  const valve = await media.openValve(feed, forgeReceipt({ audio }));
  const viewer = await makeViewer(page);
  const losses: string[] = [];
  valve.onLost((why) => losses.push(why));
  const reply = await viewer.answer(valve.offer, decline ? { decline } : {});
  t.equal(await valve.answer(reply), 'connecting');
  await waitUntil('frames', async () => (await viewer.state()).framesDecoded > 5);
  return { valve, viewer, losses };
}

const consumersOf = async (): Promise<number> => (await feed.router.dump()).mapConsumerIdProducerId.length;

for (const codec of ['PCMU', 'OPUS'] as const) {
  t.test(`${codec} is heard, and nothing of it leaves after the close`, async (t) => {
    const { sink, tone } = await openTone(codec);
    t.equal(await feed.openAudio(codec), sink, 'there is one way in');
    const { valve, viewer } = await watch({ audio: true });
    t.equal(valve.consumerIds.length, 2);
    await waitUntil('the sound', async () => (await viewer.state()).audioEnergy > 0);
    t.same(await media.auditValves(), [], 'the audit knows both');
    t.equal((await valve.close()).flowed, true);
    await waitUntil('the page to see the end', async () => (await viewer.state()).dtls === 'closed');
    const toneGoesOn = async (packets: number) => {
      const before = tone.packets();
      await waitUntil('the tone to go on', () => tone.packets() >= before + packets);
    };
    // What was on its way is counted first.
    await toneGoesOn(10);
    const { audioPackets } = await viewer.state();
    await toneGoesOn(50);
    t.equal((await viewer.state()).audioPackets, audioPackets, 'no packet after the cut');
    t.equal(await consumersOf(), 0);
    await tone.stop();
  });
}

t.test('without sound on record there is no section and no consumer for it', async (t) => {
  const { tone } = await openTone('OPUS');
  const { valve } = await watch({ audio: false });
  t.notMatch(valve.offer, 'm=audio');
  t.same(
    (await feed.router.dump()).mapConsumerIdProducerId.map(({ value }) => value),
    [feed.producer.id],
    'the one consumer is of the picture',
  );
  await valve.close();
  await tone.stop();
});

t.test('a viewer may decline the sound', async (t) => {
  const { tone } = await openTone('OPUS');
  const { valve, viewer } = await watch({ audio: true, decline: 'audio' });
  t.equal(valve.consumerIds.length, 1);
  t.equal(await consumersOf(), 1);
  t.same(await media.auditValves(), []);
  t.equal((await viewer.state()).audioPackets, 0);
  await valve.close();
  await tone.stop();
});

t.test('the sound taken out, or in another codec, leaves the picture alone', async (t) => {
  const { tone } = await openTone('OPUS');
  const { valve, viewer, losses } = await watch({ audio: true });
  await waitUntil('the sound', async () => (await viewer.state()).audioPackets > 0);
  await feed.closeAudio();
  await feed.closeAudio();
  t.equal(feed.audioProducer, null);
  await waitUntil('its consumer to be gone', () => valve.consumerIds.length === 1);
  const { framesDecoded } = await viewer.state();
  await waitUntil('the picture to go on', async () => (await viewer.state()).framesDecoded > framesDecoded + 15);
  t.same(losses, []);
  await tone.stop();

  const second = await openTone('PCMU');
  t.match(feed.audioProducer?.rtpParameters.codecs[0], { mimeType: 'audio/PCMU' });
  const joined = await watch({ audio: true });
  await waitUntil('the new sound', async () => (await joined.viewer.state()).audioEnergy > 0);
  const third = feed.openAudio('PCMA');
  t.not(await third, second.sink);
  t.equal((await joined.valve.close()).flowed, true);
  t.equal((await valve.close()).flowed, true);
  await second.tone.stop();
  t.equal(await consumersOf(), 0);
  t.same(
    log.lines.filter((line) => line.level === 'error'),
    [],
    'no close needed a harder step',
  );
});

t.test('a feed that is gone opens no sound', async (t) => {
  const other = await media.openFeed(buildId('cam', new Uint8Array(17).fill(1)));
  const opening = other.openAudio('OPUS');
  await other.close();
  t.ok((await opening) === null || other.audioProducer === null);
  t.equal(await other.openAudio('OPUS'), null);
  t.equal(other.audioProducer, null);
});
