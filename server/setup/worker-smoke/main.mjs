// The media worker's smoke test: one real ICE check, one real DTLS handshake and one SRTP packet decrypted, with
// the worker that MEDIASOUP_WORKER_BIN names. Exits 0 when all three hold, else 1 with one line on stderr.
// Runs in the project's Node; started by ../worker-smoke.mjs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorker } from 'mediasoup';
import { makeCertificate, openIceSocket, startDtlsClient } from './dtls-client.mjs';
import { openServerPacket } from './srtp-open.mjs';

// Everything is on loopback and takes well under a second; a worker that hangs must not hang the setup.
const testTimeoutMs = 15_000;
const resendMs = 50;
const payload = Buffer.from('sallyport smoke test');
const opus = { mimeType: 'audio/opus', payloadType: 100, clockRate: 48000, channels: 2 };
const ssrc = 0x5a11;

let stage = 'start the worker';
const fail = (reason) => {
  process.stderr.write(`could not ${stage}: ${reason}\n`);
  process.exit(1);
};
setTimeout(() => fail('no result in time'), testTimeoutMs).unref();
const dir = mkdtempSync(join(tmpdir(), 'sallyport-smoke-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

const worker = await createWorker({ logLevel: 'none' });
worker.on('died', (error) => fail(error.message));
const router = await worker.createRouter({ mediaCodecs: [{ kind: 'audio', ...opus }] });
const transport = await router.createWebRtcTransport({
  listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
  enableUdp: true,
});
const { usernameFragment: ufrag, password: pwd } = transport.iceParameters;

stage = 'pass the ICE check';
const iceSocket = await openIceSocket(transport.iceCandidates[0].port, { ufrag, pwd });

stage = 'complete a DTLS handshake';
const certificate = makeCertificate(dir);
const fingerprints = [{ algorithm: 'sha-256', value: certificate.fingerprint }];
const connected = new Promise((resolve) => {
  transport.on('dtlsstatechange', (state) => {
    if (state === 'connected') resolve(undefined);
    if (state === 'failed' || state === 'closed') fail(`DTLS ${state}`);
  });
});
await transport.connect({ dtlsParameters: { role: 'client', fingerprints } });
const client = await startDtlsClient(iceSocket, certificate);
process.on('exit', client.stop);
const [exported] = await Promise.all([client.secret, connected]);

stage = 'decrypt an SRTP packet';
const direct = await router.createDirectTransport();
const producer = await direct.produce({ kind: 'audio', rtpParameters: { codecs: [opus], encodings: [{ ssrc }] } });
await transport.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities });
const received = new Promise((resolve) => {
  iceSocket.on('message', (packet) => {
    if (packet[0] >> 6 !== 2 || (packet[1] & 0x7f) !== opus.payloadType) return;
    try {
      resolve(openServerPacket(packet, exported));
    } catch (error) {
      fail(error.message);
    }
  });
});
let sequence = 1;
const sender = setInterval(() => producer.send(rtpPacket(sequence++)), resendMs);
if (!payload.equals(await received)) fail('the payload differs');
clearInterval(sender);
process.exit(0);

function rtpPacket(sequenceNumber) {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = opus.payloadType;
  header.writeUInt16BE(sequenceNumber, 2);
  header.writeUInt32BE(sequenceNumber * 960, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}
