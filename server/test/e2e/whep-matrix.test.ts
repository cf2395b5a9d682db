/*
 * What WHEP answers, request by request, over HTTP against the whole server with a real camera: the status of each, and
 * that nobody learns from a refusal whether a camera exists, is off or is not shared.
 */
import t from 'tap';
import { offers } from '../media/support/golden-offers.ts';
import { startCamera } from '../support/simulated-camera.ts';
import { openTown } from '../support/town.ts';
import { ask, type Change, WhepPlayer } from '../support/whep-player.ts';

const ORIGIN = 'https://player.example';
const iceServers = [{ urls: ['turn:turn.example:3478'], username: 'u', credential: 'p' }];
const camera = await startCamera();
const town = await openTown({
  charter: { privateCamerasMax: 20 },
  env: { SALLYPORT_ALLOWED_ORIGINS: ORIGIN, SALLYPORT_ICE_SERVERS: JSON.stringify(iceServers) },
});
t.teardown(async () => {
  await town.close();
  await camera.stop();
});
const { folk } = town;
const player = await WhepPlayer.make(town.server.url);
const cameraId = await folk.enrol(camera.url);
await folk.consent(cameraId);
const incidentId = await folk.report();
const token = await folk.token(incidentId, [cameraId], player.key.jkt);
const endpoint = player.endpoint(cameraId);
const sdp = offers.chromium;

type Row = readonly [name: string, status: number, offer: string, change: Change];
const posts: readonly Row[] = [
  ['another type', 415, sdp, { headers: { 'content-type': 'text/plain' } }],
  ['no session description', 400, 'hello', {}],
  ['a second video section', 422, sdp.replace('m=audio', 'm=video'), {}],
  ['a player that sends', 422, sdp.replaceAll('a=recvonly', 'a=sendonly'), {}],
  ['a player without H264', 422, sdp.replaceAll('H264', 'H265'), {}],
  ['no token', 401, sdp, { headers: { authorization: '' } }],
  ['a bearer, where that is not allowed', 401, sdp, { headers: { authorization: `Bearer ${token}` } }],
  ['a token that is none', 401, sdp, { headers: { authorization: 'DPoP eyJ.eyJ.x' } }],
  ['no proof', 401, sdp, { headers: { dpop: '' } }],
  ['a proof for another URL', 401, sdp, { htu: `${endpoint}x` }],
];

t.test('what is posted', async (t) => {
  for (const [name, status, offer, change] of posts) {
    const reply = await player.post(cameraId, token, offer, change);
    t.equal(reply.status, status, name);
    t.equal(reply.headers.get('content-type'), 'application/problem+json', name);
    if (status === 401) t.match(reply.headers.get('www-authenticate'), /^DPoP /, name);
    if (status === 415) t.equal(reply.headers.get('accept-post'), 'application/sdp');
  }
  t.same(town.server.keeper.openGates, []);
});

t.test('a proof without the nonce gets one to try again with', async (t) => {
  const { makeProof } = await import('../support/possession.ts');
  const proof = await makeProof(player.key, { accessToken: token, htu: endpoint, nowMs: Date.now(), htm: 'POST' });
  const headers = { 'content-type': 'application/sdp', authorization: `DPoP ${token}`, dpop: proof };
  const reply = await ask(endpoint, 'POST', { headers, body: sdp });
  t.equal(reply.status, 401);
  t.match(reply.headers.get('www-authenticate'), /error="use_dpop_nonce"/);
  t.ok(reply.headers.get('dpop-nonce'));
});

t.test('the life of a session', async (t) => {
  const reply = await player.post(cameraId, token, sdp);
  t.equal(reply.status, 201, reply.text);
  t.equal(reply.headers.get('content-type'), 'application/sdp');
  t.match(reply.headers.get('etag'), /^"[\w-]+"$/);
  t.match(reply.headers.get('link'), /^<turn:turn\.example:3478>; rel="ice-server"; username="u"; credential="p"/);
  t.equal(Number(reply.headers.get('content-length')), Buffer.byteLength(reply.text));
  const url = player.sessionUrl(reply);
  const tag = reply.headers.get('etag') ?? '';
  const type = { 'content-type': 'application/trickle-ice-sdpfrag' };
  const pwd = 'abcdefghijklmnopqrstuvwx';
  const same = /a=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\n/.exec(sdp)?.[0] ?? '';
  const other = `a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:NEWu\r\na=ice-pwd:${pwd}\r\n`;
  const patch = (body: string, headers: object) => ask(url, 'PATCH', { headers: { ...type, ...headers }, body });

  t.equal((await patch(same, { 'if-match': tag })).status, 204, 'trickle');
  t.equal((await patch(same, {})).status, 204, 'the current session named by its credentials');
  t.equal((await patch(other, {})).status, 428, 'a restart needs If-Match');
  t.equal((await patch(same, { 'if-match': '"old"' })).status, 412);
  t.equal((await patch('a=mid:0\r\n', { 'if-match': tag })).status, 400);
  t.equal((await patch(same, { 'if-match': tag, 'content-type': 'text/plain' })).status, 415);
  t.equal((await patch(sdp, { 'content-type': 'application/sdp' })).status, 415, 'nothing was offered to it');
  const restarted = await patch(other, { 'if-match': '"*"' });
  t.equal(restarted.status, 200);
  t.match(restarted.text, /a=group:BUNDLE 0 1\r\nm=audio .*\r\na=mid:0\r\na=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\n$/);
  t.not(restarted.headers.get('etag'), tag);
  t.equal((await patch(other, { 'if-match': tag })).status, 412, 'the old tag is stale');
  t.equal((await ask(url, 'GET')).status, 204);
  t.equal((await ask(url, 'POST')).status, 405);
  t.equal((await ask(`${url}x`, 'DELETE')).status, 404, 'a URL that is not known');
  t.equal((await ask(url, 'DELETE', { headers: { 'if-match': '"old"' } })).status, 200);
  t.equal((await ask(url, 'DELETE')).status, 200, 'and again');
  t.equal((await patch(same, { 'if-match': '*' })).status, 404);
  t.same(await town.server.media.auditValves(), []);
});

t.test('pages of other origins, and what is asked without a token', async (t) => {
  const preflight = await ask(endpoint, 'OPTIONS', { headers: { origin: ORIGIN } });
  t.equal(preflight.status, 200);
  t.equal(preflight.headers.get('accept-post'), 'application/sdp');
  t.equal(preflight.headers.get('access-control-allow-origin'), ORIGIN);
  t.match(preflight.headers.get('access-control-allow-headers'), /Authorization, DPoP, Content-Type, If-Match/);
  t.match(preflight.headers.get('access-control-expose-headers'), /Location, ETag, Link/);
  const stranger = await ask(endpoint, 'OPTIONS', { headers: { origin: 'https://evil.example' } });
  t.equal(stranger.headers.get('access-control-allow-origin'), null);
  const elsewhere = await ask(`${town.server.url}/healthz`, 'GET', { headers: { origin: ORIGIN } });
  t.equal(elsewhere.headers.get('access-control-allow-origin'), null, 'on these paths alone');
  const head = await ask(endpoint, 'HEAD');
  t.equal(head.status, 200);
  t.equal(head.headers.get('content-type'), 'application/sdp');
  t.equal((await ask(endpoint, 'GET')).status, 204);
  const put = await ask(endpoint, 'PUT');
  t.equal(put.status, 405);
  t.match(put.headers.get('allow'), /POST/);
});

t.test('a refused, an unknown and a dead camera sound alike', async (t) => {
  const paused = await folk.enrol(camera.url);
  const dead = await folk.enrol('rtsp://127.0.0.1:9/dead');
  for (const one of [paused, dead]) await folk.consent(one);
  const both = await folk.token(incidentId, [paused, dead], player.key.jkt);
  await folk.owner.must('PUT', `/v1/cameras/${paused}/sharing`, { paused: true });
  const replies = [await player.post(paused, both, sdp), await player.post(dead, both, sdp)];
  t.same(
    replies.map(({ status }) => status),
    [403, 403],
  );
  t.equal(replies[0]?.text, replies[1]?.text);
  const unknown = `cam_${'a'.repeat(26)}`;
  const strangers = [await player.post(unknown, both, sdp), await player.post(cameraId, both, sdp)];
  t.same(
    strangers.map(({ status }) => status),
    [401, 401],
  );
  t.equal(strangers[0]?.text, strangers[1]?.text, 'not in the token: there or not, the same');
});
