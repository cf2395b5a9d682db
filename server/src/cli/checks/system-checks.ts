/* Checks of the machine as a whole: its clock, and how many files and sockets a process may hold. */
import { isLoopback } from '../../config-values.ts';
import type { Finding } from '../../finding.ts';
import { type Check, mend, ok, unknown, warn } from './check.ts';
import { measureAheadMs } from './file-checks.ts';
import type { Machine } from './machine.ts';

/** Proofs and tokens are refused beyond a minute; half of that leaves room for the viewer's own clock. */
const SKEW_MS_MAX = 30_000;
const SET_CLOCK =
  'Set it, and keep it set: apt-get install chrony (or systemd-timesyncd) with a time server it reaches.';

export const clockCheck: Check = {
  about: 'the clock',
  when: 'doctor',
  look: async ({ dataDirectory, publicUrl }, machine) => {
    const aheadMs = await measureAheadMs(dataDirectory, machine.nowMs());
    if (aheadMs > 0)
      return [
        mend(`the clock is at least ${toWords(aheadMs)} behind: the data directory was written later`, SET_CLOCK),
      ];
    // On loopback it is this very machine that would answer.
    const asked = isLoopback(new URL(publicUrl).hostname) ? null : await machine.readDate(publicUrl);
    const skewMs = asked === null ? 0 : asked.oursMs - asked.theirsMs;
    if (Math.abs(skewMs) > SKEW_MS_MAX) {
      const side = skewMs > 0 ? 'ahead of' : 'behind';
      return [mend(`the clock is ${toWords(Math.abs(skewMs))} ${side} the one at ${publicUrl}`, SET_CLOCK)];
    }
    return [toKept(await askKeeper(machine))];
  },
};

function toKept(kept: 'yes' | 'no' | null): Finding {
  if (kept === 'yes') return ok('the clock is kept by a time server');
  if (kept === 'no') return warn('the clock is not kept by a time server: proofs and tokens depend on it', SET_CLOCK);
  return unknown(
    'whether the clock is right could not be checked: nothing here tells',
    'Compare it with a clock you trust: date -u',
  );
}

/** Whether something keeps the clock; null when nothing says so. */
async function askKeeper({ run, readText }: Machine): Promise<'yes' | 'no' | null> {
  const tracking = await run('chronyc', ['-n', 'tracking']);
  if (tracking !== null) return /Leap status\s*:\s*Normal/.test(tracking) ? 'yes' : 'no';
  const kept = (await run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']))?.trim();
  if (kept === 'yes' || kept === 'no') return kept;
  return (await readText('/run/systemd/timesync/synchronized')) === null ? null : 'yes';
}

function toWords(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`;
}

/** What the server holds before anybody comes: listeners, database, log, worker pipes, watchdog. */
const HANDLES_AT_REST = 100;
/** A camera's connection, its socket to the worker and the worker's own, and a transcoder's pipes beside them. */
const HANDLES_PER_CAMERA = 3;
const HANDLES_PER_TRANSCODER = 8;
const CAMERAS_ASSUMED = 50;
/** What one worker on one core carries. */
const VIEWERS_PER_WORKER = 500;
/** Fewer, and a control room's wall of tiles is not served. */
const VIEWERS_LEAST = 50;

export const handlesCheck: Check = {
  about: 'file handles',
  when: 'start',
  look: async ({ workers, transcodersMax }, { readText }) => {
    // Node raises its soft limit to the hard one.
    const row = /^Max open files\s+\S+\s+(\S+)/m.exec((await readText('/proc/self/limits')) ?? '')?.[1];
    if (row === undefined) return [unknown('how many file handles there are could not be read', 'Run: ulimit -Hn')];
    if (row === 'unlimited') return [ok('file handles without a limit')];
    const held = HANDLES_AT_REST + CAMERAS_ASSUMED * HANDLES_PER_CAMERA + transcodersMax * HANDLES_PER_TRANSCODER;
    const viewers = Math.max(0, Number(row) - held);
    const carried = workers * VIEWERS_PER_WORKER;
    const needed = 2 ** Math.ceil(Math.log2(held + carried));
    const raise = `Raise it: ulimit -n ${needed} in the shell, or LimitNOFILE=${needed} in the service's unit.`;
    const what = `${row} file handles: room for ${viewers} viewers beside ${CAMERAS_ASSUMED} cameras`;
    if (viewers < VIEWERS_LEAST) return [mend(what, raise)];
    return [viewers < carried ? warn(`${what}; the workers carry ${carried}`, raise) : ok(what)];
  },
};
