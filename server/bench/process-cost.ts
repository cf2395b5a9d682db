/* What processes have cost and hold, by the kernel's own books: CPU time of every thread, and memory shared out (PSS). */
import { readdirSync, readFileSync } from 'node:fs';

/** CPU time since the process began, in milliseconds; 0 for one that has gone. */
export function cpuMs(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const [onCpuNs = 0] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ').map(Number);
      return sum + onCpuNs / 1e6;
    }, 0);
  } catch {
    return 0;
  }
}

/** Memory in bytes, each shared page counted by its share. */
export function memoryBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1_024;
}
