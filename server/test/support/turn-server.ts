/* Debian's coturn for a test, set up as server/README.md tells an operator to: a shared secret, one peer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type TurnServer = {
  /** TURN by UDP and by TCP. */
  readonly urls: readonly string[];
  /** What it wrote, the newest at the end. */
  said(): string;
  stop(): Promise<void>;
};

const program = '/usr/bin/turnserver';
const START_WITHIN_MS = 15_000;

/** Starts coturn on one address; it relays to that address alone. Rejects with its own words when it does not come up. */
export async function startTurnServer(address: string, port: number, secret: string): Promise<TurnServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-turn-'));
  const options = [
    ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--log-file=stdout', '--simple-log', '--fingerprint'],
    ...[`--listening-ip=${address}`, `--relay-ip=${address}`, `--listening-port=${port}`],
    ...[`--min-port=${port + 1}`, `--max-port=${port + 20}`, '--realm=sallyport.example'],
    ...['--use-auth-secret', `--static-auth-secret=${secret}`],
    ...['--denied-peer-ip=0.0.0.0-255.255.255.255', '--denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ...[`--allowed-peer-ip=${address}`, `--userdb=${join(directory, 'db')}`, `--pidfile=${join(directory, 'pid')}`],
  ];
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-20_000);
    });
  }
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(directory, { recursive: true, force: true });
  };
  const deadlineMs = performance.now() + START_WITHIN_MS;
  while (!(await Promise.race([accepts(address, port), failed]))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await stop();
      throw new Error(`coturn did not start: ${said}`);
    }
    await delay(50);
  }
  const urls = ['udp', 'tcp'].map((transport) => `turn:${address}:${port}?transport=${transport}`);
  return { urls, said: () => said, stop };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (accepted: boolean) => () => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}
