/*
 * Who is on the other end of a connection. Pure. A forwarding header is believed only as far as it was written by
 * proxies the operator named: anybody can send one.
 */
import { BlockList, isIP } from 'node:net';
import { type SignallingBounds, signallingBounds } from './bounds.ts';

/** True for the address of a proxy whose X-Forwarded-For is believed. */
export type TrustProxy = (address: string) => boolean;

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** IPv4 also where it comes mapped into IPv6. */
const plain = (address: string): string => MAPPED.exec(address)?.[1] ?? address;

/** Trusts these addresses and CIDR networks; throws a TypeError or RangeError of node:net for what is neither. */
export function buildTrustProxy(proxies: readonly string[]): TrustProxy {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/');
    const family = familyOf(address);
    list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/**
 * The address the request came from: the peer's, or the nearest one in X-Forwarded-For that is not a trusted proxy's.
 * A header that is too long or holds something else than addresses is believed no further than it can be read.
 */
export function toRemoteAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustProxy: TrustProxy,
  bounds: Pick<SignallingBounds, 'forwardedCharsMax' | 'proxiesMax'> = signallingBounds,
): string {
  let address = plain(peer ?? 'unknown');
  if (forwardedFor === undefined) return address;
  if (forwardedFor.length > bounds.forwardedCharsMax) return address;
  const hops = forwardedFor.split(',').map((hop) => plain(hop.trim()));
  for (const hop of hops.reverse().slice(0, bounds.proxiesMax)) {
    if (!trustProxy(address) || isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}

/** What connections are counted by: the address, or the /64 network of an IPv6 one, since a host may use all of it. */
export function toAddressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [network = '', zone] = address.split('%');
  const compressed = new URL(`http://[${network}]/`).hostname.slice(1, -1);
  const [left = '', right] = compressed.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  const group = [...head, ...zeros, ...tail].slice(0, 4).join(':');
  return zone === undefined ? `${group}::/64` : `${group}::/64%${zone}`;
}
