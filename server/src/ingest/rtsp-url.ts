/*
 * Camera URLs: reading them, and finding a track's URL by concatenation as RTSP servers mean it.
 * Pure. Own parser, because `URL` refuses or re-writes what cameras and their passwords really look like, and because
 * the address that is checked must be the address that is used.
 */
import { isIPv6 } from 'node:net';
import { limits } from './limits.ts';

export type Credentials = { readonly username: string; readonly password: string };

export type RtspUrl = {
  readonly scheme: 'rtsp' | 'rtsps';
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly credentials: Credentials | null;
  /** The URL as it goes on a request line: never with credentials, without spaces or control characters. */
  readonly href: string;
};

export type RtspUrlReading =
  | { readonly ok: true; readonly url: RtspUrl }
  | { readonly ok: false; readonly text: string };

const DEFAULT_PORTS = { rtsp: 554, rtsps: 322 } as const;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_.])?$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
const CONTROL = /[\u0000-\u001f\u007f]/;

const refused = (text: string): RtspUrlReading => ({ ok: false, text });

/**
 * Reads a camera's URL. User and password may be percent-encoded or not; everything up to the last `@` before the
 * first `/` or `?` is theirs. The texts of refusals never repeat the URL.
 */
export function parseRtspUrl(text: string): RtspUrlReading {
  if (text.length > limits.urlCharsMax) return refused(`The URL is longer than ${limits.urlCharsMax} characters.`);
  if (CONTROL.test(text)) return refused('The URL holds control characters.');
  const parts = /^(rtsps?):\/\/([^/?]*)(.*)$/i.exec(text.trim());
  if (!parts) return refused('The URL must begin with rtsp:// or rtsps://.');
  const scheme = parts[1]?.toLowerCase() === 'rtsps' ? 'rtsps' : 'rtsp';
  const authority = parts[2] ?? '';
  const at = authority.lastIndexOf('@');
  const place = readHostAndPort(authority.slice(at + 1));
  if (!place) {
    return refused('The URL has no usable host and port. In a password write / ? and @ as %2F %3F and %40.');
  }
  const path = encodePath((parts[3] ?? '').replace(/#.*$/, ''));
  const hostText = isIPv6(place.host) ? `[${place.host}]` : place.host;
  const portText = place.port === null ? '' : `:${place.port}`;
  return {
    ok: true,
    url: {
      scheme,
      host: place.host,
      port: place.port ?? DEFAULT_PORTS[scheme],
      credentials: at < 0 ? null : readCredentials(authority.slice(0, at)),
      href: `${scheme}://${hostText}${portText}${path.startsWith('/') ? path : `/${path}`}`,
    },
  };
}

function readHostAndPort(text: string): { host: string; port: number | null } | null {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(text);
  if (!parts) return null;
  const host = parts[1] ?? parts[2] ?? '';
  if (parts[1] === undefined ? !HOST_NAME.test(host) : !isIPv6(host)) return null;
  const port = parts[3] === undefined ? null : Number(parts[3]);
  return port !== null && (port < 1 || port > 65_535) ? null : { host, port };
}

function readCredentials(userInfo: string): Credentials | null {
  const colon = userInfo.indexOf(':');
  const username = decode(colon < 0 ? userInfo : userInfo.slice(0, colon));
  const password = colon < 0 ? '' : decode(userInfo.slice(colon + 1));
  return username === '' && password === '' ? null : { username, password };
}

/** A password with a lone `%` is taken as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Half a surrogate pair cannot be encoded; it becomes U+FFFD. */
const encodePath = (path: string): string =>
  path.toWellFormed().replace(/[^\u0021-\u007e]+/g, (run) => encodeURIComponent(run));

/**
 * The URL of an `a=control:` attribute (RFC 2326, C.1.1), by concatenation rather than by RFC 3986 resolution, as
 * cameras expect it: `*` and nothing mean the base itself, an absolute URL stands for itself, anything else follows
 * the base after exactly one `/`, even when the base has a query.
 */
export function resolveControl(base: string, control: string | null): string {
  const wanted = encodePath((control ?? '').trim());
  if (wanted === '' || wanted === '*') return base;
  if (/^rtsps?:\/\//i.test(wanted)) return withoutCredentials(wanted);
  return `${base.replace(/\/$/, '')}/${wanted.replace(/^\//, '')}`;
}

/** Content-Base and absolute controls may echo the credentials of some other client. */
export function withoutCredentials(href: string): string {
  return href.replace(/^(rtsps?:\/\/)[^/?]*@/i, '$1');
}
