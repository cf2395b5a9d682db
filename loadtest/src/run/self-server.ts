/*
 * A server of the harness's own for `--self`: started by its command line on a data directory that is thrown away, as an
 * operator would start it. Nothing of its insides is used.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
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
/** Below what the system hands out by itself, so that no other program's socket lands on one between look and start. */
const PORTS_FROM = 10_000;
const PORTS_TO = 20_000;
const PORT_TRIES_MAX = 200;
/** A port may be taken all the same in the moment between; then the server says so, and others are tried. */
const START_TRIES_MAX = 3;

export type SelfServer = {
  readonly url: string;
  readonly pid: number;
  readonly operatorKey: string;
  stop(): Promise<void>;
};

/** Starts it and makes an operator's key. Rejects with the server's own words. */
export async function startSelfServer(workers: number): Promise<SelfServer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(workers, await freePorts(1), await freePorts(workers));
    } catch (fault) {
      if (tries >= START_TRIES_MAX || !/port .* taken/.test(String(fault))) throw fault;
    }
  }
}

async function start(workers: number, port: number, rtcPort: number): Promise<SelfServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-loadtest-'));
  const env = {
    ...process.env,
    SALLYPORT_DATA_DIR: directory,
    SALLYPORT_PORT: String(port),
    SALLYPORT_RTC_PORT: String(rtcPort),
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

/** The first of `count` ports in a row that are free for TCP and UDP alike. */
async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES_MAX; tries += 1) {
    const first = randomInt(PORTS_FROM, PORTS_TO - count);
    const row = Array.from({ length: count }, (_, at) => first + at);
    const free = await Promise.all(row.flatMap((port) => [isFreeForTcp(port), isFreeForUdp(port)]));
    if (free.every((one) => one)) return first;
  }
  throw new Error(`there are no ${count} free ports in a row from ${PORTS_FROM} to ${PORTS_TO}`);
}

function isFreeForTcp(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

function isFreeForUdp(port: number): Promise<boolean> {
  const probe = createSocket('udp4');
  return new Promise((resolve) => {
    probe.once('error', () => probe.close(() => resolve(false)));
    probe.bind(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
