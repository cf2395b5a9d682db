/*
 * What a process of ours costs: its share of a core over the last few seconds, and its memory, as Linux tells them in
 * /proc. Elsewhere, and once the process is gone, there is nothing to tell. Used for transcoders.
 */
import { readFileSync } from 'node:fs';
import type { Clock, Timer } from '../app/ports/clock.ts';
import { limits } from './limits.ts';

export type Cost = {
  /** Processor time per second of wall clock: 1,000 is a whole core. Null before there was a window to measure. */
  readonly cpuMsPerSecond: number | null;
  readonly residentBytes: number;
};

type Sample = { readonly cpuMs: number; readonly atMs: number };

/** Linux counts processor time towards programs in hundredths of a second, whatever its own clock (man 5 proc). */
const MS_PER_TICK = 10;

export class ProcessCost {
  readonly #clock: Clock;
  readonly #pid: number;
  #last: Sample | null = null;
  #cpuMsPerSecond: number | null = null;
  #timer: Timer | null = null;

  /** Measures from now on; the caller MUST stop it. */
  constructor(clock: Clock, pid: number) {
    this.#clock = clock;
    this.#pid = pid;
    this.#look();
  }

  /** Null when there is nothing to read. */
  read(): Cost | null {
    const residentBytes = parseResidentBytes(readProc(this.#pid, 'status'));
    return residentBytes === null ? null : { cpuMsPerSecond: this.#cpuMsPerSecond, residentBytes };
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const cpuMs = parseCpuMs(readProc(this.#pid, 'stat'));
    if (cpuMs === null) return;
    const atMs = this.#clock.monotonicMs();
    const last = this.#last;
    if (last !== null && atMs > last.atMs) this.#cpuMsPerSecond = ((cpuMs - last.cpuMs) * 1_000) / (atMs - last.atMs);
    this.#last = { cpuMs, atMs };
    this.#timer = this.#clock.after(limits.costEveryMs, () => this.#look());
  }
}

/** User and system time in `/proc/<pid>/stat`; the name in front may hold spaces and parentheses. */
export function parseCpuMs(text: string): number | null {
  const words = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(words[11]) + Number(words[12]);
  return text.includes(')') && Number.isFinite(ticks) ? ticks * MS_PER_TICK : null;
}

/** `VmRSS` in `/proc/<pid>/status`; a process that has ended and was not yet waited for has none. */
export function parseResidentBytes(text: string): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
}

/** Reading /proc touches no disk and never waits. */
function readProc(pid: number, name: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}
