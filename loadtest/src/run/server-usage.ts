/*
 * What the server costs: processor time and memory, of its control process and of its media workers. Read from /proc where
 * the server is ours, else from its own /metrics.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readRunQueueMs } from './harness-health.ts';

/** Sums since the processes began; null for what cannot be seen from here. */
export type ServerUsage = {
  readonly nodeCpuMs: number;
  readonly workerCpuMs: number;
  readonly nodeMemoryMb: number;
  readonly workerMemoryMb: number | null;
  /** Waiting for a processor while ready to run, of the process that waited most; null where it cannot be seen. */
  readonly runQueueMs: number | null;
};

export type ServerMeter = () => Promise<ServerUsage | null>;

/** The kernel counts in hundredths of a second on every Linux we run on. */
const MS_PER_TICK = 10;
const KB_PER_MB = 1_024;

/** Watches a process and its children on this machine. */
export function meterProcesses(pid: number): ServerMeter {
  return async () => {
    const children = listDescendants(pid).filter((child) =>
      readText(`/proc/${child}/cmdline`).includes('mediasoup-worker'),
    );
    const sum = (read: (pid: number) => number): number => children.reduce((total, child) => total + read(child), 0);
    return {
      nodeCpuMs: readCpuMs(pid),
      workerCpuMs: sum(readCpuMs),
      nodeMemoryMb: readPssMb(pid),
      workerMemoryMb: sum(readPssMb),
      runQueueMs: Math.max(...[pid, ...children].map(readRunQueueMs)),
    };
  };
}

/** Asks a deployment elsewhere; its workers' memory is not told. */
export function meterDeployment(serverUrl: string): ServerMeter {
  return async () => {
    const answer = await fetch(new URL('/metrics', serverUrl)).catch(() => null);
    return answer?.ok ? parseMetrics(await answer.text()) : null;
  };
}

/** Reads the Prometheus text; null when it lacks the names this needs. */
export function parseMetrics(text: string): ServerUsage | null {
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const nodeCpuMs = value('process_cpu_seconds_total') * 1_000;
  const workerCpuMs = value('sallyport_worker_cpu_seconds_total') * 1_000;
  const nodeMemoryMb = value('process_resident_memory_bytes') / KB_PER_MB / KB_PER_MB;
  if (![nodeCpuMs, workerCpuMs, nodeMemoryMb].every(Number.isFinite)) return null;
  return { nodeCpuMs, workerCpuMs, nodeMemoryMb, workerMemoryMb: null, runQueueMs: null };
}

function listDescendants(pid: number): readonly number[] {
  const children = listThreads(pid).flatMap((thread) =>
    readText(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return [...children, ...children.flatMap(listDescendants)];
}

function listThreads(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** User and system time; the fields are counted from behind the name, which may hold spaces. */
function readCpuMs(pid: number): number {
  const text = readText(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MS_PER_TICK;
}

/** Shared pages are counted by share, so that processes can be added up. */
function readPssMb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readText(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / KB_PER_MB;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
