/*
 * A network of its own behind a bad line, for viewers that are not on this machine: a namespace with addresses of both
 * IP versions, and loss, delay or a firewall in between. Needs root; rejects where that is refused. See far-network.py.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startChromium, type TestBrowser } from './chromium.ts';

export type LineWish = {
  /** Share of packets lost, each way. */
  readonly loss?: number;
  /** Each way. */
  readonly delayMs?: number;
  readonly udp?: 'passed' | 'dropped';
};
export type LineCounts = { readonly passed: number; readonly lost: number; readonly blocked: number };

export type FarNetwork = {
  /** This machine's addresses, as the far side sees them. */
  readonly near: { readonly v4: string; readonly v6: string };
  /** Changes the line from now on; answers what has passed it so far. */
  change(wish: LineWish): Promise<LineCounts>;
  /** Runs `ip` on the far side. */
  ip(...words: readonly string[]): void;
  /** A browser on the far side. */
  startChromium(extraFlags?: readonly string[]): Promise<TestBrowser>;
  /** Ends it with everything in it; idempotent. */
  close(): Promise<void>;
};

const fileAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
let opened = 0;

/** Opens a network; the same `seed` loses the same packets of the same traffic. */
export async function openFarNetwork(seed = 1): Promise<FarNetwork> {
  opened += 1;
  const number = ((process.pid + opened * 83) % 250) + 1;
  const child = spawn('/usr/bin/python3', [fileAt('far-network.py'), String(number), String(seed)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the far network has ended: ${said}`);
    return JSON.parse(value);
  };
  await next();
  return {
    near: { v4: `10.231.${number}.1`, v6: `fd5a:117:${number}::1` },
    change: async (wish) => {
      child.stdin.write(`${JSON.stringify(wish)}\n`);
      return (await next()) as LineCounts;
    },
    ip: (...words) => void execFileSync('nsenter', [`--net=/proc/${child.pid}/ns/net`, 'ip', ...words]),
    startChromium: (extraFlags) =>
      startChromium(extraFlags, {
        executablePath: fileAt('far-chromium.sh'),
        env: { ...process.env, FAR_NETWORK_PID: String(child.pid) },
      }),
    close: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}
