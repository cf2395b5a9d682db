/*
 * How the values of settings are read: text in, value out, and every objection through `refuse`, so that the caller can
 * list them all. After an objection the value only stands in until the start is given up. Called by the settings table.
 */
import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { type CameraNetworks, parseCameraNetworks } from './ingest/camera-networks.ts';
import type { IceServerSetting } from './tokens/ice-servers.ts';

/** Says what a value must be; the name of the setting is put before it. */
export type Refuse = (why: string) => void;

/** Entries of one list; more is a mistake. */
const ENTRIES_MAX = 256;
const ICE_PROBLEMS_MAX = 4;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9-]{1,63})*$/i;
const ICE_URL = /^(?:stun|turn)s?:\S{1,500}$/;

export const isLoopback = (host: string): boolean => /^(?:127(?:\.\d{1,3}){3}|\[?::1\]?|localhost)$/.test(host);

export const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::';

export const parseText = (text: string): string => text;

export const parseInteger = (from: number, to: number) => (text: string, refuse: Refuse) => {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= from && value <= to) return value;
  refuse(`"${text}" must be a whole number from ${from} to ${to}`);
  return from;
};

/** `from-to` of UDP ports, at least one even one with its follower. */
export function parsePortRange(text: string, refuse: Refuse): { readonly from: number; readonly to: number } {
  const [from = 0, to = 0] = /^\d{1,5}-\d{1,5}$/.test(text) ? text.split('-').map(Number) : [];
  const isRange = from >= 1_024 && to <= 65_535 && from + (from % 2) < to;
  if (!isRange)
    refuse(`"${text}" must be two ports from 1024 to 65535, such as 46000-46999, with an even one and the next`);
  return { from, to };
}

export const parseWord =
  <W extends string>(words: readonly [W, ...W[]]) =>
  (text: string, refuse: Refuse): W => {
    const word = words.find((one) => one === text);
    if (word === undefined) refuse(`"${text}" must be one of ${words.join(', ')}`);
    return word ?? words[0];
  };

/**
 * Addresses to listen on: one, or one of each IP version. `localhost` is written out, since it means another address on
 * another machine.
 */
export function parseHosts(text: string, refuse: Refuse): readonly [string, ...string[]] {
  const hosts = splitList(text, refuse).map((entry) => (entry === 'localhost' ? '127.0.0.1' : entry));
  for (const host of hosts)
    if (isIP(host) === 0) refuse(`"${host}" must be an IP address such as 127.0.0.1 or 0.0.0.0`);
  refuseSecondOfVersion(hosts, refuse);
  const [first = '127.0.0.1', ...others] = hosts;
  return [first, ...others];
}

/** Addresses or names others can send to; empty when there are none. */
export function parseAnnounced(text: string, refuse: Refuse): readonly string[] {
  const entries = splitList(text, refuse);
  for (const entry of entries) {
    if (entry === '0.0.0.0' || entry === '::' || (isIP(entry) === 0 && !HOST_NAME.test(entry)))
      refuse(`"${entry}" must be the address or name viewers reach, such as 203.0.113.5`);
  }
  refuseSecondOfVersion(entries, refuse);
  return entries;
}

/** A worker has one port on one address of each version. */
function refuseSecondOfVersion(entries: readonly string[], refuse: Refuse): void {
  for (const [version, name] of [
    [4, 'IPv4'],
    [6, 'IPv6'],
    [0, 'a name'],
  ] as const) {
    const same = entries.filter((entry) => isIP(entry) === version);
    if (same.length > 1) refuse(`${same.join(' and ')} are both ${name}; one of each is enough`);
  }
}

/** An http or https origin; the text is not repeated when it may hold a password. */
export function parsePublicUrl(text: string, refuse: Refuse): string | null {
  if (text === '') return null;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    refuse('must be an origin such as https://cams.example: no path, no user, no query');
    return null;
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    refuse('must be https, or localhost: browsers give keys and cameras to secure pages only');
  return url.origin;
}

export function parseOrigins(text: string, refuse: Refuse): readonly string[] {
  return splitList(text, refuse).filter((entry) => {
    const isOrigin = URL.canParse(entry) && new URL(entry).origin === entry;
    if (!isOrigin) refuse(`"${entry}" must be an origin such as https://console.example`);
    return isOrigin;
  });
}

/** Addresses and CIDR networks of proxies. */
export function parseProxies(text: string, refuse: Refuse): readonly string[] {
  return splitList(text, refuse).filter((entry) => {
    const [address = '', prefix, ...more] = entry.split('/');
    const bits = isIP(address) === 4 ? 32 : 128;
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    const isNetwork = isIP(address) !== 0 && isPrefix && more.length === 0;
    if (!isNetwork) refuse(`"${entry}" must be an address or network such as 10.0.0.2 or 10.0.0.0/24`);
    return isNetwork;
  });
}

/** Null when it was refused: no networks are not the same as none that could be read. */
export function parseNetworks(text: string, refuse: Refuse): CameraNetworks | null {
  const read = parseCameraNetworks(text);
  if (read.ok) return read.networks;
  for (const problem of read.problems) refuse(problem.replace(/^SALLYPORT_\w+: /, ''));
  return null;
}

/** Below two minutes a client may be told credentials that run out before the next telling; above a day none is short. */
const TTL_S = { least: 120, usual: 600, most: 86_400 };
const iceUrlSchema = z.string().regex(ICE_URL, 'each URL is stun:, stuns:, turn: or turns: and a host');
const iceServerSchema = z
  .strictObject({
    urls: z.union([iceUrlSchema, z.array(iceUrlSchema).min(1).max(8)]),
    username: z.string().max(512).optional(),
    credential: z.string().max(512).optional(),
    secret: z.string().min(16, 'a secret has at least 16 characters').max(512).optional(),
    ttlS: z.int().min(TTL_S.least).max(TTL_S.most).optional(),
  })
  .refine(
    ({ urls, username, credential, secret }) =>
      [urls].flat().every((url) => url.startsWith('stun')) ||
      secret !== undefined ||
      (username !== undefined && credential !== undefined),
    'turn: needs username and credential, or the secret it shares with this server',
  )
  .refine(
    ({ username, credential, secret }) => secret === undefined || (username === undefined && credential === undefined),
    'a secret makes username and credential; leave them out',
  )
  .refine(({ secret, ttlS }) => ttlS === undefined || secret !== undefined, 'ttlS goes with a secret');
const iceServersSchema = z.array(iceServerSchema).max(8);
const ICE_EXAMPLE = '[{"urls":"stun:stun.example:3478"}, {"urls":"turn:turn.example:3478", "secret":"..."}]';

/**
 * The RTCIceServer list of the WebRTC specification, as JSON; in place of user name and credential an entry may hold the
 * `secret` that a TURN server shares with this one. No value is repeated in an objection: it may be that secret.
 */
export function parseIceServers(text: string, refuse: Refuse): readonly IceServerSetting[] {
  const read = iceServersSchema.safeParse(parseJson(text));
  if (!read.success) {
    const problems = read.error.issues.map(({ path: [at], message }) =>
      typeof at === 'number' ? `entry ${at + 1}: ${message}` : message,
    );
    refuse(`must be a JSON list such as ${ICE_EXAMPLE}; ${problems.slice(0, ICE_PROBLEMS_MAX).join('; ')}`);
    return [];
  }
  return read.data.map(({ urls, username, credential, secret, ttlS = TTL_S.usual }) =>
    secret === undefined
      ? {
          urls: [urls].flat(),
          ...(username === undefined ? {} : { username }),
          ...(credential === undefined ? {} : { credential }),
        }
      : { urls: [urls].flat(), secret, ttlS },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The path of a file that can be read now. */
export function parseFile(text: string, refuse: Refuse): string | null {
  if (text === '') return null;
  try {
    accessSync(text, constants.R_OK);
  } catch {
    refuse(`the file "${text}" cannot be read`);
  }
  return text;
}

export function refuseAny(why: string): (text: string, refuse: Refuse) => null {
  return (text, refuse) => {
    if (text !== '') refuse(why);
    return null;
  };
}

function splitList(text: string, refuse: Refuse): readonly string[] {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  if (entries.length > ENTRIES_MAX) refuse(`has more than ${ENTRIES_MAX} entries`);
  return entries.slice(0, ENTRIES_MAX);
}
