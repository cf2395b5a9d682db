// A DTLS client that is not a browser: the openssl program with a throw-away certificate, behind a UDP socket
// that first passes the ICE check and then carries its datagrams. Used by main.mjs only.
import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildBindingRequest, isSuccessFor } from './stun-binding.mjs';

// DTLS-SRTP with AES-128-GCM exports two keys of 16 and two salts of 12 bytes (RFC 5764, RFC 7714).
const exportedBytes = 56;
const checkAgainMs = 200;

/** Makes a key and a certificate in `dir`; gives their paths and the certificate's SHA-256 fingerprint. */
export function makeCertificate(dir) {
  const key = join(dir, 'key.pem');
  const cert = join(dir, 'cert.pem');
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const made = spawnSync('openssl', [...args, '-subj', '/CN=smoke', '-keyout', key, '-out', cert]);
  if (made.status !== 0) throw new Error(`openssl req failed: ${made.stderr ?? made.error}`);
  return { key, cert, fingerprint: new X509Certificate(readFileSync(cert)).fingerprint256 };
}

/** Opens a UDP socket and sends Binding requests to the worker's port until it answers rightly. */
export async function openIceSocket(workerPort, remote) {
  const socket = createSocket('udp4');
  socket.connect(workerPort, '127.0.0.1');
  await once(socket, 'connect');
  const request = buildBindingRequest('smok', remote);
  const send = () => socket.send(request);
  const timer = setInterval(send, checkAgainMs);
  send();
  await new Promise((resolve) => {
    socket.on('message', function listen(packet) {
      if (!isSuccessFor(packet, request, remote.pwd)) return;
      socket.off('message', listen);
      resolve(undefined);
    });
  });
  clearInterval(timer);
  return socket;
}

/** Starts openssl's DTLS client through the ICE socket; `secret` resolves with the exported SRTP keys and salts. */
export async function startDtlsClient(iceSocket, certificate) {
  const near = createSocket('udp4');
  near.bind(0, '127.0.0.1');
  await once(near, 'listening');
  let client;
  near.on('message', (packet, sender) => {
    client = sender;
    iceSocket.send(packet);
  });
  iceSocket.on('message', (packet) => {
    if (client !== undefined && isDtls(packet)) near.send(packet, client.port, client.address);
  });
  const args = ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${near.address().port}`];
  const identity = ['-cert', certificate.cert, '-key', certificate.key];
  const srtp = ['-use_srtp', 'SRTP_AEAD_AES_128_GCM', '-keymatexport', 'EXTRACTOR-dtls_srtp'];
  const child = spawn('openssl', [...args, ...identity, ...srtp, '-keymatexportlen', String(exportedBytes)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const secret = new Promise((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const found = /Keying material: ([0-9A-F]{112})\b/.exec(output);
      if (found !== null) resolve(Buffer.from(found[1], 'hex'));
    });
    child.on('error', reject);
  });
  return { secret, stop: () => [child.kill('SIGKILL'), near.close()] };
}

function isDtls(packet) {
  return packet.length > 0 && packet[0] >= 20 && packet[0] <= 63;
}
