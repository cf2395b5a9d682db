/*
 * The Publisher in a real browser with its fake camera, against a real HTTP server that plays Sallyport's part word for
 * word: the life of a connection, who watches, each refusal, and each end.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startChromium } from '../../../server/test/support/chromium.ts';
import type { CameraId, PublisherOptions, PublisherState } from '../../src/publisher/index.ts';
import type {} from '../pages/publisher-page.ts';
import { serveBundledPage } from '../support/bundled-page.ts';
import { problem, WhipServer } from '../support/whip-server.ts';

const cameraId: CameraId = `cam_${'a'.repeat(26)}`;

// A browser on a busy machine needs its time; a wait that hangs still fails.
t.setTimeout(180_000);

const site = await serveBundledPage('publisher-page.ts');
const browser = await startChromium([
  '--use-fake-device-for-media-stream=device-count=4',
  '--use-fake-ui-for-media-stream',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]);
t.teardown(async () => {
  await browser.close();
  await site.stop();
});

type Stage = { readonly server: WhipServer; readonly page: Page };
type Teardown = { teardown: (act: () => Promise<void>) => unknown };

const setUp = async (t: Teardown, options: Pick<PublisherOptions, 'audio' | 'simulcast'> = {}): Promise<Stage> => {
  const server = await WhipServer.start();
  const page = await browser.newPage();
  t.teardown(async () => {
    if (!page.isClosed()) await page.close();
    await server.stop();
  });
  await page.goto(site.url);
  await page.waitForFunction(() => window.desk !== undefined);
  server.answer = async ({ method, body }, taken) => {
    if (method !== 'POST') return problem(404, 'not-found');
    return server.created(taken, await page.evaluate((offer) => window.desk.take(offer), body));
  };
  const from = [server.url, cameraId, options] as const;
  await page.evaluate(([url, id, rest]) => window.desk.publish(url, id, rest), from);
  return { server, page };
};

/** Waits until a state like this was told after the first `from` ones; answers how many were told by then. */
const told = async (page: Page, like: Partial<PublisherState> & { watched?: string; reason?: string }, from = 0) => {
  await page.waitForFunction(
    ([wanted, skip]) =>
      window.desk.states
        .slice(skip)
        .some((state) => Object.entries(wanted).every(([name, value]) => Reflect.get(state, name) === value)),
    [like as Record<string, string>, from] as const,
  );
  return page.evaluate(() => window.desk.states.length);
};

t.test('offer, proof, connected; sends while somebody watches and not otherwise', async (t) => {
  const { server, page } = await setUp(t);
  await told(page, { name: 'published', watched: 'no' });
  const names = (await page.evaluate(() => window.desk.states)).map((state) => state.name);
  t.same([...new Set(names)], ['opening', 'connecting', 'published']);
  t.equal(await page.evaluate(() => window.desk.arrived(0)), 0, 'nobody watches: nothing was encoded');
  server.say('wanted');
  await told(page, { name: 'published', watched: 'yes' });
  await page.evaluate(() => window.desk.arrives(0, 20));
  const quiet = await told(page, { name: 'published', watched: 'yes' });
  server.say('idle');
  await told(page, { name: 'published', watched: 'no' }, quiet);
  await page.evaluate(() => window.desk.rests(0));
  server.say('wanted');
  await page.evaluate(() => window.desk.arrives(0, 5));

  const post = await server.hears('POST');
  t.equal(post.path, `/v1/whip/${cameraId}`);
  t.match(post.headers, { authorization: 'DPoP token-1', 'content-type': 'application/sdp' });
  const codecs = [...post.body.matchAll(/^a=rtpmap:\d+ ([^/\r]+)/gm)].map(([, name]) => name);
  t.same([...new Set(codecs)].sort(), ['H264', 'rtx'], 'H.264 alone is offered, and no sound');
  const [head = '', body = '', signature = ''] = String(post.headers['dpop']).split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  t.match(claims, { htm: 'POST', htu: `${server.url}/v1/whip/${cameraId}`, nonce: 'nonce-1' });
  t.equal(claims.ath, createHash('sha256').update('token-1').digest('base64url'));
  const key = createPublicKey({ key: header.jwk, format: 'jwk' });
  const seal = Buffer.from(signature, 'base64url');
  t.ok(verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, seal));
});

t.test('a replaced nonce is answered once with a new proof', async (t) => {
  const { server, page } = await setUp(t);
  await told(page, { name: 'published' });
  server.answer = async (_, taken) => {
    server.nonce = `nonce-${taken + 2}`;
    return problem(401, 'use-nonce', { 'dpop-nonce': server.nonce });
  };
  server.say('cut', { reason: 'server-stopped' });
  await told(page, { name: 'off', reason: 'proof-invalid', next: 'final' });
  t.equal(server.count('POST'), 3, 'the running one, the first try, and once more');
  const nonceOf = (proof: unknown) =>
    JSON.parse(Buffer.from(String(proof).split('.')[1] ?? '', 'base64url').toString());
  t.match(nonceOf((await server.hears('POST', 2)).headers['dpop']), { nonce: 'nonce-3' });
});

const refusals: readonly (readonly [status: number, code: string, reason: string, next: 'final' | 'retrying'])[] = [
  [401, 'token-invalid', 'token-invalid', 'final'],
  [401, 'token-expired', 'token-expired', 'retrying'],
  [403, 'forbidden', 'forbidden', 'final'],
  [404, 'not-found', 'not-found', 'final'],
  [409, 'publisher-busy', 'publisher-busy', 'retrying'],
  [422, 'sdp-unusable', 'not-understood', 'final'],
  [503, 'overloaded', 'busy', 'retrying'],
  [502, 'a word of something in between', 'fault', 'retrying'],
];

for (const [status, code, reason, next] of refusals) {
  t.test(`${status} ${code}: ${reason}, ${next}`, async (t) => {
    const server = await WhipServer.start();
    const page = await browser.newPage();
    t.teardown(async () => {
      await page.close();
      await server.stop();
    });
    await page.goto(site.url);
    server.answer = async () => problem(status, code);
    await page.evaluate(([url, id]) => window.desk.publish(url, id), [server.url, cameraId] as const);
    await told(page, { name: 'off', reason, next } as Partial<PublisherState>);
    if (next === 'retrying') await server.hears('POST', 1);
    const tracks = await page.evaluate(() => window.desk.tracks());
    t.same(tracks, next === 'final' ? [] : ['video live true'], 'the camera is let go of for good only');
    t.equal(await page.evaluate(() => document.querySelector('video')?.srcObject === null), next === 'final');
  });
}

for (const [reason, next] of [
  ['taken-over', 'final'],
  ['camera-withdrawn', 'final'],
  ['key-revoked', 'final'],
  ['connection-lost', 'retrying'],
] as const) {
  t.test(`cut ${reason}: ${next}`, async (t) => {
    const { server, page } = await setUp(t);
    await told(page, { name: 'published', watched: 'no' });
    server.say('cut', { reason });
    const dark = await told(page, { name: 'off', reason, next });
    if (next === 'final') t.same(await page.evaluate(() => window.desk.tracks()), []);
    else await told(page, { name: 'published', watched: 'no' }, dark);
    t.equal(server.count('POST'), next === 'final' ? 1 : 2);
  });
}

t.test('in doubt whether somebody watches it is sent, and said so', async (t) => {
  const { server, page } = await setUp(t);
  await told(page, { name: 'published', watched: 'no' });
  server.firstEvent = null;
  server.endStreams();
  await told(page, { name: 'published', watched: 'unknown' });
  await page.evaluate(() => window.desk.arrives(0, 5));
});

t.test('mute, another device, unmute: one session', async (t) => {
  const { server, page } = await setUp(t);
  server.firstEvent = 'wanted';
  await told(page, { name: 'published' });
  server.say('wanted');
  await page.evaluate(() => window.desk.arrives(0, 5));
  await page.evaluate(() => window.desk.publisher?.mute('video', true));
  t.same(await page.evaluate(() => window.desk.tracks()), ['video live false']);
  const ids = await page.evaluate(async () => {
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
    const idOf = () => window.desk.publisher?.stream?.getVideoTracks()[0]?.getSettings().deviceId;
    const before = idOf();
    const other = devices.at(-1)?.deviceId ?? '';
    await window.desk.publisher?.useDevice('video', other);
    return { before, other, after: idOf() };
  });
  t.not(ids.after, ids.before);
  t.equal(ids.after, ids.other);
  t.same(await page.evaluate(() => window.desk.tracks()), ['video live false'], 'still muted');
  await page.evaluate(() => window.desk.publisher?.mute('video', false));
  await page.evaluate(() => window.desk.arrives(0, 20));
  t.equal(server.count('POST'), 1);
});

t.test('a device that does not exist leaves the old one', async (t) => {
  const { page } = await setUp(t);
  await told(page, { name: 'published' });
  const failed = await page.evaluate(() =>
    window.desk.publisher?.useDevice('video', 'no such device').then(
      () => 'changed',
      (cause) => cause.reason,
    ),
  );
  t.equal(failed, 'device-missing');
  t.same(await page.evaluate(() => window.desk.tracks()), ['video live true']);
});

t.test('stopping tells the server and lets the camera go', async (t) => {
  const { server, page } = await setUp(t);
  await told(page, { name: 'published' });
  await page.evaluate(() => window.desk.publisher?.stop());
  t.equal((await server.hears('DELETE')).path, '/v1/whip/session-0');
  t.same((await page.evaluate(() => window.desk.states)).at(-1), { name: 'stopped' });
  t.same(await page.evaluate(() => window.desk.tracks()), []);
});

t.test('a page that goes tells the server', async (t) => {
  const { server, page } = await setUp(t);
  await told(page, { name: 'published' });
  await page.goto('about:blank');
  t.equal((await server.hears('DELETE')).path, '/v1/whip/session-0');
});

t.test('the network changes: a restart by fragment, and where that is refused a fresh connection', async (t) => {
  const { server, page } = await setUp(t);
  const before = await told(page, { name: 'published', watched: 'no' });
  await page.evaluate(() => dispatchEvent(new Event('online')));
  const patch = await server.hears('PATCH');
  t.equal(patch.path, '/v1/whip/session-0');
  t.match(patch.headers, { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '"tag-0"' });
  t.match(patch.body, /^a=group:BUNDLE 0\r\nm=video .*\r\na=mid:0\r\na=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\n$/);
  const off = await told(page, { name: 'off', reason: 'path-lost', next: 'retrying' }, before);
  await told(page, { name: 'published', watched: 'no' }, off);
  t.equal(server.count('POST'), 2);
});

t.test('a page that may not have tokens any more stays off; one that fails tries again', async (t) => {
  const { server, page } = await setUp(t);
  await told(page, { name: 'published' });
  await page.evaluate(() => {
    window.desk.tokens = 'failing';
  });
  server.say('cut', { reason: 'server-stopped' });
  await told(page, { name: 'off', reason: 'token-unavailable', next: 'retrying' });
  await page.evaluate(() => {
    window.desk.tokens = 'refused';
  });
  await told(page, { name: 'off', reason: 'token-refused', next: 'final' });
  t.equal(server.count('POST'), 1);
});

t.test('simulcast offers three sizes, the smallest first', async (t) => {
  const { server, page } = await setUp(t, { simulcast: true, audio: true });
  await told(page, { name: 'published' });
  const { body } = await server.hears('POST');
  t.match(body, /^a=simulcast:send ~l;~m;~h\r$/m, 'each begins paused (RFC 8853), since nobody watches');
  t.match(body, /^m=audio /m);
});

t.test('a person who says no: told what to do, nothing asked of the server', async (t) => {
  const strict = await startChromium(['--use-fake-device-for-media-stream', '--deny-permission-prompts']);
  t.teardown(() => strict.close());
  const server = await WhipServer.start();
  t.teardown(() => server.stop());
  const page = await strict.newPage();
  await page.goto(site.url);
  await page.evaluate(([url, id]) => window.desk.publish(url, id), [server.url, cameraId] as const);
  await told(page, { name: 'off', reason: 'device-refused', next: 'final' });
  t.same(server.heard, []);
});
