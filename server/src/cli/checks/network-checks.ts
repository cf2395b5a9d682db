/* Checks of what others must reach: the announced address, the HTTP port, the media ports. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIP } from 'node:net';
import { resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { isLoopback } from '../../config-values.ts';
import { isServerRunning } from '../../control-socket.ts';
import type { Finding } from '../../finding.ts';
import { findMediaPoints } from '../../media-points.ts';
import { type Check, mend, ok, unknown } from './check.ts';

type Protocol = 'UDP' | 'TCP';

export const announcedCheck: Check = {
  about: 'the announced address',
  // A start reads it itself, and says the same.
  when: 'doctor',
  look: async (config, { surroundings }) => {
    const { points, findings } = await findMediaPoints(config, surroundings);
    if (findings.length > 0) return findings;
    return points.map(({ announcedAddress, listenAddress }) =>
      ok(`viewers send media to ${announcedAddress}; it listens on ${listenAddress}`),
    );
  },
};

export const httpPortCheck: Check = {
  about: 'the HTTP port',
  when: 'start',
  look: async ({ hosts, port, dataDirectory }) => {
    const places = hosts.map((host) => ({ host, port, protocol: 'TCP' as const }));
    const free = `HTTP port ${port} on ${hosts.join(' and ')} is free`;
    return judgePlaces(places, { free, setting: 'SALLYPORT_PORT', dataDirectory });
  },
};

export const mediaPortsCheck: Check = {
  about: 'the media ports',
  when: 'start',
  look: async (config, { surroundings }) => {
    const { rtcPort, workers, dataDirectory } = config;
    const { points } = await findMediaPoints(config, surroundings);
    const ports = Array.from({ length: workers }, (_, at) => rtcPort + at);
    const places = points.flatMap(({ listenAddress: host }) =>
      ports.flatMap((port) => (['UDP', 'TCP'] as const).map((protocol) => ({ host, port, protocol }))),
    );
    const span = workers === 1 ? `port ${rtcPort}` : `ports ${rtcPort} to ${rtcPort + workers - 1}`;
    const free = `media ${span}, UDP and TCP, free`;
    const findings = await judgePlaces(places, { free, setting: 'SALLYPORT_RTC_PORT', dataDirectory });
    const outside = points.find(({ announcedAddress }) => !isLoopback(announcedAddress))?.announcedAddress;
    return outside === undefined ? findings : [...findings, toFirewall(span, outside, config)];
  },
};

function toFirewall(span: string, announced: string, { rtcPort }: Config): Finding {
  return unknown(
    `whether a firewall or router passes ${span} to here cannot be seen from this machine`,
    `From a viewer's network, while the server runs: nc -vz ${announced} ${rtcPort} (TCP); UDP must be passed likewise.`,
  );
}

type Place = { readonly host: string; readonly port: number; readonly protocol: Protocol };
type Words = { readonly free: string; readonly setting: string; readonly dataDirectory: string };

async function judgePlaces(places: readonly Place[], { free, setting, dataDirectory }: Words): Promise<Finding[]> {
  const failures = [];
  for (const place of places) {
    const code = await tryPlace(place);
    if (code !== null) failures.push({ ...place, code });
  }
  if (failures.length === 0) return [ok(free)];
  const isOurs = await isServerRunning(resolve(dataDirectory));
  if (isOurs && failures.every(({ code }) => code === 'EADDRINUSE'))
    return [ok(`${setting}: taken by the server that runs on this data directory`)];
  return failures.map(({ host, port, protocol, code }) => toFailure(code, `${protocol} ${host} port ${port}`, setting));
}

function toFailure(code: string, where: string, setting: string): Finding {
  switch (code) {
    case 'EADDRINUSE':
      return mend(
        `${where} is taken by another program`,
        `Stop it (ss -lptun shows it), or set ${setting} to a free one.`,
      );
    case 'EADDRNOTAVAIL':
      return mend(`${where}: that is no address of this machine`, 'Set SALLYPORT_HOST to one it has, or to 0.0.0.0.');
    case 'EACCES':
      return mend(`${where}: this user may not open a port below 1024`, `Set ${setting} to one above, behind a proxy.`);
    default:
      return mend(`${where} cannot be opened (${code})`, 'Look at SALLYPORT_HOST and the network of this machine.');
  }
}

/** Null when it could be opened, else the system's code. */
async function tryPlace({ host, port, protocol }: Place): Promise<string | null> {
  const ipv6Only = isIP(host) === 6;
  const opened = protocol === 'TCP' ? createServer() : createSocket({ type: ipv6Only ? 'udp6' : 'udp4', ipv6Only });
  try {
    if ('listen' in opened) opened.listen({ host, port, ipv6Only });
    else opened.bind(port, host);
    await once(opened, 'listening');
    const closed = once(opened, 'close');
    opened.close();
    await closed;
    return null;
  } catch (failure) {
    return failure instanceof Error && 'code' in failure ? String(failure.code) : String(failure);
  }
}
