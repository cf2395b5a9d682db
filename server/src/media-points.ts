/*
 * Where media listens and what viewers are told to send to, worked out from the configuration and from what this machine
 * and its name server say. Read at the start and by `doctor`: what cannot be right has the same words in both.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './app/ports/log.ts';
import type { Config } from './config.ts';
import { isEveryAddress, isLoopback } from './config-values.ts';
import { type Finding, refuseUnmended } from './finding.ts';
import type { MediaOptions } from './media/open-media.ts';

export type MediaPoint = { readonly listenAddress: string; readonly announcedAddress: string };
export type MediaPoints = { readonly points: readonly MediaPoint[]; readonly findings: readonly Finding[] };
/** What is asked of the machine; a test answers in its place. */
export type Surroundings = {
  /** Addresses of this machine's interfaces. */
  readonly ownAddresses: () => readonly string[];
  /** Addresses of a name; rejects or answers none when it has none. */
  readonly resolveName: (name: string) => Promise<readonly string[]>;
};
type Asked = Pick<Config, 'hosts' | 'announcedAddresses' | 'publicUrl'>;
type ListenOptions = Pick<MediaOptions, 'listenAddress' | 'announcedAddress' | 'alsoListenOn'>;
type Judge = { readonly hosts: Asked['hosts']; readonly own: readonly string[]; readonly isLocalUse: boolean };

const NAME_WITHIN_MS = 5_000;
const SETTING = 'SALLYPORT_ANNOUNCED_ADDRESS';

const nobodys = new BlockList();
nobodys.addSubnet('0.0.0.0', 8, 'ipv4');
nobodys.addSubnet('169.254.0.0', 16, 'ipv4');
nobodys.addSubnet('224.0.0.0', 3, 'ipv4');
nobodys.addAddress('::', 'ipv6');
nobodys.addSubnet('fe80::', 10, 'ipv6');
nobodys.addSubnet('ff00::', 8, 'ipv6');
const inside = new BlockList();
inside.addSubnet('10.0.0.0', 8, 'ipv4');
inside.addSubnet('100.64.0.0', 10, 'ipv4');
inside.addSubnet('172.16.0.0', 12, 'ipv4');
inside.addSubnet('192.168.0.0', 16, 'ipv4');
inside.addSubnet('fc00::', 7, 'ipv6');

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const isIn = (list: BlockList, address: string): boolean => list.check(address, familyOf(address));

export const thisMachine: Surroundings = {
  ownAddresses: () =>
    Object.values(networkInterfaces())
      .flat()
      .flatMap((one) => (one === undefined ? [] : [one.address])),
  resolveName: async (name) => {
    const late = new AbortController();
    const timeout = delay(NAME_WITHIN_MS, [], { signal: late.signal });
    const found = lookup(name, { all: true }).then((all) => all.map(({ address }) => address));
    return Promise.race([found, timeout]).finally(() => late.abort());
  },
};

/** Never rejects; with a finding of level `mend` the points are not to be used. */
export async function findMediaPoints(config: Asked, surroundings: Surroundings = thisMachine): Promise<MediaPoints> {
  const { hosts, publicUrl } = config;
  const findings: Finding[] = [];
  const announced: string[] = [];
  for (const entry of config.announcedAddresses) {
    const addresses = isIP(entry) === 0 ? await findAddresses(entry, surroundings) : [entry];
    if (addresses.length === 0) findings.push(toUnresolved(entry));
    // One of each version: a name may have many, and a worker has one port on one address.
    for (const address of addresses) if (!announced.some((one) => isIP(one) === isIP(address))) announced.push(address);
  }
  const isLocalUse = isLoopback(new URL(publicUrl).hostname);
  const judge = { hosts, own: surroundings.ownAddresses(), isLocalUse };
  // Behind a proxy on this machine HTTP stays on loopback, and media cannot.
  const isProxied = hosts.every(isLoopback) && announced.some((address) => !isLoopback(address));
  const points = announced.flatMap((announcedAddress) => {
    const listenAddress = isProxied ? everyAddressLike(announcedAddress) : toListenAddress(hosts, announcedAddress);
    const finding = judgeAnnounced(announcedAddress, listenAddress, judge);
    if (finding !== null) findings.push(finding);
    return listenAddress === null ? [] : [{ listenAddress, announcedAddress }];
  });
  return { points, findings };
}

/** The start's reading: warnings go to the log; rejects with what to do when viewers could not reach what is announced. */
export async function findListenOptions(config: Asked, log: Log): Promise<ListenOptions> {
  const { points, findings } = await findMediaPoints(config);
  refuseUnmended(findings);
  for (const { what, mend } of findings) log.warn({ mend }, what);
  const [first, second] = points.map(({ listenAddress: address, announcedAddress }) => ({ address, announcedAddress }));
  if (!first) throw new Error(`${SETTING}: viewers are told no address at all`);
  const { address: listenAddress, announcedAddress } = first;
  return { listenAddress, announcedAddress, ...(second ? { alsoListenOn: second } : {}) };
}

async function findAddresses(name: string, { resolveName }: Surroundings): Promise<readonly string[]> {
  return resolveName(name).catch(() => []);
}

const everyAddressLike = (address: string): string => (isIP(address) === 6 ? '::' : '0.0.0.0');

/** Null when nothing listens in that address's IP version. `::` alone is every address of both, as it is for HTTP. */
function toListenAddress(hosts: readonly string[], announced: string): string | null {
  const same = hosts.find((host) => isIP(host) === isIP(announced));
  if (same !== undefined) return same;
  return hosts.length === 1 && hosts[0] === '::' ? everyAddressLike(announced) : null;
}

function toUnresolved(name: string): Finding {
  return {
    level: 'mend',
    what: `${SETTING}: the name ${name} has no address here`,
    mend: 'Correct the name, make it resolve on this machine, or write the address itself.',
  };
}

/** Null when it may be right. */
function judgeAnnounced(announced: string, listen: string | null, { hosts, own, isLocalUse }: Judge): Finding | null {
  const ownText = own.filter((address) => !isLoopback(address) && !isIn(nobodys, address)).join(', ') || 'none';
  const name = `${SETTING}: ${announced}`;
  const version = isIP(announced) === 6 ? 'IPv6' : 'IPv4';
  const mendAddress = `Set ${SETTING} to the address viewers reach. This machine's own: ${ownText}.`;
  if (isIn(nobodys, announced)) return { level: 'mend', what: `${name} can be nobody's address`, mend: mendAddress };
  if (listen === null) {
    const mend = `Add ${everyAddressLike(announced)} to SALLYPORT_HOST, or announce an address of the other version.`;
    return { level: 'mend', what: `${name} is ${version}, and nothing listens in it: ${hosts.join(', ')}`, mend };
  }
  if (isLoopback(announced)) {
    if (isLocalUse) return null;
    return { level: 'mend', what: `${name} is loopback: no other machine reaches it`, mend: mendAddress };
  }
  if (isLoopback(listen)) {
    const mend = 'Listen on 0.0.0.0 or :: in SALLYPORT_HOST, or leave only loopback there.';
    return { level: 'mend', what: `${name} cannot be reached: media listens on ${listen} alone`, mend };
  }
  if (own.includes(announced)) {
    if (isEveryAddress(listen) || listen === announced) return null;
    const mend = `Announce ${listen}, or set SALLYPORT_HOST to ${announced} or ${everyAddressLike(announced)}.`;
    return { level: 'mend', what: `${name} is this machine's, but media listens on ${listen} alone`, mend };
  }
  if (!isIn(inside, announced)) return null;
  const mend = `Right only where a router or container host passes it on to here. This machine's own: ${ownText}.`;
  return { level: 'warn', what: `${name} is a private address and none of this machine's`, mend };
}
