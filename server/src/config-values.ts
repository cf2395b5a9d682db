/*
 * How the values of settings are read: text in, value out, and every objection through `refuse`, so that the caller can
 * list them all. After an objection the value only stands in until the start is given up. Called by the settings table.
 */
import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { type CameraNetworks, parseCameraNetworks } from './ingest/camera-networks.ts';

/** Says what a value must be; the name of the setting is put before it. */
export type Refuse = (why: string) => void;
export type IceServer = { urls: string[]; username?: string; credential?: string };

/** Entries of one list; more is a mistake. */
const ENTRIES_MAX = 256;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9-]{1,63})*$/i;
const ICE_URL = /^(?:stun|turn)s?:\S{1,500}$/;

export const isLoopback = (host: string): boolean => /^(?:127(?:\.\d{1,3}){3}|\[?::1\]?|localhost)$/.test(host);

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

/** An address to listen on. `localhost` is written out, since it means another address on another machine. */
export function parseHost(text: string, refuse: Refuse): string {
  const host = text === 'localhost' ? '127.0.0.1' : text;
  if (isIP(host) === 0) refuse(`"${text}" must be an IP address such as 127.0.0.1 or 0.0.0.0`);
  return host;
}

/** An address or name others can send to. */
export function parseAnnounced(text: string, refuse: Refuse): string | null {
  if (text === '') return null;
  if (text === '0.0.0.0' || text === '::' || (isIP(text) === 0 && !HOST_NAME.test(text)))
    refuse(`"${text}" must be the address or name viewers reach, such as 203.0.113.5`);
  return text;
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

const iceServerSchema = z
  .strictObject({
    urls: z.union([z.string(), z.array(z.string()).min(1).max(8)]),
    username: z.string().max(512).optional(),
    credential: z.string().max(512).optional(),
  })
  .refine(({ urls }) => [urls].flat().every((url) => ICE_URL.test(url)))
  .refine(({ urls, username, credential }) => {
    const isTurn = [urls].flat().some((url) => url.startsWith('turn'));
    return !isTurn || (username !== undefined && credential !== undefined);
  });
const iceServersSchema = z.array(iceServerSchema).max(8);

/** The RTCIceServer list of the WebRTC specification, as JSON; TURN needs user name and credential. */
export function parseIceServers(text: string, refuse: Refuse): readonly IceServer[] {
  try {
    return iceServersSchema.parse(JSON.parse(text)).map(({ urls, username, credential }) => ({
      urls: [urls].flat(),
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    }));
  } catch {
    refuse('must be a JSON list such as [{"urls":["stun:stun.example:3478"]}]; turn: needs username and credential');
    return [];
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
