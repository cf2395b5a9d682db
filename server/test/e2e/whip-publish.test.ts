/*
 * A page that publishes its camera in real Chromium, without the SDK, and viewers of it behind the real gate: what is sent
 * while nobody watches goes nowhere, cuts stop it at the transport, a publisher that comes back is one short freeze.
 */
import type { Page } from 'playwright-core';
import t from 'tap';
import { MediaPublisher } from '../../src/media/publisher.ts';
import { waitUntil } from '../media/support/wait-until.ts';
import { startChromium } from '../support/chromium.ts';
import {
  closePeer,
  countSent,
  fakeCameraFlags,
  offerCamera,
  type PublishWish,
  takeAnswer,
  untilDtls,
} from '../support/page-publisher.ts';
import {
  answerOffer,
  countArrived,
  countHeard,
  settleArrived,
  untilDecoded,
  untilHeard,
} from '../support/page-viewer.ts';
import { SignalClient } from '../support/signal-client.ts';
import { openTown } from '../support/town.ts';
import { ask, type Reply } from '../support/whep-player.ts';
import { EventReader, enrolPublished, makePublishKey, WhipPublisher } from '../support/whip-publisher.ts';

t.setTimeout(240_000);

const town = await openTown({ charter: { privateCamerasMax: 50 } });
const browser = await startChromium(fakeCameraFlags);
t.teardown(async () => {
  await browser.close();
  await town.close();
});
const { folk, server } = town;
const { media, publishers } = server;
const client = await SignalClient.connect(server.url);
const other = await SignalClient.connect(server.url);
const incidentId = await folk.report();
const newPage = async (): Promise<Page> => {
  const page = await browser.newPage();
  await page.goto(`${server.url}/healthz`);
  return page;
};
const page = await newPage();
const viewers = await newPage();

async function prepare() {
  const cameraId = await enrolPublished(folk);
  const consentId = await folk.consent(cameraId);
  const publisher = await WhipPublisher.make(server.url);
  return { cameraId, consentId, publisher };
}

/** Publishes from the page; resolves when DTLS is connected. */
async function publish(
  cameraId: string,
  publisher: WhipPublisher,
  peer: string,
  wish: PublishWish = {},
): Promise<Reply> {
  const offer = await offerCamera(page, peer, wish);
  const reply = await publisher.post(cameraId, await publisher.token(folk, cameraId), offer);
  if (reply.status !== 201) throw new Error(`${reply.status} ${reply.text}`);
  await takeAnswer(page, peer, reply.text);
  await untilDtls(page, peer, 'connected');
  return reply;
}

/** Joins as an officer does; answers the session. */
async function watch(cameraId: string, as = client): Promise<string> {
  const offered = await as.join(cameraId, await folk.token(incidentId, [cameraId], as.key.jkt));
  if (offered.type !== 'offer') throw new Error(offered.code);
  const { sessionId, sdp } = offered;
  as.send({ type: 'answer', sessionId, sdp: await answerOffer(viewers, sessionId, sdp) });
  return sessionId;
}

const producersOf = (cameraId: string) => {
  const live = publishers.find(cameraId as never);
  if (!(live instanceof MediaPublisher)) throw new Error('nobody publishes');
  return live.producers;
};
const isPaused = (cameraId: string): boolean => producersOf(cameraId).picture.paused;
const find = async (cameraId: string, ...types: readonly string[]) =>
  (await folk.readLedger()).filter((one) => one['cameraId'] === cameraId && types.includes(String(one['type'])));
const says = (event: string) => (heard: readonly { readonly event: string }[]) => heard.at(-1)?.event === event;

t.test('from a page to a viewer, and nothing while nobody watches', async (t) => {
  const { cameraId, publisher } = await prepare();
  const reply = await publish(cameraId, publisher, 'plain');
  const events = await EventReader.open(publisher.sessionUrl(reply));
  await events.until(says('idle'));
  t.equal(events.contentType, 'text/event-stream');
  t.ok(isPaused(cameraId), 'what it sends is thrown away');
  const sessionId = await watch(cameraId);
  const seen = await untilDecoded(viewers, sessionId, 20);
  t.ok(seen.width > 0, `${seen.width} x ${seen.height}`);
  await events.until(says('wanted'));
  t.notOk(isPaused(cameraId));
  t.same(await media.auditValves(), [], 'no consumer but the valve and the tap');
  t.match(await folk.operator.must('GET', `/v1/cameras/${cameraId}/health`), {
    state: 'playing',
    viewers: 1,
    widthPx: Number,
    lastPacketAtMs: Number,
  });

  client.send({ type: 'leave', sessionId });
  await events.until(says('idle'));
  await waitUntil('paused again', () => isPaused(cameraId));
  t.same(await media.auditValves(), []);
  const dark = await settleArrived(viewers, sessionId);
  t.equal((await settleArrived(viewers, sessionId)).packets, dark.packets);
  t.match(await find(cameraId, 'publisher.connected', 'publisher.disconnected'), [{ scheme: 'dpop' }]);

  t.equal((await ask(publisher.sessionUrl(reply), 'DELETE')).status, 200);
  await events.until(says('cut'));
  t.match(events.heard.at(-1), { data: { reason: 'left' } });
  await untilDtls(page, 'plain', 'closed');
  t.match(await find(cameraId, 'publisher.disconnected'), [{ reason: 'left' }]);
});

t.test('two viewers one after the other, the second soon', async (t) => {
  const { cameraId, publisher } = await prepare();
  await publish(cameraId, publisher, 'two');
  const first = await watch(cameraId);
  await untilDecoded(viewers, first, 3);
  const second = await watch(cameraId, other);
  await untilDecoded(viewers, second, 5);
  const { framesDecoded } = await countArrived(viewers, first);
  await untilDecoded(viewers, first, framesDecoded + 5);
  t.ok((await countSent(page, 'two')).keyFramesEncoded >= 2, 'the second asked for a key frame too');
  client.send({ type: 'leave', sessionId: first });
  other.send({ type: 'leave', sessionId: second });
});

t.test('pause and withdrawal of the consent, and withdrawal of the camera', async (t) => {
  const { cameraId, consentId, publisher } = await prepare();
  const reply = await publish(cameraId, publisher, 'cut');
  const events = await EventReader.open(publisher.sessionUrl(reply));
  const paused = await watch(cameraId);
  await untilDecoded(viewers, paused, 5);
  const stop = await folk.owner.must('PUT', `/v1/cameras/${cameraId}/sharing`, { paused: true });
  t.match(stop, { sessionsEnded: 1 });
  await events.until(says('idle'));
  await waitUntil('what it sends is thrown away', () => isPaused(cameraId));
  const dark = await settleArrived(viewers, paused);
  t.equal(dark.dtls, 'closed');
  t.not(publishers.find(cameraId as never), null, 'the publisher stays: the owner may share again');

  await folk.owner.must('PUT', `/v1/cameras/${cameraId}/sharing`, { paused: false });
  const again = await watch(cameraId);
  await untilDecoded(viewers, again, 5);
  t.match(await folk.owner.must('DELETE', `/v1/consents/${consentId}`), { sessionsEnded: 1 });
  await events.until(says('idle'));
  t.equal((await settleArrived(viewers, again)).packets, (await settleArrived(viewers, again)).packets);
  t.equal((await countArrived(viewers, paused)).packets, dark.packets, 'and the first stays dark');

  await folk.operator.must('DELETE', `/v1/cameras/${cameraId}`);
  t.equal(publishers.find(cameraId as never), null, 'gone when the answer comes');
  await events.until(says('cut'));
  t.match(events.heard.at(-1), { data: { reason: 'camera-withdrawn' } });
  await untilDtls(page, 'cut', 'closed');
  t.match(await find(cameraId, 'session.ended'), [{ reason: 'consent-paused' }, { reason: 'consent-withdrawn' }]);
});

t.test('a publisher that crashed comes back: viewers go on without a new join', async (t) => {
  const { cameraId, publisher } = await prepare();
  await publish(cameraId, publisher, 'before');
  const sessionId = await watch(cameraId);
  await untilDecoded(viewers, sessionId, 10);
  // No DELETE, and the old transport is still there when the new one comes.
  await publish(cameraId, publisher, 'after');
  await closePeer(page, 'before');
  const { framesDecoded } = await countArrived(viewers, sessionId);
  await untilDecoded(viewers, sessionId, framesDecoded + 20);
  t.match(await find(cameraId, 'publisher.disconnected'), [{ reason: 'taken-over' }]);

  // Gone without a word, and back after a while.
  await closePeer(page, 'after');
  await publish(cameraId, publisher, 'third');
  const before = (await countArrived(viewers, sessionId)).framesDecoded;
  await untilDecoded(viewers, sessionId, before + 20);
  t.equal((await find(cameraId, 'session.ended')).length, 0, 'one session through all of it');
  client.send({ type: 'leave', sessionId });
});

t.test('a key that is revoked: the publisher is cut, and its viewers wait as for a camera that is gone', async (t) => {
  const { cameraId, publisher } = await prepare();
  const key = await makePublishKey(folk, cameraId);
  const reply = await publisher.postWithKey(cameraId, key.text, await offerCamera(page, 'keyed'));
  await takeAnswer(page, 'keyed', reply.text);
  await untilDtls(page, 'keyed', 'connected');
  const sessionId = await watch(cameraId);
  await untilDecoded(viewers, sessionId, 5);
  await folk.owner.must('DELETE', `/v1/cameras/${cameraId}/publish-keys/${key.id}`);
  t.equal(publishers.find(cameraId as never), null);
  await untilDtls(page, 'keyed', 'closed');
  const { packets } = await settleArrived(viewers, sessionId);
  t.ok(packets > 0, 'nothing comes any more');
  const health = await folk.operator.must('GET', `/v1/cameras/${cameraId}/health`);
  t.match(health, { state: 'waiting', reason: 'no-publisher', viewers: 1 });
  client.send({ type: 'leave', sessionId });
});

t.test('simulcast is taken, and viewers get one of its layers', async (t) => {
  const { cameraId, publisher } = await prepare();
  const reply = await publish(cameraId, publisher, 'layers', { simulcast: true });
  t.match(reply.text, /a=simulcast:recv h;m;l/);
  const sessionId = await watch(cameraId);
  const { width } = await untilDecoded(viewers, sessionId, 20);
  t.ok([320, 640, 1_280].includes(width), `seen at ${width}`);
  // A browser begins with its smallest layer and adds the others as it finds room for them.
  await waitUntil('a second layer is sent', async () => (await countSent(page, 'layers')).widths.length >= 2, 40_000);
  t.same(await media.auditValves(), []);
  client.send({ type: 'leave', sessionId });
});

t.test('sound passes where the consent includes it, and stays shut where it does not', async (t) => {
  for (const audio of [true, false]) {
    const cameraId = await enrolPublished(folk);
    await folk.consent(cameraId, audio ? { audio } : {});
    const publisher = await WhipPublisher.make(server.url);
    const reply = await publish(cameraId, publisher, `sound-${audio}`, { audio: true });
    t.match(reply.text, /m=audio 9 [\s\S]*a=recvonly[\s\S]*opus/);
    t.equal(producersOf(cameraId).sound?.paused, true, 'nobody listens yet');
    const sessionId = await watch(cameraId);
    await untilDecoded(viewers, sessionId, 5);
    if (audio) t.equal((await untilHeard(viewers, sessionId)).codec, 'audio/opus');
    else t.equal((await countHeard(viewers, sessionId)).packets, 0);
    t.equal(producersOf(cameraId).sound?.paused, !audio);
    t.same(await media.auditValves(), []);
    client.send({ type: 'leave', sessionId });
    await waitUntil('the sound is shut again', () => producersOf(cameraId).sound?.paused === true);
  }
});
