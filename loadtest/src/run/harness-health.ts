/*
 * How well a process of the harness itself is doing: processor time, waiting for a processor, a late event loop, and
 * datagrams the kernel dropped at its own sockets. A starved harness reports its own trouble as the server's otherwise.
 */
import { readFileSync } from 'node:fs';
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Health } from './agent-wire.ts';

const RESOLUTION_MS = 5;

export class HarnessHealth {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #startedAtMs = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #waitedMs = readRunQueueMs('self');
  readonly #loop: EventLoopUtilization = performance.eventLoopUtilization();
  /** By port: a socket's count goes with it when it closes. */
  readonly #drops = new Map<number, number>();

  constructor() {
    this.#delays.enable();
  }

  /** Looks at the drops of these ports; closed ones keep what was last seen. */
  look(ports: ReadonlySet<number>): void {
    for (const [port, drops] of readUdpDrops(ports)) this.#drops.set(port, drops);
  }

  read(): Health {
    const { user, system } = process.cpuUsage(this.#cpu);
    const delayMs = this.#delays.percentile(99) / 1e6 - RESOLUTION_MS;
    let kernelDrops = 0;
    for (const drops of this.#drops.values()) kernelDrops += drops;
    return {
      pid: process.pid,
      cpuMs: (user + system) / 1_000,
      wallMs: performance.now() - this.#startedAtMs,
      runQueueMs: readRunQueueMs('self') - this.#waitedMs,
      loopDelayP99Ms: Number.isFinite(delayMs) ? Math.max(0, delayMs) : 0,
      loopUtilisation: performance.eventLoopUtilization(this.#loop).utilization,
      kernelDrops,
    };
  }
}

/** Milliseconds the main thread of a process waited for a processor; 0 where the system does not tell. */
export function readRunQueueMs(pid: number | 'self'): number {
  const text = readText(`/proc/${pid}/schedstat`);
  return Number(text.split(' ')[1] ?? 0) / 1e6;
}

/** The `drops` column of the kernel's table of UDP sockets, for these local ports. */
function readUdpDrops(ports: ReadonlySet<number>): ReadonlyMap<number, number> {
  return new Map(
    [...parseUdpDrops(readText('/proc/net/udp')), ...parseUdpDrops(readText('/proc/net/udp6'))].filter(([port]) =>
      ports.has(port),
    ),
  );
}

/** Local port and drops of every line of such a table. */
export function parseUdpDrops(table: string): readonly (readonly [port: number, drops: number])[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length >= 13)
    .map((fields) => [Number.parseInt(fields[1]?.split(':')[1] ?? '0', 16), Number(fields[12])]);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
