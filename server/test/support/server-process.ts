/*
 * The server as a process of its own, started by its command line as an operator would, for tests that kill it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const runFile = promisify(execFile);

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs one command of the command line to its end. */
export async function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  try {
    const ended = await runFile(process.execPath, [cli, ...args], { env: { ...process.env, ...env } });
    return { code: 0, ...ended };
  } catch (failure) {
    const { code, stdout, stderr } = failure as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote to standard error. */
  readonly said: () => string;
};

/** Starts `serve` and waits until it answers; rejects with its own words when it does not come up. */
export async function startServerProcess(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [cli, 'serve'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const url = `http://localhost:${env['SALLYPORT_PORT']}`;
  for (;;) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`the server did not start: ${said}`);
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return { url, pid: child.pid, child, said: () => said };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Every descendant of a process: media workers, watchdog. */
export function listDescendants(pid: number): readonly number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  const children = readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number);
  return [...children, ...children.flatMap(listDescendants)];
}

/** Of these processes, the ones that still run (a zombie does not). */
export function stillRunning(pids: readonly number[]): readonly number[] {
  return pids.filter((pid) => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  });
}

/** Ends it politely and resolves with its exit code. */
export async function stopServerProcess({ child }: ServerProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
  return child.exitCode;
}
