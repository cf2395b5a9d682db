/* The edge on a real socket: bytes that are no HTTP, slow and oversized clients, TLS, upgrades left alone. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { scratchDirectory } from '../store/open-scratch.ts';
import { openHttpRig, openScene } from './http-rig.ts';

/** Sends bytes and answers everything that comes back until the server closes. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

const listen = async (rig: Awaited<ReturnType<typeof openHttpRig>>): Promise<number> => {
  await rig.app.listen({ host: '127.0.0.1', port: 0 });
  return (rig.app.server.address() as AddressInfo).port;
};

t.test('bytes that are no request get a problem and a closed door', async (t) => {
  const port = await listen(await openHttpRig(t));
  const garbage = ['\u0016\u0003\u0001\u0002\u0000 hello', 'nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n'];
  const smuggled = 'POST /v1/owners HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc';
  for (const bytes of [...garbage, smuggled, 'GET / HTTP/1.1\r\nBad Header\r\n\r\n'])
    t.match(await exchange(port, bytes), /^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"bad-request"/s);
  const wide = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`;
  t.match(await exchange(port, wide), /^HTTP\/1\.1 413 .*"code":"too-large"/s);
});

t.test('who does not finish the headers or the body in time is sent away', async (t) => {
  const bounds = { headersWithinMs: 200, requestWithinMs: 300, timeoutsCheckedEveryMs: 50 };
  const rig = await openHttpRig(t, () => ({ bounds }));
  const port = await listen(rig);
  t.match(await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\n'), /"detail":"The request did not arrive in time\."/);
  const { operator } = rig.keys;
  const half = `POST /v1/owners HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${operator}\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"name":`;
  t.match(await exchange(port, half), /^(HTTP\/1\.1 400 |$)/, 'nothing is kept open for half a body');
});

t.test('a body longer than its bound is not read to its end', async (t) => {
  const rig = await openHttpRig(t);
  const port = await listen(rig);
  const answer = await fetch(`http://127.0.0.1:${port}/v1/owners`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rig.keys.operator}`, 'content-type': 'application/json' },
    body: new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024).fill(32));
      },
    }),
    duplex: 'half',
  } as RequestInit).catch((failure: unknown) => failure);
  if (answer instanceof Response) t.match(await answer.json(), { status: 413, code: 'too-large' });
  else t.match(answer, { name: 'TypeError' }, 'or the connection was closed on the sender');
  t.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200, 'the server goes on');
});

t.test('upgrades reach whoever listens for them on the server, and only there', async (t) => {
  const rig = await openHttpRig(t);
  const port = await listen(rig);
  const ask = 'GET /v1/signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  rig.app.server.once('upgrade', (request, socket) =>
    socket.end(`HTTP/1.1 101 Mine\r\nX-Path: ${request.url}\r\n\r\n`),
  );
  t.match(await exchange(port, ask), /^HTTP\/1\.1 101 Mine\r\nX-Path: \/v1\/signal/);
});

t.test('TLS when there is a certificate', async (t) => {
  const directory = scratchDirectory(t);
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...made, ...named], { stdio: 'ignore' });
  const ca = readFileSync(cert, 'utf8');
  const rig = await openHttpRig(t, () => ({ tls: { cert: ca, key: readFileSync(key, 'utf8') } }));
  const port = await listen(rig);
  const body = await new Promise<string>((resolve, reject) => {
    https
      .get({ host: '127.0.0.1', port, path: '/healthz', ca, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
        });
        answer.on('end', () => resolve(text));
      })
      .on('error', reject);
  });
  t.equal(body, '{"alive":true}');
  t.equal(
    (await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).includes('alive'),
    false,
    'and no plain HTTP',
  );
});

t.test('the moment of arrival goes to the stops', async (t) => {
  const seen: number[] = [];
  const rig = await openHttpRig(t, ({ consents }) => ({
    consents: {
      give: consents.give.bind(consents),
      readNewest: consents.readNewest.bind(consents),
      setSharing: consents.setSharing.bind(consents),
      withdraw: (id, actor, askedAt) => {
        seen.push(askedAt);
        return consents.withdraw(id, actor, askedAt);
      },
    },
  }));
  const { consentId } = await openScene(rig);
  const before = rig.deps.clock.monotonicMs();
  await rig.ask('DELETE', `/v1/consents/${consentId}`, 'owner');
  const [askedAt = 0] = seen;
  t.ok(askedAt >= before && askedAt <= rig.deps.clock.monotonicMs(), `${before} <= ${askedAt}`);
});
