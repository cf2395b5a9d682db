// What the ingest floor needs around it, for tests: loopback allowed, a chosen clock, the system's random bytes.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../src/app/ports/clock.ts';
import type { Randomness } from '../../../src/app/ports/randomness.ts';
import { type CameraNetworks, parseCameraNetworks } from '../../../src/ingest/camera-networks.ts';
import type { ClientSurroundings } from '../../../src/ingest/rtsp-client.ts';
import { UrlGuard } from '../../../src/ingest/url-guard.ts';

export const systemRandomness: Randomness = { bytes: (count) => randomBytes(count) };

/** The same byte, over and over. */
export const fixedRandomness = (byte: number): Randomness => ({ bytes: (count) => new Uint8Array(count).fill(byte) });

export function networksOf(text: string): CameraNetworks {
  const reading = parseCameraNetworks(text);
  if (!reading.ok) throw new Error(reading.problems.join('; '));
  return reading.networks;
}

/** Away from the default, so that a server that runs beside the tests is not met. */
export const UDP_PORTS = { from: 21_000, to: 22_999 };

export function surroundings(
  clock: Clock,
  networks = '127.0.0.1/32',
  ownPorts: readonly number[] = [],
): ClientSurroundings {
  const guard = new UrlGuard({ networks: networksOf(networks), ownPorts: () => ownPorts, clock });
  return { guard, clock, randomness: systemRandomness, udpPorts: UDP_PORTS };
}
