/* Who may open a control connection: the rows in their order, origins, and the bytes of a refusal. */
import { closeCodes } from '@sallyport/protocol/close-codes';
import fc from 'fast-check';
import t from 'tap';
import {
  buildOrigins,
  buildRefusal,
  chooseSubprotocol,
  type Handshake,
  judgeHandshake,
} from '../../src/signalling/handshake.ts';

const honest: Handshake = {
  method: 'GET',
  target: '/v1/signal',
  upgrade: 'websocket',
  version: '13',
  origin: undefined,
  subprotocols: ['sallyport.v1'],
};
const origins = buildOrigins('https://gate.example', ['https://wall.example:8443', 'http://localhost:5173/']);
const quiet = { isFull: false, isPartingFull: false };

const rows: readonly [name: string, change: Partial<Handshake>, expected: number | 'accept' | 'wrongProtocol'][] = [
  ['an honest program', {}, 'accept'],
  ['a query does not matter', { target: '/v1/signal?x=1' }, 'accept'],
  ['upper case upgrade', { upgrade: 'WebSocket' }, 'accept'],
  ['several subprotocols', { subprotocols: ['chat', 'sallyport.v2', 'sallyport.v1'] }, 'accept'],
  ['own origin', { origin: 'https://gate.example' }, 'accept'],
  ['listed origin', { origin: 'https://wall.example:8443' }, 'accept'],
  ['listed with a slash', { origin: 'http://localhost:5173' }, 'accept'],
  ['another path', { target: '/v1/signals' }, 404],
  ['a path below', { target: '/v1/signal/x' }, 404],
  ['a full URL', { target: 'http://gate.example/v1/signal' }, 404],
  ['no path', { target: '' }, 404],
  ['another method', { method: 'POST' }, 405],
  ['another upgrade', { upgrade: 'h2c' }, 426],
  ['no upgrade', { upgrade: '' }, 426],
  ['an old version', { version: '8' }, 426],
  ['no version', { version: '' }, 426],
  ['a foreign origin', { origin: 'https://evil.example' }, 403],
  ['own host without TLS', { origin: 'http://gate.example' }, 403],
  ['own host, other port', { origin: 'https://gate.example:444' }, 403],
  ['a subdomain', { origin: 'https://a.gate.example' }, 403],
  ['own host as a prefix', { origin: 'https://gate.example.evil.example' }, 403],
  ['an opaque origin', { origin: 'null' }, 403],
  ['an empty origin', { origin: '' }, 403],
  ['two origins', { origin: 'https://gate.example, https://evil.example' }, 403],
  ['no subprotocol', { subprotocols: [''] }, 400],
  ['a foreign subprotocol', { subprotocols: ['chat'] }, 400],
  ['nearly ours', { subprotocols: ['sallyport.v1x'] }, 400],
  ['another version of ours', { subprotocols: ['sallyport.v2'] }, 'wrongProtocol'],
  ['origin before subprotocol', { origin: 'https://evil.example', subprotocols: ['sallyport.v2'] }, 403],
];
for (const [name, change, expected] of rows) {
  t.test(name, async (t) => {
    const welcome = judgeHandshake({ ...honest, ...change }, origins, quiet);
    const said = welcome.kind === 'refuse' ? welcome.status : welcome.kind === 'turn-away' ? welcome.close : 'accept';
    t.equal(said, expected);
  });
}

t.test('a full house: told by close code, and by status when too many are being told', async (t) => {
  t.same(judgeHandshake(honest, origins, { isFull: true, isPartingFull: false }), {
    kind: 'turn-away',
    close: 'tooManyConnections',
  });
  t.match(judgeHandshake(honest, origins, { isFull: true, isPartingFull: true }), { kind: 'refuse', status: 503 });
  t.same(judgeHandshake(honest, origins, { isFull: false, isPartingFull: true }), { kind: 'accept' });
  const v2 = { ...honest, subprotocols: ['sallyport.v2'] };
  t.match(judgeHandshake(v2, origins, { isFull: false, isPartingFull: true }), { kind: 'refuse', status: 503 });
  t.equal(closeCodes.tooManyConnections.retry, true);
  t.equal(closeCodes.wrongProtocol.retry, false);
});

t.test('the subprotocol answered is always one that was offered', async (t) => {
  t.equal(chooseSubprotocol(['sallyport.v2', 'sallyport.v1']), 'sallyport.v1');
  t.equal(chooseSubprotocol(['chat', 'sallyport.v7']), 'sallyport.v7');
  t.equal(chooseSubprotocol([]), null);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('sallyport.v1', 'sallyport.v2'))), (offered) => {
      const chosen = chooseSubprotocol(offered);
      return chosen === null || offered.includes(chosen);
    }),
  );
});

t.test('whatever is asked, only GET of the path with an allowed or absent origin gets in', async () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('GET', '/v1/signal', 'websocket', '13', 'https://gate.example'));
  const asked = fc.record({
    method: text,
    target: text,
    upgrade: text,
    version: text,
    origin: fc.option(text, { nil: undefined }),
    subprotocols: fc.array(fc.oneof(text, fc.constant('sallyport.v1'))),
  });
  fc.assert(
    fc.property(asked, (handshake) => {
      if (judgeHandshake(handshake, origins, quiet).kind === 'refuse') return true;
      const { method, target, origin } = handshake;
      return method === 'GET' && /^\/v1\/signal(\?|$)/.test(target) && (origin === undefined || origins.has(origin));
    }),
  );
});

t.test('a refusal is a whole HTTP response', async (t) => {
  const text = buildRefusal({ status: 405, text: 'use GET', headers: { allow: 'GET' } });
  t.match(text, /^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  t.match(text, /\r\ncontent-length: 7\r\n/);
  t.match(text, /\r\nallow: GET\r\n/);
  t.match(text, /\r\n\r\nuse GET$/);
  t.match(buildRefusal({ status: 418, text: '' }), /^HTTP\/1\.1 418 Refused\r\n/);
});
