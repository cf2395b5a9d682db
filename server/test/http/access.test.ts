/* Who may: every row of the table asked with every role, with no key, a false key and a broken header. */
import t from 'tap';
import { newId } from '../store/open-scratch.ts';
import { type Caller, openHttpRig } from './http-rig.ts';

const roles: readonly Caller[] = ['operator', 'dispatch', 'agency', 'vendor', 'owner', 'auditor'];
const camera = `/v1/cameras/${newId('cam')}`;
const incident = `/v1/incidents/${newId('inc')}`;

/** Method, path, who is let in. A body is not sent, so that whoever is let in changes nothing. */
const table: readonly (readonly [string, string, readonly Caller[] | 'public'])[] = [
  ['GET', '/healthz', 'public'],
  ['GET', '/readyz', 'public'],
  ['GET', '/metrics', 'public'],
  ['GET', '/.well-known/jwks.json', 'public'],
  ['GET', '/openapi.json', 'public'],
  ['GET', '/v1/signal', 'public'],
  ['GET', '/v1/charter', 'public'],
  ['PUT', '/v1/charter', ['operator']],
  ['POST', '/v1/cameras/discover', ['operator', 'vendor']],
  ['POST', '/v1/cameras', ['operator', 'vendor']],
  ['GET', '/v1/cameras', ['operator', 'vendor', 'owner', 'auditor']],
  ['GET', `${camera}/health`, ['operator', 'vendor', 'owner', 'auditor']],
  ['GET', camera, ['operator', 'vendor', 'owner', 'auditor']],
  ['PATCH', camera, ['operator', 'vendor']],
  ['DELETE', camera, ['operator', 'vendor']],
  ['POST', `${camera}/publish-tokens`, ['owner', 'vendor', 'operator']],
  ['POST', `${camera}/publish-keys`, ['owner', 'vendor', 'operator']],
  ['GET', `${camera}/publish-keys`, ['owner', 'vendor', 'operator', 'auditor']],
  ['DELETE', `${camera}/publish-keys/${newId('key')}`, ['owner', 'vendor', 'operator']],
  ['POST', '/v1/owners', ['operator']],
  ['POST', `${camera}/consents`, ['owner']],
  ['GET', `${camera}/consents`, ['owner']],
  ['DELETE', `/v1/consents/${newId('con')}`, ['owner']],
  ['PUT', `${camera}/sharing`, ['owner']],
  ['POST', '/v1/incidents', ['dispatch']],
  ['GET', incident, ['dispatch']],
  ['PATCH', incident, ['dispatch']],
  ['GET', `${incident}/cameras`, ['agency']],
  ['POST', '/v1/tokens', ['agency']],
  ['GET', '/v1/sessions', ['owner', 'auditor']],
  ['POST', '/v1/keys', ['operator']],
  ['DELETE', `/v1/keys/${newId('key')}`, ['operator']],
  ['POST', '/v1/token-keys/rotate', ['operator']],
  ['GET', '/checkpoint', 'public'],
  ['GET', '/tile/0/999', 'public'],
  ['GET', '/ledger.vkey', 'public'],
  ['GET', '/v1/ledger/proof/0', 'public'],
];

const shape = (path: string): string =>
  path
    .replaceAll(/(?<=publish-keys\/)key_[a-z2-7]{26}/g, '{keyId}')
    .replaceAll(/(cam|inc|con|key)_[a-z2-7]{26}/g, '{id}')
    .replace('/tile/0/999', '/tile/{path}');

t.test('the table of this test is the table of the server', async (t) => {
  const { ask } = await openHttpRig(t);
  const { paths } = (await ask('GET', '/openapi.json', null)).body as {
    readonly paths: Readonly<Record<string, object>>;
  };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('{index}', '0')}`),
  );
  const expected = [...table.map(([method, path]) => `${method} ${shape(path)}`)].filter(
    (row) => !row.includes('openapi'),
  );
  t.same(served.sort(), expected.sort());
});

t.test('every row lets in exactly its roles', async (t) => {
  const { ask } = await openHttpRig(t);
  for (const [method, path, access] of table) {
    for (const role of roles) {
      const { status, body } = await ask(method, path, role);
      const isLetIn = access === 'public' || access.includes(role);
      const told = `${method} ${shape(path)} as ${role}: ${status}`;
      if (isLetIn) t.notOk([401, 403, 429, 500].includes(status), told);
      else t.match({ status, body }, { status: 403, body: { code: 'forbidden', detail: new RegExp(role) } }, told);
    }
    const { status, body, headers } = await ask(method, path, null);
    if (access === 'public') t.notOk([401, 403, 429, 500].includes(status), `${method} ${path} as nobody: ${status}`);
    else {
      t.match({ status, body }, { status: 401, body: { code: 'unauthorized', type: 'urn:sallyport:unauthorized' } });
      t.match(headers['www-authenticate'], /^Bearer/);
    }
  }
});

t.test('what only looks like a key opens nothing', async (t) => {
  const { app, keys, ask } = await openHttpRig(t);
  const real = keys.operator;
  const false_ = [
    'sp_operator_',
    `sp_operator_${'A'.repeat(43)}`,
    real.replace('sp_operator', 'sp_auditor'),
    keys.auditor.replace('sp_auditor', 'sp_operator'),
    `${real}x`,
    real.slice(0, -1),
    real.toUpperCase(),
    '__proto__',
    'x'.repeat(5_000),
  ];
  for (const key of false_) {
    const answer = await ask('POST', '/v1/owners', { key }, { name: 'Eve' });
    t.match(answer, { status: 401, body: { detail: 'This API key is not valid here.' } }, key.slice(0, 20));
  }
  for (const authorization of [real, `Basic ${real}`, `Bearer`, `Bearer ${real} ${real}`, `Bearer "${real}"`, '']) {
    const headers = { authorization };
    const answer = await app.inject({ method: 'POST', url: '/v1/owners', headers, payload: { name: 'Eve' } });
    t.equal(answer.statusCode, 401, authorization.slice(0, 8));
  }
  const lower = { authorization: `bearer  ${real}` };
  t.equal(
    (await app.inject({ method: 'GET', url: '/v1/cameras', headers: lower })).statusCode,
    200,
    'RFC 9110: any case',
  );
});

t.test('a stranger is turned away before the body is read', async (t) => {
  const { app } = await openHttpRig(t);
  const answer = await app.inject({
    method: 'PUT',
    url: '/v1/charter',
    headers: { 'content-type': 'application/json' },
    payload: '{"broken',
  });
  t.equal(answer.statusCode, 401);
});
