/*
 * Where an ONVIF device is: reads what the operator typed, and judges the addresses the device gives of itself. Devices
 * behind a router or with a second network name addresses nobody can reach, and a hostile one could name any host: so the
 * host the operator named is the only one ever asked, or given the password. Pure.
 */
import { isIPv6 } from 'node:net';
import { limits } from '../limits.ts';
import { type Credentials, parseRtspUrl } from '../rtsp-url.ts';

export type DeviceUrl = {
  readonly scheme: 'http' | 'https';
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
};
export type DeviceUrlReading =
  | { readonly ok: true; readonly url: DeviceUrl }
  | { readonly ok: false; readonly text: string };

const DEFAULT_PORTS = { http: 80, https: 443 } as const;
const DEVICE_PATH = '/onvif/device_service';
const refused = (text: string): DeviceUrlReading => ({ ok: false, text });

/**
 * Reads `192.168.1.20`, `camera.lan:8000`, `[2001:db8::1]` or a whole http(s) URL; without a path the usual one is meant.
 * The texts of refusals never repeat the address.
 */
export function parseDeviceAddress(text: string): DeviceUrlReading {
  const trimmed = text.trim();
  if (trimmed.length > limits.urlCharsMax)
    return refused(`The address is longer than ${limits.urlCharsMax} characters.`);
  if (/^rtsps?:/i.test(trimmed))
    return refused('That is an RTSP URL: enrol it as `rtspUrl`, there is nothing to find.');
  const url = readUrl(isIPv6(trimmed) ? `[${trimmed}]` : trimmed);
  if (!url) return refused('The address must be a host such as 192.168.1.20 or camera.lan:8000, or an http(s) URL.');
  if (url.username !== '' || url.password !== '')
    return refused('The address must not hold a user or password: send `username` and `password` beside it.');
  return { ok: true, url: toDeviceUrl(url, url.pathname === '/' ? DEVICE_PATH : url.pathname) };
}

function readUrl(text: string, base?: string): URL | null {
  const whole = base !== undefined || text.includes('://') ? text : `http://${text}`;
  if (/[\s\\]/.test(text) || !URL.canParse(whole, base)) return null;
  const url = new URL(whole, base);
  return /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : null;
}

function toDeviceUrl(url: URL, path: string): DeviceUrl {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  return { scheme, host, port, path: `${path}${url.search}` };
}

/**
 * A service's address (XAddr) as it can be used. On the host the operator named it is taken as it stands, but never from
 * https to the open; on any other, its path alone.
 */
export function resolveService(device: DeviceUrl, xaddr: string | null): DeviceUrl {
  const isUsable = xaddr !== null && xaddr.length <= limits.urlCharsMax;
  const url = isUsable ? readUrl(xaddr, formatDeviceUrl(device)) : null;
  if (!url) return device;
  const named = toDeviceUrl(url, url.pathname);
  const reachable = named.host === device.host && (named.scheme === 'https' || device.scheme === 'http');
  return reachable ? named : { ...device, path: named.path };
}

export function formatDeviceUrl({ scheme, host, port, path }: DeviceUrl): string {
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`;
}

/**
 * A stream's URL as it will be pulled: on the host the operator named, with the operator's credentials and never with
 * those the device wrote into it. Null when it is no RTSP URL.
 */
export function resolveStream(device: DeviceUrl, uri: string, credentials: Credentials | null): string | null {
  const reading = parseRtspUrl(uri);
  if (!reading.ok) return null;
  const { scheme, port, href } = reading.url;
  const path = href.replace(/^rtsps?:\/\/[^/?]*/i, '');
  const host = isIPv6(device.host) ? `[${device.host}]` : device.host;
  const encode = (word: string): string => encodeURIComponent(word.toWellFormed());
  const user = credentials === null ? '' : `${encode(credentials.username)}:${encode(credentials.password)}@`;
  return `${scheme}://${user}${host}:${port}${path}`;
}
