/*
 * The operator's list of networks cameras may be in, and the judgement of one address by it. Pure (no lookups).
 * IPv4 inside IPv6 (mapped, NAT64) is judged as the IPv4 address it reaches. Loopback and link-local addresses are
 * opened only by an entry inside their own range: listing 0.0.0.0/0 must not open the machine itself or a cloud's
 * metadata address.
 */
import { BlockList, isIP } from 'node:net';

type Family = 'ipv4' | 'ipv6';

/** One list for each family: in a single one, `::/0` would hold every IPv4 address as well. */
type AddressList = Readonly<Record<Family, BlockList>>;

export type CameraNetworks = {
  readonly listed: AddressList;
  /** Only the entries that lie inside a loopback or link-local range. */
  readonly listedByName: AddressList;
};

export type CameraNetworksReading =
  | { readonly ok: true; readonly networks: CameraNetworks }
  | { readonly ok: false; readonly problems: readonly string[] };

const ENTRIES_MAX = 256;
const SETTING = 'SALLYPORT_CAMERA_NETWORKS';

const emptyList = (): AddressList => ({ ipv4: new BlockList(), ipv6: new BlockList() });

function add(list: AddressList, network: string, prefix: number): void {
  const family = familyOf(network);
  list[family].addSubnet(network, prefix, family);
}

function rangesOf(ranges: readonly (readonly [network: string, prefix: number])[]): AddressList {
  const list = emptyList();
  for (const [network, prefix] of ranges) add(list, network, prefix);
  return list;
}

const familyOf = (address: string): Family => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** "This" network, multicast, reserved and broadcast; tunnels that hide another address. Never a camera's. */
const NEVER = rangesOf([
  ['0.0.0.0', 8],
  ['224.0.0.0', 3],
  ['::', 128],
  ['ff00::', 8],
  ['2002::', 16],
  ['2001::', 32],
]);
const LOOPBACK = rangesOf([
  ['127.0.0.0', 8],
  ['::1', 128],
]);
const LINK_LOCAL = rangesOf([
  ['169.254.0.0', 16],
  ['fe80::', 10],
]);

/**
 * Reads the setting: CIDR networks or single addresses, separated by commas or spaces; empty allows nothing.
 * Answers every problem at once.
 */
export function parseCameraNetworks(text: string): CameraNetworksReading {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const problems: string[] = [];
  if (words.length > ENTRIES_MAX) problems.push(`${SETTING}: more than ${ENTRIES_MAX} networks`);
  const listed = emptyList();
  const listedByName = emptyList();
  for (const word of words.slice(0, ENTRIES_MAX)) {
    const network = readNetwork(word);
    if (!network) {
      problems.push(`${SETTING}: "${word}" is not a network such as 192.168.0.0/16 or 2001:db8::/32`);
      continue;
    }
    const { address, prefix } = network;
    add(listed, address, prefix);
    if (isInsideSpecial(address, prefix)) add(listedByName, address, prefix);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, networks: { listed, listedByName } };
}

function readNetwork(word: string): { address: string; prefix: number } | null {
  const [host = '', prefixText, ...more] = word.split('/');
  const address = canonicalAddress(host);
  if (address === null || more.length > 0) return null;
  const bits = familyOf(address) === 'ipv4' ? 32 : 128;
  if (prefixText === undefined) return { address, prefix: bits };
  if (!/^\d{1,3}$/.test(prefixText)) return null;
  // A prefix written for the IPv6 form of an IPv4 network counts the 96 bits in front.
  const prefix = Number(prefixText) - (host.includes(':') && bits === 32 ? 96 : 0);
  return prefix < 0 || prefix > bits ? null : { address, prefix };
}

function isInsideSpecial(address: string, prefix: number): boolean {
  if (isListed(LOOPBACK, address)) return prefix >= (familyOf(address) === 'ipv4' ? 8 : 128);
  if (isListed(LINK_LOCAL, address)) return prefix >= (familyOf(address) === 'ipv4' ? 16 : 10);
  return false;
}

function isListed(list: AddressList, address: string): boolean {
  const family = familyOf(address);
  return list[family].check(address, family);
}

/** Null when the operator has allowed this canonical address; else what is wrong and which setting to change. */
export function judgeAddress(networks: CameraNetworks, address: string): string | null {
  if (isListed(NEVER, address)) return `The camera's address ${address} can never be a camera's.`;
  const entry = `${address}/${familyOf(address) === 'ipv4' ? 32 : 128}`;
  const special = isListed(LOOPBACK, address) || isListed(LINK_LOCAL, address);
  if (special && !isListed(networks.listedByName, address)) {
    const kind = isListed(LOOPBACK, address) ? 'this machine itself (loopback)' : 'a link-local address';
    return `The camera's address ${address} is ${kind}. To allow it, name it in ${SETTING}: ${entry}; a wider network does not open it.`;
  }
  if (isListed(networks.listed, address)) return null;
  return `The camera's address ${address} is not allowed. To allow it, add its network to ${SETTING}, for example ${entry}.`;
}

/**
 * One spelling for each address: IPv4 dotted, also when it comes mapped into IPv6 or through NAT64 (64:ff9b::/96);
 * IPv6 compressed and lower case. Null when it is no address, or has a zone.
 */
export function canonicalAddress(text: string): string | null {
  const kind = isIP(text);
  if (kind === 0 || text.includes('%')) return null;
  if (kind === 4) return text;
  const compressed = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const inside = /^(?:::ffff:|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(compressed);
  if (!inside || (inside[1] === undefined && compressed.startsWith('::'))) return compressed;
  const high = Number.parseInt(inside[1] ?? '0', 16);
  const low = Number.parseInt(inside[2] ?? '0', 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
