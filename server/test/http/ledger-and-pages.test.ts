/* What anybody may read: the ledger by its C2SP paths, checked with the verifier's own code; the pages; the interface. */
import { verifyCheckpoint } from '@sallyport/protocol/checkpoint';
import { parseVerifierKey, type VerifierKey } from '@sallyport/protocol/signed-note';
import { decodeBundle } from '@sallyport/protocol/tile';
import { verifyTlogProof } from '@sallyport/protocol/tlog-proof';
import t from 'tap';
import { type HttpRig, type Json, openHttpRig, openScene, PUBLIC_URL } from './http-rig.ts';

async function readKey({ ask }: HttpRig): Promise<VerifierKey> {
  const vkey = await ask('GET', '/ledger.vkey', null);
  const key = parseVerifierKey(vkey.text.trimEnd());
  if (!key.ok) throw new Error(key.why);
  return key.value;
}

t.test('the ledger can be audited through the routes alone', async (t) => {
  const rig = await openHttpRig(t);
  await openScene(rig);
  const key = await readKey(rig);
  const checkpoint = await rig.ask('GET', '/checkpoint', null);
  t.match(checkpoint.headers, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=1' });
  const opened = await verifyCheckpoint(checkpoint.text, key);
  if (!opened.ok) throw new Error(opened.why);
  const { size } = opened.value;
  t.ok(size > 5);

  const tile = await rig.app.inject({ method: 'GET', url: `/tile/0/000.p/${size}` });
  t.equal(tile.rawPayload.length, 32 * size);
  t.match(tile.headers, { 'content-type': 'application/octet-stream', 'cache-control': /immutable/ });
  const bundle = await rig.app.inject({ method: 'GET', url: `/tile/entries/000.p/${size}` });
  const entries = decodeBundle(new Uint8Array(bundle.rawPayload));
  if (!entries.ok) throw new Error(entries.why);
  t.equal(entries.value.length, size);

  for (const index of [0, size - 1]) {
    const proof = await rig.ask('GET', `/v1/ledger/proof/${index}`, null);
    t.match(proof.headers, { 'content-type': 'text/plain; charset=utf-8' });
    const holds = await verifyTlogProof(proof.text, entries.value[index] ?? new Uint8Array(), key);
    t.match(holds, { ok: true, value: { index } });
  }
  const after = await rig.ask('GET', `/v1/ledger/proof/${size}`, null);
  t.match(after, { status: 404, body: { code: 'not-found' } });
});

t.test('tiles that are not there, or are not written like tiles, are not found', async (t) => {
  const { ask } = await openHttpRig(t);
  const paths = [
    '0/000',
    '0/999',
    '0/000.p/256',
    '0/000.p/0',
    '00/000',
    '0/x000/000',
    '0/1',
    '63/000',
    '62/000',
    '64/000',
  ];
  const odd = [
    'entries/999',
    'entries/000',
    'data/000',
    '0/../0/000',
    '0/000.p/1/2',
    '%30/000.p/',
    `0/${'x001/'.repeat(40)}001`,
  ];
  for (const path of [...paths, ...odd]) {
    const { status, headers } = await ask('GET', `/tile/${path}`, null);
    t.ok([400, 404].includes(status), `${path}: ${status}`);
    t.match(headers, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  }
});

t.test('pages are served, and nothing beside them', async (t) => {
  const { ask, app } = await openHttpRig(t);
  t.match(await ask('GET', '/', null), { status: 200, text: /Sallyport/, headers: { 'cache-control': 'no-cache' } });
  t.match(await ask('GET', '/watch.html', null), { status: 200, headers: { 'content-type': /text\/html/ } });
  const hashed = await ask('GET', '/assets/watch-B3dKq0aZ.js', null);
  t.match(hashed.headers, { 'cache-control': 'public, max-age=31536000, immutable', 'content-type': /javascript/ });
  t.match((await ask('GET', '/assets/plain.js', null)).headers, { 'cache-control': 'no-cache' });
  const outside = [
    '/.secret',
    '/../store.db',
    '/..%2fkeys',
    '/%2e%2e/keys',
    '//etc/passwd',
    '/assets',
    '/assets/',
    '/watch',
  ];
  for (const url of outside) {
    const answer = await app.inject({ method: 'GET', url });
    t.match(answer, { statusCode: 404, headers: { 'content-type': 'application/problem+json' } }, url);
  }
});

t.test('a browser is told to run nothing but ours', async (t) => {
  const { ask } = await openHttpRig(t);
  for (const path of ['/watch.html', '/v1/charter', '/nowhere']) {
    const { headers } = await ask('GET', path, null);
    const policy = String(headers['content-security-policy']);
    for (const rule of [
      "default-src 'self'",
      "connect-src 'self' ws://cams.example:8080",
      "media-src 'self' blob:",
      "img-src 'self' data:",
      "frame-ancestors 'none'",
      "object-src 'none'",
    ])
      t.ok(policy.split(';').includes(rule), `${path}: ${rule}`);
    t.notMatch(policy, /unsafe|\*|upgrade-insecure/);
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
    t.notOk('strict-transport-security' in headers, 'plain HTTP stays usable');
    t.notOk('access-control-allow-origin' in headers);
  }
  const secure = await openHttpRig(t, () => ({ publicUrl: 'https://cams.example' }));
  const { headers } = await secure.ask('GET', '/', null);
  t.match(headers, { 'strict-transport-security': 'max-age=31536000' });
  t.match(headers['content-security-policy'], /connect-src 'self' wss:\/\/cams\.example/);
});

t.test('the interface describes itself', async (t) => {
  const { ask } = await openHttpRig(t);
  const document = (await ask('GET', '/openapi.json', null)).body;
  t.match(document, {
    openapi: '3.1.0',
    info: { title: 'Sallyport', version: String },
    servers: [{ url: PUBLIC_URL }],
  });
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Json>>>>;
  for (const [path, methods] of Object.entries(paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const [method, operation] of Object.entries(methods)) {
      const told = `${method} ${path}`;
      const parameters = operation['parameters'] as readonly Json[];
      const named = parameters.filter((one) => one['in'] === 'path').map((one) => one['name']);
      t.same(named, inPath, `${told}: each part of the path is described`);
      for (const parameter of parameters) t.type(parameter['schema'], 'object');
      t.match(operation, { summary: /\w/, responses: { default: { $ref: '#/components/responses/Refused' } } }, told);
      t.ok(
        Object.keys(operation['responses'] as Json).some((status) => /^20[01]$/.test(status)),
        told,
      );
      t.equal('requestBody' in operation, ['post', 'put', 'patch'].includes(method) && !path.endsWith('rotate'), told);
    }
  }
  const charter = paths['/v1/charter']?.['put'];
  t.match(charter, {
    security: [{ apiKey: [] }],
    requestBody: {
      content: { 'application/json': { schema: { type: 'object', additionalProperties: false, required: ['title'] } } },
    },
  });
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/(\w+\/\w+)"/g)) {
    const [kind = '', part = ''] = (name ?? '').split('/');
    t.ok((document['components'] as Readonly<Record<string, Json>>)[kind]?.[part], `${name} is there`);
  }
});
