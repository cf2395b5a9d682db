/*
 * DTLS handshakes against OpenSSL, with cookie and fragments: the keys that come out must be those OpenSSL exports.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeCertificate } from '../../src/engine/certificate.ts';
import { DtlsClient, type SrtpAgreement } from '../../src/engine/dtls-client.ts';

type OpensslServer = { readonly port: number; readonly said: () => string; stop(): Promise<void> };

async function startOpenssl(
  directory: string,
  certificate: ReturnType<typeof makeCertificate>,
): Promise<OpensslServer> {
  const pem = (label: string, der: Buffer): string =>
    `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
  await writeFile(join(directory, 'cert.pem'), pem('CERTIFICATE', certificate.der));
  await writeFile(join(directory, 'key.pem'), certificate.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const probe = createSocket('udp4');
  await new Promise<void>((resolve) => probe.bind(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  const child = spawn(
    'openssl',
    [
      ...[
        's_server',
        '-dtls1_2',
        '-accept',
        `127.0.0.1:${port}`,
        '-cert',
        'cert.pem',
        '-key',
        'key.pem',
        '-Verify',
        '1',
      ],
      ...['-use_srtp', 'SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80', '-keymatexport', 'EXTRACTOR-dtls_srtp'],
      ...['-keymatexportlen', '88', '-listen', '-mtu', '400'],
    ],
    { cwd: directory },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const stop = async (): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  };
  while (!/ACCEPT/.test(said)) await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  return { port, said: () => said, stop };
}

t.test('a handshake with OpenSSL, with cookie and fragments, agrees on the same SRTP keys', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-dtls-'));
  const theirs = makeCertificate(Date.now());
  const server = await startOpenssl(directory, theirs);
  const socket = createSocket('udp4');
  t.teardown(async () => {
    socket.close();
    await server.stop();
    await rm(directory, { recursive: true });
  });
  const outcome = Promise.withResolvers<SrtpAgreement>();
  const client = new DtlsClient({
    certificate: makeCertificate(Date.now()),
    profiles: [8, 7, 1],
    fingerprint: theirs.fingerprint,
    send: (datagram) => socket.send(datagram, server.port, '127.0.0.1'),
    onAgreed: outcome.resolve,
    onOver: (why) => outcome.reject(new Error(why)),
  });
  socket.on('message', (datagram) => client.receive(datagram));
  client.start();
  const { profile, local, remote } = await outcome.promise;
  t.equal(profile, 8);
  while (!/Keying material: [0-9A-F]+/.test(server.said())) await new Promise((resolve) => setImmediate(resolve));
  const exported = /Keying material: ([0-9A-F]+)/.exec(server.said())?.[1];
  const ours = Buffer.concat([local.key, remote.key, local.salt, remote.salt]);
  t.equal(ours.toString('hex').toUpperCase(), exported);
  client.close();
});

t.test('a certificate that is not the one of the offer is refused', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-dtls-'));
  const server = await startOpenssl(directory, makeCertificate(Date.now()));
  const socket = createSocket('udp4');
  t.teardown(async () => {
    socket.close();
    await server.stop();
    await rm(directory, { recursive: true });
  });
  const why = await new Promise<string>((resolve) => {
    const client = new DtlsClient({
      certificate: makeCertificate(Date.now()),
      profiles: [8],
      fingerprint: makeCertificate(Date.now()).fingerprint,
      send: (datagram) => socket.send(datagram, server.port, '127.0.0.1'),
      onAgreed: () => resolve('agreed'),
      onOver: resolve,
    });
    socket.on('message', (datagram) => client.receive(datagram));
    client.start();
  });
  t.match(why, /certificate is not the one of its offer/);
});
