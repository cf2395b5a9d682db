/*
 * The configuration: the settings of the environment, read once at the start, and what follows from several of them
 * together. Unknown names and bad values are all listed at once; no default opens anything to the network.
 */
import { isIP } from 'node:net';
import { readSettings, type SettingName, type Values } from './config-settings.ts';
import { type IceServer, isLoopback } from './config-values.ts';
import type { CameraNetworks } from './ingest/camera-networks.ts';
import type { PortRange } from './ingest/udp-sockets.ts';
import type { TrustedIssuer } from './tokens/issuer-keys.ts';
import { readTrustedIssuers } from './tokens/trusted-issuers.ts';

export { describeConfig } from './config-settings.ts';

export type Config = {
  readonly host: string;
  readonly port: number;
  /** An origin, without a slash at its end. */
  readonly publicUrl: string;
  readonly dataDirectory: string;
  readonly rtcPort: number;
  /** Where media listens: the host, or every address when viewers are sent elsewhere than to a loopback host. */
  readonly rtcListenAddress: string;
  readonly announcedAddress: string;
  readonly iceServers: readonly IceServer[];
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
  const { host, port, dataDirectory, rtcPort, iceServers, workers, cameraNetworks, trustedProxies, logLevel } = values;
  const tls = toTls(values, refuse);
  const publicUrl = toPublicUrl(values, refuse);
  const announcedAddress = toAnnounced(values, refuse);
  checkPorts(values, refuse);
  const issuers = readTrustedIssuers(values.trustedIssuers, publicUrl);
  if (!issuers.ok) for (const why of issuers.problems) refuse('SALLYPORT_TRUSTED_ISSUERS', why);
  if (problems.length > 0 || !issuers.ok || cameraNetworks === null) return { ok: false, problems };
  const config = {
    ...{ host, port, publicUrl, dataDirectory, rtcPort, announcedAddress, iceServers, workers, tls },
    ...{
      cameraNetworks,
      cameraUdpPorts: values.cameraUdpPorts,
      trustedProxies,
      logLevel,
      transcodersMax: values.transcodersMax,
      trustedIssuers: issuers.issuers,
    },
    bearerPlayers: values.bearerPlayers === 'true' ? ('allowed' as const) : ('refused' as const),
    rtcListenAddress: toRtcListen(host, announcedAddress),
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

function toPublicUrl({ publicUrl, host, port, tlsCert }: Values, refuse: RefuseSetting): string {
  if (publicUrl !== null) {
    if (tlsCert !== null && publicUrl.startsWith('http:'))
      refuse('SALLYPORT_PUBLIC_URL', 'must be https, since SALLYPORT_TLS_CERT is set');
    return publicUrl;
  }
  if (!isLoopback(host))
    refuse('SALLYPORT_PUBLIC_URL', 'is needed when SALLYPORT_HOST is not loopback, for example https://cams.example');
  return `${tlsCert === null ? 'http' : 'https'}://localhost:${port}`;
}

function toAnnounced({ announcedAddress, host }: Values, refuse: RefuseSetting): string {
  if (announcedAddress === null && (host === '0.0.0.0' || host === '::'))
    refuse('SALLYPORT_ANNOUNCED_ADDRESS', 'is needed when listening on every address: which one do viewers reach?');
  return announcedAddress ?? host;
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

/** A server behind a proxy on its own machine: HTTP stays on loopback, media cannot. */
function toRtcListen(host: string, announced: string): string {
  if (!isLoopback(host) || isLoopback(announced)) return host;
  return isIP(announced) === 6 ? '::' : '0.0.0.0';
}

/** Pages of a server on loopback may be opened as localhost or by address; it is the same server. */
function toOwnSpellings(publicUrl: string): readonly string[] {
  const { hostname, protocol, port } = new URL(publicUrl);
  if (!isLoopback(hostname)) return [];
  const spellings = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${protocol}//${name}${port && `:${port}`}`);
  return spellings.filter((origin) => origin !== publicUrl);
}
