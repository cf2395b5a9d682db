/*
 * Pictures do not outlive the server: a control process that is killed, stopped or hung takes its media workers
 * along, whichever way it ends. The worker, the watchdog and the signals are real.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { killIfSame, type ProcessIdentity, readIdentity } from '../../src/media/process-identity.ts';
import { findFreePorts } from './support/free-ports.ts';
import { waitUntil } from './support/wait-until.ts';

const LEASE_MS = 1_000;
const PROGRAM = fileURLToPath(new URL('./support/control-process.ts', import.meta.url));

type Control = {
  readonly child: ChildProcess;
  readonly workers: readonly ProcessIdentity[];
  readonly watchdog: ProcessIdentity;
  /** Resolves when the control process names workers that are not these, and they live. */
  replaced(): Promise<void>;
};

/** Starts a control process with two workers; whatever is left of it is ended with the test. */
async function startControl(t: Test): Promise<Control> {
  const port = await findFreePorts(2);
  const child = spawn(process.execPath, [PROGRAM, String(port), '2', String(LEASE_MS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  const reading = createInterface(child.stdout).on('line', (line) => lines.push(line));
  await once(reading, 'line');
  const { workerPids, watchdogPid } = JSON.parse(lines[0] ?? '');
  const workers: ProcessIdentity[] = workerPids.map(identityOf);
  t.equal(workers.length, 2);
  const isReplaced = () => {
    const latest: { readonly workerPids: number[] } = JSON.parse(lines.at(-1) ?? '');
    return latest.workerPids.length === 2 && !latest.workerPids.some((pid) => workers.some((old) => old.pid === pid));
  };
  return {
    child,
    workers,
    watchdog: identityOf(watchdogPid),
    replaced: () => waitUntil('new workers', isReplaced, 10_000),
  };
}

function identityOf(pid: number): ProcessIdentity {
  const identity = readIdentity(pid);
  if (!identity) throw new Error(`process ${pid} does not live`);
  return identity;
}

const lives = ({ pid, startMark }: ProcessIdentity) => readIdentity(pid)?.startMark === startMark;

t.test('killed: workers and watchdog are gone within 2 s', async (t) => {
  const { child, workers, watchdog } = await startControl(t);
  child.kill('SIGKILL');
  await waitUntil('the workers to go', () => !workers.some(lives), 2_000);
  await waitUntil('the watchdog to go', () => !lives(watchdog), 2_000);
  t.notOk(workers.some(lives));
});

t.test('killed together with its watchdog: the workers see their channel close', async (t) => {
  const { child, workers, watchdog } = await startControl(t);
  killIfSame(watchdog);
  child.kill('SIGKILL');
  await waitUntil('the workers to go', () => !workers.some(lives), 2_000);
  t.notOk(workers.some(lives));
});

t.test('stopped (SIGSTOP): workers are gone within the lease and 2 s; woken, it starts new ones', async (t) => {
  const { child, workers, watchdog, replaced } = await startControl(t);
  child.kill('SIGSTOP');
  await waitUntil('the workers to go', () => !workers.some(lives), LEASE_MS + 2_000);
  t.ok(lives(watchdog), 'the watchdog stays on guard');
  child.kill('SIGCONT');
  await replaced();
  child.kill('SIGKILL');
  await waitUntil('the watchdog to go', () => !lives(watchdog), 2_000);
});

t.test('killed while its workers are stopped, and so see no channel: the watchdog kills them', async (t) => {
  const { child, workers } = await startControl(t);
  for (const { pid } of workers) process.kill(pid, 'SIGSTOP');
  child.kill('SIGKILL');
  await waitUntil('the workers to go', () => !workers.some(lives), 2_000);
  t.notOk(workers.some(lives));
});
