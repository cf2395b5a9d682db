/*
 * The Viewer in a real browser against a real WebSocket server that plays Sallyport's part word for word. The life of a
 * feed, and each of its ends.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import t from 'tap';
import { colourOfVideo } from './support/page-colour.ts';
import { hello } from './support/signal-server.ts';
import { cameraId, reaches, serveJoin, sessionIds, setUp, wentDark } from './support/viewer-stage.ts';

const closed = { type: 'gate', state: 'closed', untilMs: null, leftMs: null } as const;

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
