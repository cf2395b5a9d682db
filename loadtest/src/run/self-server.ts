/*
 * A server of the harness's own for `--self`: started by its command line on a data directory that is thrown away, as an
 * operator would start it. Nothing of its insides is used.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cli = fileURLToPath(new URL('../../../server/src/cli.ts', import.meta.url));
const runFile = promisify(execFile);
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
const LOOK_MS = 50;
const SAID_CHARS = 2_000;
/** Media ports follow one another, one for each worker. */
const WORKERS_MAX = 16;

export type SelfServer = {
  readonly url: string;
  readonly pid: number;
  readonly operatorKey: string;
  stop(): Promise<void>;
};

/** Starts it and makes an operator's key. Rejects with the server's own words. */
export async function startSelfServer(workers: number): Promise<SelfServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-loadtest-'));
  const port = await freePort();
  const rtcPort = await freePort();
  const env = {
    ...process.env,
    SALLYPORT_DATA_DIR: directory,
    SALLYPORT_PORT: String(port),
    SALLYPORT_RTC_PORT: String(Math.min(rtcPort, 65_535 - WORKERS_MAX)),
    SALLYPORT_WORKERS: String(workers),
    SALLYPORT_CAMERA_NETWORKS: '127.0.0.1/32',
    // The viewers speak for many addresses, as a proxy does: a server takes so many connections of one.
    SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,::1',
    SALLYPORT_LOG_LEVEL: 'error',
  };
  const child = spawn(process.execPath, [cli, 'serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    await stopChild(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const url = `http://localhost:${port}`;
    await untilReady(child, url);
    const made = await runFile(process.execPath, [cli, 'key', 'create', '--role', 'operator'], { env });
    return { url, pid: child.pid ?? 0, operatorKey: made.stdout.trim(), stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_CHARS);
  });
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server did not start: ${said.trim()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (performance.now() > deadlineMs) throw new Error(`the server was not ready within 30 s: ${said.trim()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
