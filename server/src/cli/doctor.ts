/*
 * `sallyport doctor`: looks at what the server needs before it is started and says how to mend what is missing. Changes
 * nothing.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config.ts';
import type { Command } from './command.ts';
import { readConfig } from './read-config.ts';

type Finding = { readonly ok: boolean; readonly what: string; readonly mend: string };
type Probe = (config: Config) => Promise<Finding>;

const NODE_MAJOR_MIN = 22;
const runFile = promisify(execFile);

const isAllowed = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

function canListen(host: string, port: number): Promise<string | null> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', (failure: NodeJS.ErrnoException) => answer(failure.code ?? failure.message));
    server.listen(port, host, () => server.close(() => answer(null)));
  });
}

const probes: readonly Probe[] = [
  async () => ({
    ok: Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN,
    what: `Node ${process.versions.node}`,
    mend: 'Start through the npm scripts; they bring the right Node with them.',
  }),
  async () => {
    const binary = process.env['MEDIASOUP_WORKER_BIN'];
    const found = binary !== undefined && (await isAllowed(binary, constants.X_OK));
    return { ok: found, what: `media worker ${binary ?? 'not provided'}`, mend: 'Run: npm run setup' };
  },
  async () => {
    const found = await runFile('ffmpeg', ['-version']).then(
      ({ stdout }) => stdout.split('\n')[0] ?? '',
      () => null,
    );
    return { ok: found !== null, what: found ?? 'ffmpeg is missing', mend: 'Run: apt-get install ffmpeg' };
  },
  async ({ dataDirectory }) => {
    const path = resolve(dataDirectory);
    const ok = (await isAllowed(path, constants.W_OK)) || (await isAllowed(dirname(path), constants.W_OK));
    return { ok, what: `data directory ${path}`, mend: 'Make it writable, or set SALLYPORT_DATA_DIR.' };
  },
  async ({ hosts: [host], port }) => {
    const failure = await canListen(host, port);
    return {
      ok: failure === null,
      what: `HTTP on ${host}:${port}${failure ? ` (${failure})` : ''}`,
      mend: 'Set SALLYPORT_PORT to a free port; or the server already runs.',
    };
  },
  async ({ hosts: [host], rtcPort }) => {
    const failure = await canListen(host, rtcPort);
    return {
      ok: failure === null,
      what: `media on ${host}:${rtcPort}${failure ? ` (${failure})` : ''}`,
      mend: 'Set SALLYPORT_RTC_PORT to a free port; or the server already runs.',
    };
  },
];

async function run(): Promise<number> {
  const config = readConfig(process.env);
  let sound = true;
  for (const probe of probes) {
    const { ok, what, mend } = await probe(config);
    console.log(ok ? `  ok       ${what}` : `  MISSING  ${what}\n           ${mend}`);
    sound &&= ok;
  }
  return sound ? 0 : 1;
}

export const doctor: Command = { usage: 'doctor', about: 'Checks what the server needs and says how to mend it.', run };
