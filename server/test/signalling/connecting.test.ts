/* Coming in over real sockets: handshakes, crowds, and what is said first. */
import { connect as connectTcp } from 'node:net';
import { closeCodes } from '@sallyport/protocol/close-codes';
import { limits } from '@sallyport/protocol/limits';
import t from 'tap';
import { signallingBounds } from '../../src/signalling/bounds.ts';
import { openRig, until } from './signal-rig.ts';

t.test('hello comes first and says all a viewer needs', async (t) => {
  const iceServers = [{ urls: ['stun:stun.example:3478'] }];
  const rig = await openRig(t, { iceServers: () => iceServers });
  const client = rig.open();
  t.same(await client.next('hello'), {
    type: 'hello',
    protocolVersion: 1,
    nonce: 'nonce-1',
    htu: 'https://gate.example/v1/signal',
    limits: { feedsMax: 18, messageBytesMax: limits.signalMessageBytesMax, answerWithinMs: limits.answerWithinMs },
    iceServers,
  });
  t.equal(client.socket.protocol, 'sallyport.v1');
  t.equal(client.socket.extensions, '', 'no compression');
});

t.test('handshakes are refused by status before anything is set up', async (t) => {
  const rig = await openRig(t);
  t.equal(await rig.statusOf({ origin: 'https://evil.example' }), 403);
  t.equal(await rig.statusOf({ origin: 'null' }), 403);
  t.equal(await rig.statusOf({}, []), 400);
  t.equal(await rig.statusOf({}, ['chat']), 400);
  t.equal(await rig.statusOf({}, ['sallyport.v1'], '/v1/other'), 404);
  t.equal(await rig.statusOf({ protocolVersion: 8 }), 426);
  t.equal(rig.signalling.connections(), 0);
  t.equal(await rig.statusOf({ origin: 'https://gate.example' }), 101);
  t.equal(await rig.statusOf({ origin: 'https://wall.example' }), 101);
  t.equal(await rig.statusOf({}, ['sallyport.v9', 'sallyport.v1']), 101);
});

t.test('another version of the protocol hears that it need not come back', async (t) => {
  const rig = await openRig(t);
  t.equal(await rig.open({}, ['sallyport.v2']).closed, closeCodes.wrongProtocol.code);
  t.equal(rig.signalling.connections(), 0);
});

t.test('plain HTTP on the same server is none of its business', async (t) => {
  const rig = await openRig(t);
  const response = await fetch(`http://127.0.0.1:${rig.port}/v1/signal`);
  t.equal(await response.text(), 'plain');
});

t.test('a handshake that breaks off or is garbage leaves nothing behind', async (t) => {
  const rig = await openRig(t);
  const lines = (extra: string) =>
    `GET /v1/signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${extra}\r\n`;
  for (const extra of ['', 'Sec-WebSocket-Version: 13\r\n', 'Sec-WebSocket-Protocol: sallyport.v1\r\n']) {
    const socket = connectTcp(rig.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(lines(extra));
    const answer = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
    t.match(answer, /^HTTP\/1\.1 4\d\d /);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  }
  const noKey = connectTcp(rig.port, '127.0.0.1');
  noKey.on('error', () => {});
  noKey.write(lines('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sallyport.v1\r\n'));
  t.match(await new Promise<Buffer>((resolve) => noKey.once('data', resolve)), /^HTTP\/1\.1 400 /);
  t.equal(rig.signalling.connections(), 0);
});

t.test('so many connections of one address, so many in all; a place comes back', async (t) => {
  const rig = await openRig(t, {
    trustedProxies: ['127.0.0.1'],
    bounds: { connectionsPerAddressMax: 2, connectionsMax: 3 },
  });
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
  const first = await rig.connect(from('198.51.100.1'));
  await rig.connect(from('198.51.100.1'));
  t.equal(await rig.open(from('198.51.100.1')).closed, closeCodes.tooManyConnections.code, 'the third of one address');
  await rig.connect(from('198.51.100.2'));
  t.equal(await rig.open(from('198.51.100.3')).closed, closeCodes.tooManyConnections.code, 'the fourth of all');
  t.equal(rig.signalling.connections(), 3);
  first.socket.close();
  await until(() => rig.signalling.connections() === 2);
  await rig.connect(from('198.51.100.1'));
});

t.test('when too many are being turned away, the handshake itself is refused', async (t) => {
  const rig = await openRig(t, { bounds: { connectionsMax: 0, partingMax: 0 } });
  t.equal(await rig.statusOf({}), 503);
});

t.test('a new nonce is said to all, the same one never twice', async (t) => {
  const rig = await openRig(t);
  const client = await rig.connect();
  await rig.clock.advance(signallingBounds.nonceLookEveryMs);
  rig.nonce.text = 'nonce-2';
  await rig.clock.advance(signallingBounds.nonceLookEveryMs);
  t.match(await client.next('hello'), { nonce: 'nonce-2' });
  await rig.clock.advance(2 * signallingBounds.nonceLookEveryMs);
  await client.settled();
  t.same(client.takeAll(), []);
});
