/* Every no has its status, its type and its words; what fails inside is logged with its cause and told without it. */
import { errorCodes } from '@sallyport/protocol/error-codes';
import fc from 'fast-check';
import t from 'tap';
import { describeFailure, maskSecrets } from '../../src/http/failure-text.ts';
import { buildProblem, toStatus } from '../../src/http/problem.ts';
import { newId } from '../store/open-scratch.ts';
import { charterBody, openHttpRig } from './http-rig.ts';

t.test('every code has a status that says whose fault it is', (t) => {
  const codes = Object.keys(errorCodes) as (keyof typeof errorCodes)[];
  for (const code of codes) {
    const isOurs = ['fault', 'server-stopped', 'overloaded'].includes(code);
    t.equal(Math.floor(toStatus(code) / 100), isOurs ? 5 : 4, code);
    const problem = buildProblem(code);
    t.match(problem, { type: `urn:sallyport:${code}`, code, status: toStatus(code), detail: errorCodes[code] });
    t.not(problem.title, 'Refused', `${code}: a status of the HTTP standard`);
  }
  t.notOk('errors' in buildProblem('conflict', 'x'));
  t.end();
});

t.test('secrets are taken out of what is logged', (t) => {
  const rows = [
    ['connect to rtsp://admin:pa@ss@10.0.0.7:554/live failed', 'connect to rtsp://***@10.0.0.7:554/live failed'],
    [`key sp_owner_${'A'.repeat(43)} unknown`, 'key sp_*** unknown'],
    ['Authorization: Bearer abcdefgh.ijkl', 'Authorization: Bearer ***'],
    ['token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln', 'token ***'],
    ['nothing to hide at https://example.org/a?b=c', 'nothing to hide at https://example.org/a?b=c'],
  ] as const;
  for (const [text, expected] of rows) t.equal(maskSecrets(text), expected);
  fc.assert(
    fc.property(
      fc.string(),
      fc.base64String({ minLength: 12, maxLength: 60 }),
      fc.string(),
      (before, secret, after) => {
        const word = secret.replaceAll(/[^A-Za-z0-9]/g, 'x');
        const masked = maskSecrets(
          `${before.replaceAll(/\S/g, '-')} rtsp://u:${word}@h/${after.replaceAll(/\S/g, '-')}`,
        );
        return !masked.includes(`:${word}@`);
      },
    ),
  );
  t.end();
});

t.test('a failure is described with its causes, however it was thrown', (t) => {
  const cause = new TypeError('rtsp://u:p@h/ is closed');
  const described = describeFailure(new Error('outer', { cause }));
  t.match(described, [
    { kind: 'Error', text: 'outer', stack: /refusals\.test/ },
    { kind: 'TypeError', text: 'rtsp://***@h/ is closed' },
  ]);
  t.match(describeFailure('a word'), [{ kind: 'string', text: 'a word', stack: '' }]);
  t.same(describeFailure(undefined), []);
  const endless = new Error('again');
  endless.cause = endless;
  t.equal(describeFailure(endless).length, 4, 'a ring of causes ends');
  t.end();
});

t.test('what a use case throws is a fault without its insides', async (t) => {
  const insides = 'SQLITE_FULL: /var/lib/sallyport/store.db rtsp://admin:Tr0ub4dor@cam';
  const failing = () => Promise.reject(new Error(insides, { cause: new Error('the disk is full') }));
  const rig = await openHttpRig(t, ({ apiKeys }) => ({
    charters: { read: failing, put: () => Promise.reject(Object.assign(new Error(insides), { statusCode: 404 })) },
    apiKeys: {
      create: apiKeys.create.bind(apiKeys),
      revoke: failing,
      authenticate: (text) => (text === 'broken' ? failing() : apiKeys.authenticate(text)),
    },
    ledger: {
      checkpoint: failing,
      tile: failing,
      entryBundle: failing,
      proof: failing,
      verifierKey: () => {
        throw new Error(insides);
      },
    },
  }));
  const asked = [
    await rig.ask('GET', '/v1/charter', null),
    await rig.ask('PUT', '/v1/charter', 'operator', charterBody),
    await rig.ask('DELETE', `/v1/keys/${newId('key')}`, 'operator'),
    await rig.ask('GET', '/v1/cameras', { key: 'broken' }),
    await rig.ask('GET', '/checkpoint', null),
    await rig.ask('GET', '/tile/0/000', null),
    await rig.ask('GET', '/ledger.vkey', null),
    await rig.ask('GET', '/v1/ledger/proof/0', null),
  ];
  for (const answer of asked) {
    t.match(answer, { status: 500, body: { code: 'fault', detail: errorCodes.fault } });
    t.notMatch(answer.text, /SQLITE|Tr0ub4dor|sallyport\/store|disk/);
    t.match(answer.headers, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  }
  t.match(rig.logged(), /SQLITE_FULL.*the disk is full/, 'the operator reads the cause');
  t.notMatch(rig.logged(), /Tr0ub4dor/);
});

t.test('paths and methods that are not there', async (t) => {
  const { ask, app } = await openHttpRig(t);
  for (const path of ['/v2', '/v1', '/v1/nothing', '/admin', '/tile', '/tile/', '/wp-login.php'])
    t.match(await ask('GET', path, 'operator'), { status: 404, body: { code: 'not-found' } }, path);
  const rows = [
    ['GET', '/v1/owners', 'POST'],
    ['DELETE', '/v1/charter', 'GET, PUT'],
    ['POST', '/healthz', 'GET'],
    ['PUT', `/v1/cameras/${newId('cam')}`, 'GET, PATCH, DELETE'],
    ['POST', '/tile/0/000', 'GET'],
    ['OPTIONS', '/v1/cameras', 'POST, GET'],
  ] as const;
  for (const [method, path, allow] of rows) {
    const answer = await ask(method, path, 'operator');
    t.match(answer, { status: 405, body: { code: 'method-not-allowed' }, headers: { allow } }, `${method} ${path}`);
  }
  const head = await app.inject({ method: 'HEAD', url: '/healthz' });
  t.match(head, { statusCode: 200, payload: '' });
  const signal = await ask('GET', '/v1/signal', null);
  t.match(signal, { status: 426, body: { code: 'upgrade-required' }, headers: { upgrade: 'websocket' } });
  const bad = await app.inject({ method: 'GET', url: '/v1/cameras/%E0%A4%A' });
  t.match(bad.json(), { status: 400, code: 'bad-request' });
  const long = await ask('GET', `/v1/cameras/${'x'.repeat(500)}`, 'operator');
  t.match(long, { status: 404, body: { code: 'not-found' } });
});

t.test('readiness is a status and what each check says', async (t) => {
  const { ask } = await openHttpRig(t, () => ({
    readiness: () => ({ ready: false, checks: { store: 'the store does not answer', media: 'ok' } }),
  }));
  const answer = await ask('GET', '/readyz', null);
  t.same(
    [answer.status, answer.body],
    [503, { ready: false, checks: { store: 'the store does not answer', media: 'ok' } }],
  );
  t.same((await ask('GET', '/healthz', null)).body, { alive: true });
});
