/*
 * Which process a process id means: the id together with the moment the process started, since ids are used again.
 * Reads /proc, or asks ps where there is none; used by the pool, and by the watchdog before it kills.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export type ProcessIdentity = {
  readonly pid: number;
  /** Opaque; two processes with one id differ in it. */
  readonly startMark: string;
};

/** Reads who has this id now; null when nobody, or only the remains of one that has ended (a zombie). */
export function readIdentity(pid: number): ProcessIdentity | null {
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  const startMark = existsSync('/proc/self/stat') ? readProcMark(pid) : readPsMark(pid);
  return startMark === null ? null : { pid, startMark };
}

/**
 * Kills the process with SIGKILL if it is still the one meant; a stranger that has got its id since is never hit.
 * `gone`: there is no such process any more. `refused`: the system would not let us.
 */
export function killIfSame(meant: ProcessIdentity): 'killed' | 'gone' | 'refused' {
  if (readIdentity(meant.pid)?.startMark !== meant.startMark) return 'gone';
  try {
    process.kill(meant.pid, 'SIGKILL');
    return 'killed';
  } catch {
    return readIdentity(meant.pid) === null ? 'gone' : 'refused';
  }
}

/** Field 22 of /proc/pid/stat; the name in field 2 may hold spaces and brackets, so counting starts after its end. */
function readProcMark(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function readPsMark(pid: number): string | null {
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'latin1', timeout: 2_000 });
  const [state, ...started] = (ps.stdout ?? '').trim().split(/\s+/);
  return !state || state.startsWith('Z') || started.length === 0 ? null : started.join(' ');
}
