/*
 * The Viewer in a real browser against a real WebSocket server that plays Sallyport's part word for word; media comes
 * from a second peer connection of the page. The life of a feed, and each of its ends.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startChromium } from '../../server/test/support/chromium.ts';
import type { CameraId, FeedState } from '../src/index.ts';
import type {} from './pages/viewer-page.ts';
import { serveBundledPage } from './support/bundled-page.ts';
import { colourOfVideo } from './support/page-colour.ts';
import { hello, type Peer, SignalServer } from './support/signal-server.ts';

const cameraId: CameraId = `cam_${'a'.repeat(26)}`;
const sessionIds = ['b', 'c', 'd'].map((letter) => `ses_${letter.repeat(26)}` as const);
const closed = { type: 'gate', state: 'closed', untilMs: null, leftMs: null } as const;

// A browser on a busy machine needs its time; a wait that hangs still fails.
t.setTimeout(180_000);

const site = await serveBundledPage('viewer-page.ts');
const browser = await startChromium(['--disable-features=WebRtcHideLocalIpsWithMdns']);
t.teardown(async () => {
  await browser.close();
  await site.stop();
});

type Stage = { readonly server: SignalServer; readonly page: Page; readonly peer: Peer };

const setUp = async (t: { teardown: (act: () => Promise<void>) => unknown }): Promise<Stage> => {
  const server = await SignalServer.start();
  const page = await browser.newPage();
  t.teardown(async () => {
    await page.close();
    await server.stop();
  });
  await page.goto(site.url);
  await page.waitForFunction(() => window.wall !== undefined);
  await page.evaluate(([url, id]) => window.wall.watch(url, id), [server.url, cameraId] as const);
  return { server, page, peer: await server.peer(0) };
};

type State<N extends FeedState['name']> = FeedState & { name: N };

/** Waits until the feed is in a state, and answers that state. */
const reaches = async <N extends FeedState['name']>(page: Page, name: N): Promise<State<N>> => {
  const found = await page.waitForFunction((wanted) => {
    const state = window.wall.feed?.state;
    return state?.name === wanted ? state : null;
  }, name);
  return (await found.jsonValue()) as State<N>;
};

/** Waits until the feed was dark in that way, and answers how; it may be on its way back by now. */
const wentDark = async (page: Page, next: 'final' | 'retrying'): Promise<State<'dark'>> => {
  const found = await page.waitForFunction(
    (wanted) => window.wall.states.find((state) => state.name === 'dark' && state.next === wanted) ?? null,
    next,
  );
  return (await found.jsonValue()) as State<'dark'>;
};

/** Plays the server's part of the n-th join of a connection, `refused` of them refused, until the picture is there. */
const serveJoin = async ({ page, peer }: Stage, at: number, leftMs: number, source = at, refused = 0) => {
  const { id } = await peer.hears('join', at);
  const sessionId = sessionIds[source] ?? sessionIds[0]!;
  const sdp = await page.evaluate(() => window.wall.offer());
  peer.say({ type: 'offer', id, sessionId, sdp, untilMs: 1_800_000_000_000, leftMs });
  const answer = await peer.hears('answer', at - refused);
  await page.evaluate(([n, text]) => window.wall.accept(n, text), [source, answer.sdp] as const);
  await reaches(page, 'live');
};

t.test('join, proof, offer, answer, picture, presented', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  t.same(
    (await page.evaluate(() => window.wall.states)).map((state) => state.name),
    ['connecting', 'waiting', 'offered', 'live'],
  );
  t.equal(await colourOfVideo(page), 'picture');
  const live = await reaches(page, 'live');
  t.match(live, { sessionId: sessionIds[0], untilMs: 1_800_000_000_000 });
  const presented = await peer.hears('presented');
  t.equal(presented.afterOfferMs, live.timeToFirstPictureMs);
  t.ok(presented.afterOfferMs > 0);

  const join = await peer.hears('join');
  t.match(join, { cameraId, token: 'token-1' });
  const [head = '', body = '', signature = ''] = join.proof.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  t.match(claims, { htm: 'GET', htu: hello.htu, nonce: hello.nonce });
  t.equal(claims.ath, createHash('sha256').update('token-1').digest('base64url'));
  const publicKey = createPublicKey({ key: header.jwk, format: 'jwk' });
  const seal = Buffer.from(signature, 'base64url');
  t.ok(verify('sha256', Buffer.from(`${head}.${body}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, seal));
  const { crv, kty, x, y } = header.jwk;
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  t.same(await page.evaluate(() => window.wall.asked), [{ cameraId, jkt }]);
});

t.test('a final word of the server: dark, no return, until somebody asks', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  peer.say({ ...closed, sessionId: sessionIds[0]!, reason: 'incident-closed' });
  t.same(await wentDark(page, 'final'), { name: 'dark', reason: 'incident-closed', next: 'final' });
  t.equal(await colourOfVideo(page), 'background');
  await page.evaluate(() => window.wall.feed?.watch());
  await serveJoin(stage, 1, 300_000);
  t.equal(await colourOfVideo(page), 'picture', 'a fresh join shows again');
});

t.test('the transport closes first and the reason follows', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => window.wall.sources[0]?.close());
  t.match(await wentDark(page, 'retrying'), { reason: 'transport-closed' });
  t.equal(await colourOfVideo(page), 'background');
  t.same(await peer.hears('leave'), { type: 'leave', sessionId: sessionIds[0] });
  peer.say({ ...closed, sessionId: sessionIds[0]!, reason: 'not-available' });
  t.same(await wentDark(page, 'final'), { name: 'dark', reason: 'not-available', next: 'final' });
  t.equal(peer.heard.filter(({ type }) => type === 'join').length, 1, 'and no further join');
});

t.test('a gate is renewed before its end and lives on', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 3_000);
  const { page, peer } = stage;
  const renew = await peer.hears('renew');
  t.match(renew, { sessionId: sessionIds[0], token: 'token-2' });
  peer.say({ type: 'gate', sessionId: sessionIds[0]!, state: 'open', reason: null, untilMs: 77, leftMs: 60_000 });
  await page.waitForFunction(() => window.wall.states.at(-1)?.name === 'live' && window.wall.states.length === 5);
  t.match(await reaches(page, 'live'), { untilMs: 77 });
});

t.test('without a renewal the page’s own timer ends the picture, and a fresh join follows', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 1_200);
  const { page, peer } = stage;
  t.same(await wentDark(page, 'retrying'), { name: 'dark', reason: 'time-up', next: 'retrying' });
  t.equal(await colourOfVideo(page), 'background');
  await peer.hears('leave');
  await serveJoin(stage, 1, 300_000);
  t.equal(await colourOfVideo(page), 'picture');
});

t.test('use-nonce is answered once with a new proof', async (t) => {
  const { page, peer } = await setUp(t);
  const first = await peer.hears('join');
  const refusal = { type: 'error', sessionId: null, code: 'use-nonce', detail: '' } as const;
  peer.say({ ...refusal, id: first.id, nonce: 'nonce-2' });
  const second = await peer.hears('join', 1);
  const claims = JSON.parse(Buffer.from(second.proof.split('.')[1] ?? '', 'base64url').toString());
  t.equal(claims.nonce, 'nonce-2');
  t.equal(second.token, first.token, 'the token is still good');
  peer.say({ ...refusal, id: second.id, nonce: 'nonce-3' });
  t.same(await wentDark(page, 'final'), { name: 'dark', reason: 'proof-invalid', next: 'final' });
});

t.test('a refused join is final or retried by its code', async (t) => {
  const { page, peer } = await setUp(t);
  const refuse = (id: number, code: string) =>
    peer.say({ type: 'error', id, sessionId: null, code, detail: '', nonce: null });
  refuse((await peer.hears('join')).id, 'fault');
  t.same(await wentDark(page, 'retrying'), { name: 'dark', reason: 'fault', next: 'retrying' });
  refuse((await peer.hears('join', 1)).id, 'not-available');
  t.same(await wentDark(page, 'final'), { name: 'dark', reason: 'not-available', next: 'final' });
});

t.test('the control connection goes: dark after its grace, and a fresh join on the next one', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer, server } = stage;
  peer.close(4001);
  t.same(await wentDark(page, 'retrying'), { name: 'dark', reason: 'control-lost', next: 'retrying' });
  t.equal(await colourOfVideo(page), 'background');
  await serveJoin({ page, server, peer: await server.peer(1) }, 0, 300_000, 1);
  t.equal(await colourOfVideo(page), 'picture');
  t.same(await page.evaluate(() => window.wall.controls), ['open', 'retrying', 'open']);
});

t.test('a terminal close code ends the wall', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  peer.close(4429);
  t.same(await wentDark(page, 'final'), { name: 'dark', reason: 'not-understood', next: 'final' });
  t.equal(await colourOfVideo(page), 'background');
  t.same(await page.evaluate(() => window.wall.controls), ['open', 'final']);
});

t.test('leaving takes the picture away and tells the server', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => window.wall.feed?.leave());
  t.same(await reaches(page, 'ended'), { name: 'ended' });
  t.equal(await colourOfVideo(page), 'background');
  t.same(await peer.hears('leave'), { type: 'leave', sessionId: sessionIds[0] });
});

t.test('an SDP the browser cannot read opens nothing and gives the gate back', async (t) => {
  const { page, peer } = await setUp(t);
  const { id } = await peer.hears('join');
  peer.say({ type: 'offer', id, sessionId: sessionIds[0]!, sdp: 'v=0 nonsense', untilMs: 1, leftMs: 60_000 });
  t.same(await wentDark(page, 'final'), { name: 'dark', reason: 'not-understood', next: 'final' });
  t.same(await peer.hears('leave'), { type: 'leave', sessionId: sessionIds[0] });
});

t.test('a page that may not have tokens any more stays dark; one that fails tries again', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => {
    window.wall.tokens = 'failing';
  });
  peer.say({ ...closed, sessionId: sessionIds[0]!, reason: 'token-expired' });
  await page.waitForFunction(() =>
    window.wall.states.some((s) => s.name === 'dark' && s.reason === 'token-unavailable'),
  );
  await page.evaluate(() => {
    window.wall.tokens = 'refused';
  });
  t.same(await wentDark(page, 'final'), { name: 'dark', reason: 'token-refused', next: 'final' });
  t.equal(peer.heard.filter(({ type }) => type === 'join').length, 1);
});

/** Plays the server's part of a restart, until both sides are connected by it. */
const serveRestart = async ({ page, peer }: Stage, at: number): Promise<void> => {
  const { id, sessionId } = await peer.hears('restart', at);
  peer.say({ type: 'ice', id, sessionId, ...(await page.evaluate(() => window.wall.restart(0))) });
  await page.evaluate(() => window.wall.restarted(0));
};

t.test('the network changes: the same session goes on over a new path', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await serveRestart(stage, 0);
  t.match(await reaches(page, 'live'), { sessionId: sessionIds[0] });
  t.equal(peer.heard.filter(({ type }) => type === 'join').length, 1, 'without a further join');
  t.equal(await colourOfVideo(page), 'picture');
});

t.test('frames stay away: held, restarted, shown again in the same session', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => window.wall.sources[0]?.silence());
  await peer.hears('restart');
  t.match(await reaches(page, 'held'), { reason: 'silent', sessionId: sessionIds[0] });
  t.equal(await colourOfVideo(page), 'background');
  await page.evaluate(() => window.wall.sources[0]?.speak());
  await serveRestart(stage, 0);
  await reaches(page, 'live');
  await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  t.equal(peer.heard.filter(({ type }) => type === 'join' || type === 'leave').length, 1);
});

t.test('a restart that is refused because the session is gone joins anew', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, peer } = stage;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  const { id } = await peer.hears('restart');
  const error = { type: 'error', code: 'unknown-session', detail: '', nonce: null } as const;
  peer.say({ ...error, id, sessionId: sessionIds[0]! });
  t.match(await wentDark(page, 'retrying'), { reason: 'connection-lost' });
  await serveJoin(stage, 1, 300_000);
  t.equal(await colourOfVideo(page), 'picture');
});

t.test('a restart nobody answers: the connection is dead, and the next one joins', async (t) => {
  const stage = await setUp(t);
  await serveJoin(stage, 0, 300_000);
  const { page, server, peer } = stage;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await peer.hears('restart');
  const next = await server.peer(1);
  await next.hears('join');
  t.match(await wentDark(page, 'retrying'), { reason: 'control-lost' });
  const { id } = await next.hears('join');
  next.say({ type: 'error', id, sessionId: null, code: 'over-budget', detail: '', nonce: null });
  await serveJoin({ page, server, peer: next }, 1, 300_000, 1, 1);
  t.equal(await colourOfVideo(page), 'picture', 'the old session may still be counted; its place comes free');
});

t.test('back online without a session: another connection at once, and the feed waits no longer', async (t) => {
  const { page, peer, server } = await setUp(t);
  const { id } = await peer.hears('join');
  peer.say({ type: 'error', id, sessionId: null, code: 'fault', detail: '', nonce: null });
  await wentDark(page, 'retrying');
  await page.evaluate(() => dispatchEvent(new Event('online')));
  t.match(await (await server.peer(1)).hears('join'), { cameraId });
});
