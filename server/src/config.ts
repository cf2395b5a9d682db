/*
 * The configuration: the settings of the environment, read once at the start, and what follows from several of them
 * together. Unknown names and bad values are all listed at once; no default opens anything to the network.
 */
import { isIP } from 'node:net';
import { readSettings, type SettingName, type Values } from './config-settings.ts';
import { isEveryAddress, isLoopback } from './config-values.ts';
import type { CameraNetworks } from './ingest/camera-networks.ts';
import type { PortRange } from './ingest/udp-sockets.ts';
import type { IceServerSetting } from './tokens/ice-servers.ts';
import type { TrustedIssuer } from './tokens/issuer-keys.ts';
import { readTrustedIssuers } from './tokens/trusted-issuers.ts';

export { describeConfig } from './config-settings.ts';

export type Config = {
  /** Where HTTP listens: one address, or one of each IP version. */
  readonly hosts: readonly [string, ...string[]];
  readonly port: number;
  /** An origin, without a slash at its end. */
  readonly publicUrl: string;
  readonly dataDirectory: string;
  readonly rtcPort: number;
  /** What viewers send media to: addresses, or names that media-points.ts looks up at the start. */
  readonly announcedAddresses: readonly string[];
  readonly iceServers: readonly IceServerSetting[];
  readonly workers: number;
  /** Cameras transcoded at once, at most. */
  readonly transcodersMax: number;
  readonly tls: { readonly certPath: string; readonly keyPath: string } | null;
  readonly trustedIssuers: readonly TrustedIssuer[];
  readonly cameraNetworks: CameraNetworks;
  /** Where cameras over UDP send to; both ends belong to it. */
  readonly cameraUdpPorts: PortRange;
  /** On loopback the server's other spellings are among them. */
  readonly allowedOrigins: readonly string[];
  /** Whether a consent token alone opens a standard player's session. */
  readonly bearerPlayers: 'allowed' | 'refused';
  /** Addresses or CIDR networks. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
};

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  /** Every problem, each with the name of its setting and what it must be. */
  | { readonly ok: false; readonly problems: readonly string[] };

type RefuseSetting = (name: SettingName, why: string) => void;

/** Reads every setting, or lists every problem. Looks at the files that are named, and changes nothing. */
export function parseConfig(env: NodeJS.ProcessEnv): ConfigResult {
  const problems: string[] = [];
  const refuse = (name: string, why: string): void => void problems.push(`${name}: ${why}`);
  const values = readSettings(env, refuse);
  const { hosts, port, dataDirectory, rtcPort, iceServers, workers, cameraNetworks, trustedProxies, logLevel } = values;
  const tls = toTls(values, refuse);
  const publicUrl = toPublicUrl(values, refuse);
  const announcedAddresses = toAnnounced(values, refuse);
  checkPorts(values, refuse);
  const issuers = readTrustedIssuers(values.trustedIssuers, publicUrl);
  if (!issuers.ok) for (const why of issuers.problems) refuse('SALLYPORT_TRUSTED_ISSUERS', why);
  if (problems.length > 0 || !issuers.ok || cameraNetworks === null) return { ok: false, problems };
  const config = {
    ...{ hosts, port, publicUrl, dataDirectory, rtcPort, announcedAddresses, iceServers, workers, tls },
    ...{
      cameraNetworks,
      cameraUdpPorts: values.cameraUdpPorts,
      trustedProxies,
      logLevel,
      transcodersMax: values.transcodersMax,
      trustedIssuers: issuers.issuers,
    },
    bearerPlayers: values.bearerPlayers === 'true' ? ('allowed' as const) : ('refused' as const),
    allowedOrigins: [...values.allowedOrigins, ...toOwnSpellings(publicUrl)],
  };
  return { ok: true, config };
}

function toTls({ tlsCert, tlsKey }: Values, refuse: RefuseSetting): Config['tls'] {
  if (tlsCert !== null && tlsKey !== null) return { certPath: tlsCert, keyPath: tlsKey };
  const missing = tlsCert === null ? 'SALLYPORT_TLS_CERT' : 'SALLYPORT_TLS_KEY';
  if (tlsCert !== tlsKey) refuse(missing, 'certificate and key go together; set both');
  return null;
}

function toPublicUrl({ publicUrl, hosts, port, tlsCert }: Values, refuse: RefuseSetting): string {
  if (publicUrl !== null) {
    if (tlsCert !== null && publicUrl.startsWith('http:'))
      refuse('SALLYPORT_PUBLIC_URL', 'must be https, since SALLYPORT_TLS_CERT is set');
    return publicUrl;
  }
  if (!hosts.every(isLoopback))
    refuse('SALLYPORT_PUBLIC_URL', 'is needed when SALLYPORT_HOST is not loopback, for example https://cams.example');
  // Where only IPv6 is listened on, `localhost` would lead to IPv4 on many machines, and so to nowhere.
  const name = hosts.some((one) => isIP(one) === 4) ? 'localhost' : '[::1]';
  return `${tlsCert === null ? 'http' : 'https'}://${name}:${port}`;
}

function toAnnounced({ announcedAddresses, hosts }: Values, refuse: RefuseSetting): readonly string[] {
  if (announcedAddresses.length > 0) return announcedAddresses;
  if (hosts.some(isEveryAddress))
    refuse('SALLYPORT_ANNOUNCED_ADDRESS', 'is needed when listening on every address: which one do viewers reach?');
  return hosts;
}

/** The media ports must exist, and HTTP must not be among them: both use TCP. */
function checkPorts({ port, rtcPort, workers, cameraUdpPorts }: Values, refuse: RefuseSetting): void {
  const last = rtcPort + workers - 1;
  if (last > 65_535) refuse('SALLYPORT_RTC_PORT', `${workers} workers need the ports ${rtcPort} to ${last}; too high`);
  if (port >= rtcPort && port <= last)
    refuse('SALLYPORT_RTC_PORT', `the media ports ${rtcPort} to ${last} hold SALLYPORT_PORT ${port}; move one`);
  if (cameraUdpPorts.from <= last && cameraUdpPorts.to >= rtcPort)
    refuse('SALLYPORT_CAMERA_UDP_PORTS', `holds the media ports ${rtcPort} to ${last}; move one (SALLYPORT_RTC_PORT)`);
}

/** Pages of a server on loopback may be opened as localhost or by address; it is the same server. */
function toOwnSpellings(publicUrl: string): readonly string[] {
  const { hostname, protocol, port } = new URL(publicUrl);
  if (!isLoopback(hostname)) return [];
  const spellings = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${protocol}//${name}${port && `:${port}`}`);
  return spellings.filter((origin) => origin !== publicUrl);
}
