/* Bad input: each gets a problem with its code and, where a field is at fault, the field's name; nothing is written. */
import fc from 'fast-check';
import t from 'tap';
import { newId } from '../store/open-scratch.ts';
import { type Caller, charterBody, consentBody, incidentBody, JKT, openHttpRig, openScene, PLACE } from './http-rig.ts';

type Row = readonly [what: string, method: string, path: string, as: Caller, body: unknown, faultPath: string];
const enrolment = { name: 'x', ownership: 'city', ownerId: newId('own'), place: PLACE, rtspUrl: 'rtsp://127.0.0.1:1/' };
const tokenBody = { incidentId: newId('inc'), cameraIds: [newId('cam')], jkt: JKT, viewer: 'officer-7' };

const rows: readonly Row[] = [
  ['no body', 'POST', '/v1/owners', 'operator', undefined, ''],
  ['an empty body', 'POST', '/v1/owners', 'operator', '', ''],
  ['null', 'POST', '/v1/owners', 'operator', 'null', ''],
  ['an array', 'POST', '/v1/owners', 'operator', [], ''],
  ['a missing field', 'POST', '/v1/owners', 'operator', {}, 'name'],
  ['a wrong type', 'POST', '/v1/owners', 'operator', { name: 7 }, 'name'],
  ['an empty name', 'POST', '/v1/owners', 'operator', { name: '' }, 'name'],
  ['control characters', 'POST', '/v1/owners', 'operator', { name: 'a\nb' }, 'name'],
  ['a long name', 'POST', '/v1/owners', 'operator', { name: 'x'.repeat(121) }, 'name'],
  ['an unknown field', 'POST', '/v1/owners', 'operator', { name: 'Ada', admin: true }, 'admin'],
  ['a stray query', 'POST', '/v1/owners?force=1', 'operator', { name: 'Ada' }, 'query.force'],
  ['an unknown role', 'POST', '/v1/keys', 'operator', { role: 'root', label: 'x' }, 'role'],
  ['a second key of an owner', 'POST', '/v1/keys', 'operator', { role: 'owner', label: 'x' }, 'role'],
  ['an agency without its code', 'POST', '/v1/keys', 'operator', { role: 'agency', label: 'x' }, 'agency'],
  ['an agency for another role', 'POST', '/v1/keys', 'operator', { role: 'vendor', label: 'x', agency: 'a' }, 'agency'],
  ['a charter that ends first', 'PUT', '/v1/charter', 'operator', { ...charterBody, endsAtMs: 0 }, 'endsAtMs'],
  ['an endless charter', 'PUT', '/v1/charter', 'operator', { ...charterBody, endsAtMs: 8e12 }, 'endsAtMs'],
  ['a fraction of a millisecond', 'PUT', '/v1/charter', 'operator', { ...charterBody, startsAtMs: 0.5 }, 'startsAtMs'],
  [
    'a place off the earth',
    'POST',
    '/v1/cameras',
    'operator',
    { ...enrolment, place: { lat: 91, lon: 0 } },
    'place.lat',
  ],
  [
    'a field too many inside',
    'POST',
    '/v1/cameras',
    'vendor',
    { ...enrolment, place: { ...PLACE, alt: 1 } },
    'place.alt',
  ],
  ['another scheme', 'POST', '/v1/cameras', 'operator', { ...enrolment, rtspUrl: 'file:///etc/passwd' }, 'rtspUrl'],
  ['an id of another kind', 'POST', '/v1/cameras', 'operator', { ...enrolment, ownerId: newId('cam') }, 'ownerId'],
  ['a malformed id', 'GET', '/v1/cameras/cam_x', 'operator', undefined, 'params.id'],
  ['an id of another kind in the path', 'GET', `/v1/cameras/${newId('con')}`, 'operator', undefined, 'params.id'],
  ['an encoded id', 'GET', '/v1/cameras/..%2f..%2fetc', 'operator', undefined, 'params.id'],
  ['a change of nothing', 'PATCH', `/v1/cameras/${newId('cam')}`, 'operator', {}, ''],
  ['an owner changed', 'PATCH', `/v1/cameras/${newId('cam')}`, 'operator', { ownerId: newId('own') }, 'ownerId'],
  ['text for a flag', 'PUT', `/v1/cameras/${newId('cam')}/sharing`, 'owner', { paused: 'false' }, 'paused'],
  [
    'a state of its own',
    'POST',
    `/v1/cameras/${newId('cam')}/consents`,
    'owner',
    { ...consentBody, state: 'given' },
    'state',
  ],
  [
    'no agencies',
    'POST',
    `/v1/cameras/${newId('cam')}/consents`,
    'owner',
    { ...consentBody, agencies: [] },
    'agencies',
  ],
  ['no such radius', 'POST', '/v1/incidents', 'dispatch', { ...incidentBody, radiusM: -1 }, 'radiusM'],
  ['too long a lease', 'POST', '/v1/incidents', 'dispatch', { ...incidentBody, leaseMs: 1e12 }, 'leaseMs'],
  ['an incident reopened', 'PATCH', `/v1/incidents/${newId('inc')}`, 'dispatch', { state: 'open' }, 'state'],
  ['no cameras', 'POST', '/v1/tokens', 'agency', { ...tokenBody, cameraIds: [] }, 'cameraIds'],
  ['a thumbprint too short', 'POST', '/v1/tokens', 'agency', { ...tokenBody, jkt: 'k' }, 'jkt'],
  ['a life too long', 'POST', '/v1/tokens', 'agency', { ...tokenBody, lifeMs: 900_001 }, 'lifeMs'],
  ['a page too large', 'GET', '/v1/sessions?limit=501', 'auditor', undefined, 'query.limit'],
  ['not a number', 'GET', '/v1/sessions?limit=1e2', 'auditor', undefined, 'query.limit'],
  ['a negative index', 'GET', '/v1/sessions?before=-1', 'auditor', undefined, 'query.before'],
  ['a filter twice', 'GET', '/v1/sessions?limit=1&limit=2', 'auditor', undefined, 'query.limit'],
  ['a misspelt filter', 'GET', '/v1/sessions?offset=1', 'auditor', undefined, 'query.offset'],
  ['an index with a sign', 'GET', '/v1/ledger/proof/+1', 'auditor', undefined, 'params.index'],
];

t.test('a fault in the input is told by its field', async (t) => {
  const rig = await openHttpRig(t);
  const sizeBefore = await treeSize(rig);
  for (const [what, method, path, as, body, faultPath] of rows) {
    const answer = await rig.ask(method, path, as, body);
    t.match(
      answer,
      { status: 400, body: { code: 'bad-request', type: 'urn:sallyport:bad-request', status: 400 } },
      what,
    );
    t.equal(answer.headers['content-type'], 'application/problem+json');
    const errors = answer.body['errors'] as readonly { readonly path: string; readonly message: string }[];
    t.ok(
      errors.some((fault) => fault.path === faultPath && fault.message.length > 3),
      `${what}: ${JSON.stringify(errors)}`,
    );
  }
  t.equal(await treeSize(rig), sizeBefore, 'and none of it left a trace');
});

const treeSize = async ({ ask }: Awaited<ReturnType<typeof openHttpRig>>): Promise<number> =>
  Number((await ask('GET', '/checkpoint', null)).text.split('\n')[1]);

t.test('many faults are told, but not all', async (t) => {
  const { ask } = await openHttpRig(t);
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`field${at}`, at]));
  const answer = await ask('POST', '/v1/owners', 'operator', { ...many, ['y'.repeat(9_000)]: 1 });
  t.equal(answer.status, 400);
  t.equal((answer.body['errors'] as readonly unknown[]).length, 20);
  const long = await ask('POST', '/v1/owners', 'operator', { name: 'x', ['y'.repeat(9_000)]: 1 });
  t.ok(long.text.length < 1_500, 'and a name chosen by the client is cut');
});

t.test('what is not JSON is refused in words', async (t) => {
  const { app, keys } = await openHttpRig(t);
  const post = (payload: string | Buffer, headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: '/v1/owners',
      headers: { authorization: `Bearer ${keys.operator}`, ...headers },
      payload,
    });
  const json = { 'content-type': 'application/json' };
  const texts = [
    '{',
    '{"name":}',
    '{"name":"a"}}',
    "{'name':'a'}",
    '\u0000',
    'undefined',
    '{"name":"\\ud800"}',
    '{"a":"\\uDC00b"}',
  ];
  for (const text of [...texts, '{"__proto__":{"name":"a"}}', '{"constructor":{"prototype":{"x":1}}}']) {
    const answer = await post(text, json);
    t.match(answer.json(), { status: 400, code: 'bad-request', detail: 'The body is not valid JSON.' }, text);
  }
  t.equal((await post('{"name":"\\ud83d\\ude00"}', json)).statusCode, 201, 'a whole pair of surrogates is a character');
  t.equal((await post(Buffer.from([0x7b, 0xff, 0xfe]), json)).statusCode, 400);
  t.equal((await post('[['.repeat(60_000), json)).statusCode, 400);
  const big = await post(`{"name":"${'x'.repeat(256 * 1024)}"}`, json);
  t.match(big.json(), { status: 413, code: 'too-large' });
  for (const type of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    ';;;',
  ]) {
    const answer = await post('{"name":"a"}', { 'content-type': type });
    t.match(answer.json(), { status: 415, code: 'unsupported-type', detail: 'Send application/json.' }, type);
  }
  t.equal((await post('{"name":"a"}', {})).statusCode, 415, 'no type is no type');
  t.equal((await post('{"name":"a"}', { 'content-type': 'application/json; charset=utf-8' })).statusCode, 201);
  t.equal(({} as { x?: number }).x, undefined, 'no prototype was touched');
});

t.test('a withdrawal is not refused for what comes along with it', async (t) => {
  const rig = await openHttpRig(t);
  const { consentId } = await openScene(rig);
  const authorization = `Bearer ${rig.keys.owner}`;
  const url = `/v1/consents/${consentId}`;
  const loads = [
    { headers: { 'content-type': 'application/json' } },
    { headers: { 'content-type': 'application/json' }, payload: '{"broken' },
    { headers: { 'content-type': 'text/plain' }, payload: 'please' },
    { headers: { 'content-type': ';;;' } },
  ];
  for (const { headers, ...load } of loads) {
    const answer = await rig.app.inject({ method: 'DELETE', url, headers: { authorization, ...headers }, ...load });
    t.equal(answer.statusCode, 200, JSON.stringify(load));
  }
});

t.test('random bodies never make a fault', async (t) => {
  const rig = await openHttpRig(t);
  const { cameraId, incidentId } = await openScene(rig);
  const taken = [
    ['PUT', '/v1/charter', 'operator', charterBody],
    ['POST', '/v1/owners', 'operator', { name: 'Ada' }],
    ['POST', '/v1/keys', 'operator', { role: 'vendor', label: 'x' }],
    ['PATCH', `/v1/cameras/${cameraId}`, 'operator', { name: 'x', place: PLACE }],
    ['POST', `/v1/cameras/${cameraId}/consents`, 'owner', consentBody],
    ['PUT', `/v1/cameras/${cameraId}/sharing`, 'owner', { paused: true }],
    ['POST', '/v1/incidents', 'dispatch', incidentBody],
    ['PATCH', `/v1/incidents/${incidentId}`, 'dispatch', { radiusM: 10 }],
    ['POST', '/v1/tokens', 'agency', { ...tokenBody, incidentId, cameraIds: [cameraId] }],
  ] as const;
  // Half of the bodies are valid but for one field, so that they get past the first check.
  const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
  const value = fc.oneof(scalar, fc.jsonValue(), fc.array(fc.string({ unit: 'binary' })));
  const request = fc.constantFrom(...taken).chain(([method, path, role, body]) => {
    const spoiled = fc
      .tuple(fc.constantFrom(...Object.keys(body)), value)
      .map(([name, wrong]) => JSON.stringify({ ...body, [name]: wrong }));
    const anything = fc.oneof(
      fc.json(),
      fc.string(),
      fc.jsonValue().map((json) => JSON.stringify(json)),
    );
    return fc.tuple(fc.constant([method, path, role] as const), fc.oneof(spoiled, anything));
  });
  await fc.assert(
    fc.asyncProperty(request, async ([[method, path, role], body]) => {
      const { status, headers } = await rig.ask(method, path, role, body);
      if (status >= 500) throw new Error(`${method} ${path} answered ${status}`);
      if (status >= 400 && headers['content-type'] !== 'application/problem+json') throw new Error('not a problem');
    }),
    { numRuns: 300 },
  );
  t.notMatch(rig.logged(), /failed inside/);
});
