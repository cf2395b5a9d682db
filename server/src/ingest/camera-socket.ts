/*
 * Opens the TCP or TLS connection to a camera, to an address the URL guard has passed, within a time limit.
 * Cameras seldom have certificates anyone has signed: a pinned fingerprint stands in for the chain, nothing else does.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../app/ports/clock.ts';
import { IngestFault, toIngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import type { RtspUrl } from './rtsp-url.ts';
import { within } from './within.ts';

export type SocketTarget = {
  readonly url: Pick<RtspUrl, 'scheme' | 'host' | 'port'>;
  /** Checked addresses, tried in order. */
  readonly addresses: readonly string[];
  /** Hex, with or without colons; null asks for a trusted chain. */
  readonly certificateSha256: string | null;
};

/**
 * Connects to the first address that answers. Throws `unreachable`, `timed-out`, `tls-untrusted` or, when the signal
 * fires, `stopped`. The socket is paused and owned by the caller.
 */
export async function openSocket(target: SocketTarget, clock: Clock, signal: AbortSignal): Promise<Socket> {
  let last = new IngestFault('unreachable', 'The camera has no address.');
  for (const address of target.addresses.slice(0, limits.addressesMax)) {
    try {
      return await dial(target, address, clock, signal);
    } catch (thrown) {
      last = toIngestFault(thrown, 'unreachable', 'The camera cannot be reached.');
      if (signal.aborted || last.code === 'tls-untrusted') throw last;
    }
  }
  throw last;
}

async function dial(target: SocketTarget, address: string, clock: Clock, signal: AbortSignal): Promise<Socket> {
  const { scheme, port } = target.url;
  const socket = scheme === 'rtsps' ? startTls(target, address) : connectTcp({ host: address, port });
  const late = new IngestFault('timed-out', `The camera did not accept a connection on port ${port} in time.`);
  try {
    await within(connected(socket, scheme), { clock, limitMs: limits.connectWithinMs, late, signal });
    if (scheme === 'rtsps') checkPin(socket as TLSSocket, target.certificateSha256);
  } catch (thrown) {
    socket.on('error', () => {}); // Whatever it still says on its way out has been answered by what is thrown here.
    socket.destroy();
    throw thrown;
  }
  socket.setNoDelay(true);
  return socket;
}

function connected(socket: Socket, scheme: 'rtsp' | 'rtsps'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(scheme === 'rtsps' ? 'secureConnect' : 'connect', () => {
      socket.removeListener('error', refuse);
      resolve();
    });
    const refuse = (error: Error): void => reject(toConnectFault(error));
    socket.once('error', refuse);
  });
}

function toConnectFault(error: Error): IngestFault {
  const code = 'code' in error ? String(error.code) : '';
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code)) {
    return new IngestFault(
      'tls-untrusted',
      `The camera's certificate is not trusted (${code}). Give its SHA-256 fingerprint to trust exactly that one.`,
      error,
    );
  }
  if (/SSL|TLS|EPROTO/.test(code)) {
    return new IngestFault('not-rtsp', `No TLS connection came about with the camera (${code}).`, error);
  }
  return new IngestFault('unreachable', `The camera refused the connection or cannot be reached (${code}).`, error);
}

function startTls(target: SocketTarget, address: string): TLSSocket {
  const { host, port } = target.url;
  return connectTls({
    host: address,
    port,
    // An address may not be sent as a server name; the certificate is then checked against the address itself.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: target.certificateSha256 === null,
  });
}

/** Runs before a byte of RTSP, and so before any password, is sent. */
function checkPin(socket: TLSSocket, certificateSha256: string | null): void {
  if (certificateSha256 === null) return;
  const plain = (hex: string): string => hex.replaceAll(':', '').toLowerCase();
  const shown = plain(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
  if (shown !== plain(certificateSha256)) {
    throw new IngestFault(
      'tls-untrusted',
      `The camera shows another certificate than the pinned one: SHA-256 ${shown}.`,
    );
  }
}
