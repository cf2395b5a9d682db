/*
 * What WHIP answers, request by request, on the real edge, tokens, keys and store: the status of each refusal in the order
 * they are looked for, and what the ledger keeps of it. Only the media server is a fake.
 */
import { limits } from '@sallyport/protocol/limits';
import t from 'tap';
import { PublishTokenDesk } from '../../src/tokens/publish-token.ts';
import { offers } from '../media/support/golden-offers.ts';
import { newId } from '../store/open-scratch.ts';
import { makeViewerKey } from '../support/possession.ts';
import { consentBody, incidentBody, openHttpRig, PUBLIC_URL } from './http-rig.ts';
import { readEntries } from './read-entries.ts';
import {
  FRAGMENT,
  makeKey,
  makeToken,
  openRig,
  publish,
  publishWithKey,
  SDP,
  sdp,
  send,
  type WhipChange,
} from './whip-rig.ts';

const ownFragment = /a=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\n/.exec(sdp)?.[0] ?? '';

t.test('the status of every refusal', async (t) => {
  const rig = await openRig(t);
  const token = await makeToken(rig);
  const elsewhere = `/v1/whip/${newId('cam')}`;
  const rows: readonly (readonly [string, number, string, WhipChange])[] = [
    ['another type', 415, 'unsupported-type', { headers: { 'content-type': 'text/plain' } }],
    ['too large', 413, 'too-large', { offer: sdp.padEnd(limits.sdpBytesMax + 1, 'x') }],
    ['far too large', 413, 'too-large', { offer: 'x'.repeat(limits.bodyBytesMax + 1) }],
    ['no camera id', 404, 'not-found', { path: '/v1/whip/door' }],
    ['no credential', 401, 'token-invalid', { headers: { authorization: '' } }],
    ['a scheme that is none', 401, 'token-invalid', { headers: { authorization: `Basic ${token}` } }],
    ['no token', 401, 'token-invalid', { headers: { authorization: 'DPoP eyJ.eyJ.x' } }],
    ['a token as a bearer', 401, 'token-invalid', { headers: { authorization: `Bearer ${token}` } }],
    ['no proof', 401, 'proof-invalid', { headers: { dpop: '' } }],
    ['an old nonce', 401, 'use-nonce', { nonce: 'old' }],
    ['another key', 401, 'proof-invalid', { key: await makeViewerKey() }],
    ['another URL', 401, 'proof-invalid', { htu: `${PUBLIC_URL}/v1/whep/${rig.cameraId}` }],
    ['another camera', 403, 'forbidden', { path: elsewhere }],
    ['no offer', 400, 'sdp-invalid', { offer: 'hello' }],
    ['an offer that cannot be taken', 422, 'sdp-unusable', { offer: 'v=0 unusable' }],
  ];
  for (const [name, status, code, change] of rows) {
    const answer = await publish(rig, token, change);
    t.match(answer, { status, body: { code, status, type: `urn:sallyport:${code}` } }, name);
    t.equal(answer.headers['content-type'], 'application/problem+json', name);
    if (status === 401) t.match(answer.headers['www-authenticate'], /^DPoP /, name);
    if (status === 415) t.equal(answer.headers['accept-post'], SDP);
    if (code === 'use-nonce') t.ok(answer.headers['dpop-nonce']);
  }
  const nobody = await send(rig, 'POST', `/v1/whip/${rig.cameraId}`, { 'content-type': SDP }, sdp);
  t.match(nobody.headers['www-authenticate'], /^DPoP .*, Bearer /, 'both ways are named');
  const denied = (await readEntries(rig)).filter((entry) => entry['type'] === 'session.denied');
  t.ok(denied.every((entry) => entry['stage'] === 'publish'));
  t.same(
    denied.map((entry) => entry['code']),
    [
      'token-missing',
      'token-missing',
      'token-malformed',
      'token-untrusted',
      'possession-missing',
      'possession-wrong-key',
      'possession-invalid',
      'token-wrong-camera',
      'token-missing',
    ],
    'what was refused for its credential is on record',
  );
  t.notOk((await readEntries(rig)).some((entry) => entry['type'] === 'publisher.connected'));
});

t.test('other credentials feed nothing, and a publish credential opens nothing', async (t) => {
  const rig = await openRig(t);
  const { ask, cameraId, keys } = rig;
  for (const key of Object.values(keys)) t.equal((await publishWithKey(rig, key)).status, 401, key.slice(0, 9));
  const publishKey = await makeKey(rig);
  t.equal((await ask('GET', '/v1/cameras', { key: publishKey.text })).status, 403);
  t.equal((await publishWithKey(rig, publishKey.text, sdp, newId('cam'))).status, 403, 'one camera');
  await ask('POST', `/v1/cameras/${cameraId}/consents`, 'owner', consentBody);
  const incident = await ask('POST', '/v1/incidents', 'dispatch', incidentBody);
  const request = { incidentId: incident.body['id'], cameraIds: [cameraId], jkt: rig.key.jkt, viewer: 'officer-7' };
  const consentToken = String((await ask('POST', '/v1/tokens', 'agency', request)).body['token']);
  t.match(await publish(rig, consentToken), { status: 401, body: { code: 'token-invalid' } }, 'a consent token');
  const watching = await publish(rig, await makeToken(rig), { path: `/v1/whep/${cameraId}`, offer: offers.chromium });
  t.match(watching, { status: 401, body: { code: 'token-invalid' } }, 'a publish token at WHEP');
});

t.test('an expired token, and one of another server', async (t) => {
  const rig = await openRig(t);
  const { deps, cameraId, key } = rig;
  const signer = { issuer: 'https://else.example', audience: PUBLIC_URL, keyRing: deps.tokenKeys as never };
  const randomness = { bytes: (count: number) => new Uint8Array(count) };
  const grant = { cameraId: cameraId as never, grantedBy: newId('key') as never, jkt: key.jkt, lifeMs: 1_000 };
  const nowMs = deps.clock.nowMs();
  const foreign = new PublishTokenDesk({ ...signer, randomness }).issue(grant, nowMs).token;
  t.match(await publish(rig, foreign), { status: 401, body: { code: 'token-invalid' } });
  const own = new PublishTokenDesk({ ...signer, issuer: PUBLIC_URL, randomness });
  const old = own.issue(grant, nowMs - 2_000).token;
  t.match(await publish(rig, old), { status: 401, body: { code: 'token-expired' } });
  const ofNobody = own.issue({ ...grant, lifeMs: 60_000 }, nowMs).token;
  t.match(await publish(rig, ofNobody), { status: 401, body: { code: 'token-invalid' } }, 'the key behind it is gone');
});

t.test('the life of a session', async (t) => {
  const rig = await openRig(t);
  const { cameraId, ask } = rig;
  const answer = await publish(rig, await makeToken(rig));
  t.equal(answer.status, 201, answer.text);
  t.equal(answer.headers['content-type'], SDP);
  t.equal(Number(answer.headers['content-length']), answer.text.length);
  t.match(answer.headers['etag'], /^"[\w-]+"$/);
  const url = String(answer.headers['location']);
  t.match(url, new RegExp(`^/v1/whip/${cameraId}/[\\w-]{32}$`));
  t.same([answer.headers['link']].flat(), [
    `<${url}/events>; rel="urn:sallyport:ext:server-sent-events"; events="wanted,idle,cut"`,
  ]);
  t.match((await ask('GET', `/v1/cameras/${cameraId}`, 'owner')).body, {
    source: { kind: 'published', state: 'idle' },
    publisher: { connected: true, sinceMs: Number },
  });
  const tag = String(answer.headers['etag']);
  const patch = (body: string, headers: object) =>
    send(rig, 'PATCH', url, { 'content-type': FRAGMENT, ...headers }, body);
  const restart = `a=ice-ufrag:NEWu\r\na=ice-pwd:${'w'.repeat(24)}\r\n`;
  const rows = [
    ['trickle', 204, ownFragment, { 'if-match': tag }],
    ['trickle without a tag', 204, ownFragment, {}],
    ['a restart without a tag', 428, restart, {}],
    ['a stale tag', 412, ownFragment, { 'if-match': '"old"' }],
    ['no fragment', 400, 'a=mid:0\r\n', { 'if-match': tag }],
    ['a fragment too large', 413, ownFragment.padEnd(17_000, 'x'), { 'if-match': tag }],
    ['another type', 415, ownFragment, { 'if-match': tag, 'content-type': 'text/plain' }],
    ['an answer to nothing', 415, sdp, { 'content-type': SDP }],
    ['a restart', 200, restart, { 'if-match': '"*"' }],
    ['the tag before it', 412, restart, { 'if-match': tag }],
  ] as const;
  for (const [name, status, body, headers] of rows) t.equal((await patch(body, headers)).status, status, name);
  t.equal((await send(rig, 'GET', url, {})).status, 204);
  t.equal((await send(rig, 'HEAD', url, {})).status, 204);
  t.equal((await send(rig, 'PUT', url, {})).status, 405);
  t.equal((await send(rig, 'DELETE', `${url}x`, {})).status, 404);
  t.equal((await send(rig, 'DELETE', url, { 'if-match': '"old"' })).status, 200);
  t.equal((await send(rig, 'DELETE', url, {})).status, 200, 'and again');
  t.equal((await patch(ownFragment, { 'if-match': '*' })).status, 404);
  const events = await send(rig, 'GET', `${url}/events`, {});
  t.match(events.headers['content-type'], 'text/event-stream');
  t.match(events.text, /^retry: \d+\n\nevent: cut\ndata: \{"reason":"left"\}\n\n$/, 'who comes late hears the end');
  t.match((await ask('GET', `/v1/cameras/${cameraId}`, 'owner')).body, {
    publisher: { connected: false, sinceMs: null },
  });
  const entries = (await readEntries(rig)).filter((entry) => String(entry['type']).startsWith('publish'));
  t.match(entries, [
    { type: 'publish-token.issued', cameraId },
    { type: 'publisher.connected', cameraId, scheme: 'dpop' },
    { type: 'publisher.disconnected', cameraId, reason: 'left' },
  ]);
});

t.test('endpoint: preflight, GET, HEAD, and methods that are not taken', async (t) => {
  const rig = await openHttpRig(t, (deps) => ({ rtc: { ...deps.rtc, allowedOrigins: ['https://pub.example'] } }));
  const url = `/v1/whip/${newId('cam')}`;
  const at = (method: 'OPTIONS' | 'GET' | 'HEAD' | 'PUT', origin: string) =>
    rig.app.inject({ method, url, headers: { origin } });
  const preflight = await at('OPTIONS', 'https://pub.example');
  t.equal(preflight.statusCode, 200);
  t.equal(preflight.headers['accept-post'], SDP);
  t.equal(preflight.headers['access-control-allow-origin'], 'https://pub.example');
  t.match(preflight.headers['access-control-allow-headers'], /Authorization, DPoP, Content-Type, If-Match/);
  t.match(preflight.headers['access-control-expose-headers'], /Location, ETag, Link/);
  t.equal((await at('OPTIONS', 'https://evil.example')).headers['access-control-allow-origin'], undefined);
  t.equal((await at('GET', PUBLIC_URL)).statusCode, 204);
  t.equal((await at('HEAD', PUBLIC_URL)).statusCode, 204);
  const put = await at('PUT', PUBLIC_URL);
  t.equal(put.statusCode, 405);
  t.match(put.headers['allow'], /POST/);
});

t.test('another is told to wait, the same takes its camera over', async (t) => {
  const rig = await openRig(t);
  const [one, two] = [await makeKey(rig), await makeKey(rig)];
  const first = await publishWithKey(rig, one.text);
  t.equal(first.status, 201, first.text);
  const busy = await publishWithKey(rig, two.text);
  t.match(busy, { status: 409, body: { code: 'publisher-busy' } });
  t.match(busy.headers['retry-after'], /^[0-9]+$/);
  t.equal((await publish(rig, await makeToken(rig))).status, 409);
  t.equal((await publishWithKey(rig, one.text)).status, 201);
  const events = await send(rig, 'GET', `${first.headers['location']}/events`, {});
  t.match(events.text, /event: cut\ndata: \{"reason":"taken-over"\}/);
  t.match(
    (await readEntries(rig)).filter(({ type }) => type === 'publisher.connected'),
    [{ scheme: 'key', keyId: one.id }, {}],
  );
});

t.test('a server that stops says so, one that cannot now says when', async (t) => {
  const rig = await openRig(t);
  const key = await makeKey(rig);
  const media = rig.media;
  media.failing = true;
  const overloaded = await publishWithKey(rig, key.text);
  t.match(overloaded, { status: 503, body: { code: 'overloaded' } });
  t.match(overloaded.headers['retry-after'], /^[0-9]+$/);
  media.failing = false;
  t.equal((await publishWithKey(rig, key.text)).status, 201);
  await rig.publishers.stop();
  t.match(await publishWithKey(rig, key.text), { status: 503, body: { code: 'server-stopped' } });
  t.match(
    (await readEntries(rig)).filter(({ type }) => type === 'publisher.disconnected'),
    [{ reason: 'server-stopped' }],
  );
});
