/* How often who may ask: each budget is its own, and nothing uses up an owner's withdrawals. Small numbers, no waiting. */
import t from 'tap';
import { openHttpRig, openScene } from './http-rig.ts';

t.test('strangers are slowed, and no longer looked up', async (t) => {
  let lookups = 0;
  const { ask } = await openHttpRig(t, ({ apiKeys }) => ({
    bounds: { strangerRequestsMax: 5 },
    apiKeys: {
      create: apiKeys.create.bind(apiKeys),
      revoke: apiKeys.revoke.bind(apiKeys),
      authenticate: (text) => {
        lookups += 1;
        return apiKeys.authenticate(text);
      },
    },
  }));
  for (let at = 0; at < 5; at += 1) t.equal((await ask('GET', '/v1/cameras', { key: `guess-${at}` })).status, 401);
  const refused = await ask('GET', '/v1/cameras', { key: 'guess-6' });
  t.match(refused, { status: 429, body: { code: 'rate-limited' }, headers: { 'retry-after': /^[1-9]\d*$/ } });
  t.equal(lookups, 5);
  t.equal((await ask('GET', '/nowhere', null)).status, 429, 'paths that do not exist count too');
  t.equal((await ask('GET', '/v1/charter', null)).status, 200, 'reading what is public goes on');
});

t.test('public reads are counted by address', async (t) => {
  const { app, ask } = await openHttpRig(t, () => ({ bounds: { publicReadsMax: 2 } }));
  const read = (remoteAddress: string) => app.inject({ method: 'GET', url: '/checkpoint', remoteAddress });
  for (const status of [200, 200, 429]) t.equal((await read('192.0.2.1')).statusCode, status);
  t.equal((await read('192.0.2.2')).statusCode, 200);
  for (const status of [200, 200, 429])
    t.equal((await read(`2001:db8::${status}`)).statusCode, status, 'one /64 is one');
  const forwarded = { 'x-forwarded-for': '198.51.100.1' };
  const spoofed = { method: 'GET', url: '/checkpoint', remoteAddress: '192.0.2.1', headers: forwarded } as const;
  t.equal((await app.inject(spoofed)).statusCode, 429, 'a header nobody vouches for is no address');
  t.equal((await ask('GET', '/v1/cameras', 'operator')).status, 200, 'keys have their own count');
});

t.test('behind a trusted proxy the address is the one it names', async (t) => {
  const { app } = await openHttpRig(t, () => ({ bounds: { publicReadsMax: 1 }, trustedProxies: ['192.0.2.0/24'] }));
  const read = (from: string) =>
    app.inject({
      method: 'GET',
      url: '/checkpoint',
      remoteAddress: '192.0.2.1',
      headers: { 'x-forwarded-for': from },
    });
  t.equal((await read('198.51.100.1')).statusCode, 200);
  t.equal((await read('198.51.100.2')).statusCode, 200);
  t.equal((await read('198.51.100.1')).statusCode, 429);
});

t.test('a key that has used up everything can still withdraw', async (t) => {
  const rig = await openHttpRig(t, () => ({ bounds: { keyRequestsMax: 3, strangerRequestsMax: 1 } }));
  const { ask } = rig;
  const { cameraId, consentId } = await openScene(rig);
  const statuses: number[] = [];
  for (let at = 0; at < 4; at += 1) statuses.push((await ask('GET', '/v1/cameras', 'owner')).status);
  t.same(statuses, [200, 200, 429, 429], 'signing was the first of three');
  t.equal((await ask('GET', '/v1/cameras', 'auditor')).status, 200, 'another key is another count');
  for (const status of [401, 429]) t.equal((await ask('GET', '/v1/cameras', null)).status, status);
  t.equal((await ask('GET', '/v1/cameras', 'auditor')).status, 429, 'the address is now that of somebody who guesses');
  t.equal((await ask('PUT', `/v1/cameras/${cameraId}/sharing`, 'owner', { paused: true })).status, 200);
  t.equal((await ask('DELETE', `/v1/consents/${consentId}`, 'owner')).status, 200);
});

t.test('stops have a bound as well', async (t) => {
  const rig = await openHttpRig(t, () => ({ bounds: { keyStopsMax: 2 } }));
  const { consentId } = await openScene(rig);
  for (const status of [200, 200, 429])
    t.equal((await rig.ask('DELETE', `/v1/consents/${consentId}`, 'owner')).status, status);
  t.equal((await rig.ask('GET', '/v1/cameras', 'owner')).status, 200);
});
