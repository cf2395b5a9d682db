/*
 * Decides which addresses a camera may be pulled from. Refuses everything the operator has not listed in
 * SALLYPORT_CAMERA_NETWORKS, so that whoever may enrol a camera cannot use the server to reach into its network.
 * The name is resolved here, and the connection is made to the addresses given back: a second lookup could answer
 * something else (DNS rebinding).
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../app/ports/clock.ts';
import { type CameraNetworks, canonicalAddress, judgeAddress } from './camera-networks.ts';
import { IngestFault, toIngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import type { RtspUrl } from './rtsp-url.ts';
import { within } from './within.ts';

export type Lookup = (name: string) => Promise<readonly string[]>;

export type UrlGuardOptions = {
  readonly networks: CameraNetworks;
  /** TCP and UDP ports this server listens on; asked at each check, since a port may be chosen at start. */
  readonly ownPorts: () => readonly number[];
  readonly clock: Clock;
  /** All addresses of a name; the system's resolver unless given. */
  readonly lookup?: Lookup;
  /** All addresses of this machine; its interfaces unless given. */
  readonly ownAddresses?: () => readonly string[];
};

const systemLookup: Lookup = async (name) => {
  const found = await dnsLookup(name, { all: true, verbatim: true });
  return found.map((entry) => entry.address);
};

const systemAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));

export class UrlGuard {
  readonly #options: UrlGuardOptions;

  constructor(options: UrlGuardOptions) {
    this.#options = options;
  }

  /**
   * The addresses a URL may be pulled from, in the resolver's order, at most four. Throws `not-allowed` (the text
   * names the setting to change) or `name-unknown`; `stopped` when the signal fires.
   */
  async check(url: Pick<RtspUrl, 'host' | 'port'>, signal: AbortSignal): Promise<readonly string[]> {
    const addresses = await this.#resolve(url.host, signal);
    const allowed: string[] = [];
    let refusal: string | null = null;
    for (const address of addresses) {
      const text = this.#judge(address, url.port);
      if (text === null) allowed.push(address);
      else refusal ??= text;
    }
    if (allowed.length > 0) return allowed.slice(0, limits.addressesMax);
    throw new IngestFault('not-allowed', refusal ?? 'The camera has no address.');
  }

  async #resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const literal = canonicalAddress(host);
    if (literal !== null) return [literal];
    const lookup = this.#options.lookup ?? systemLookup;
    const late = new IngestFault('name-unknown', 'The name of the camera could not be resolved in time.');
    try {
      const found = await within(lookup(host), {
        clock: this.#options.clock,
        limitMs: limits.nameWithinMs,
        late,
        signal,
      });
      const addresses = found.flatMap((address) => canonicalAddress(address) ?? []);
      if (addresses.length === 0) throw new IngestFault('name-unknown', 'The name of the camera has no address.');
      return addresses;
    } catch (thrown) {
      throw toIngestFault(thrown, 'name-unknown', 'The name of the camera could not be resolved.');
    }
  }

  /** Null when the address may be used; else why not. */
  #judge(address: string, port: number): string | null {
    if (this.#options.ownPorts().includes(port) && this.#isOwn(address)) {
      return `The camera's URL points at this server itself (port ${port}); no setting allows that.`;
    }
    return judgeAddress(this.#options.networks, address);
  }

  #isOwn(address: string): boolean {
    const own = (this.#options.ownAddresses ?? systemAddresses)();
    return /^(?:127\.|::1$)/.test(address) || own.some((mine) => canonicalAddress(mine) === address);
  }
}
