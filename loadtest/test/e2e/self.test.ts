/*
 * Whole runs against a server of the harness's own, by the command line as an operator starts it: real admission, real media
 * worker, real packets. What is asserted are counts and agreement; how fast it was depends on who else uses the machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { listDescendants, stillRunning } from '../../../server/test/support/server-process.ts';
import type { RunResult } from '../../src/run/conclusion.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const small = ['--self', '--cameras', '2', '--size', '320x180', '--bitrate', '400k', '--gop', '1s', '--agents', '1'];

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

async function run(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}

t.test('ten viewers watch, the ledger agrees, and the report says so', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-loadtest-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const [json, html] = [join(directory, 'run.json'), join(directory, 'run.html')];
  const files = ['--json', json, '--html', html];
  const always = ['--threshold', 'viewers_max>=12', '--threshold', 'joins_failed==0', '--threshold', 'joins_denied==0'];
  const ended = await run(...small, '--viewers', '10', '--duration', '6s', ...always, ...files);
  const result: RunResult = JSON.parse(await readFile(json, 'utf8'));
  t.equal(ended.code, result.verdict.standing === 'INVALID' ? 3 : 0, `${ended.stdout}\n${ended.stderr}`);
  t.match(result.thresholds, [
    { text: 'denials_let_through==0', verdict: 'pass' },
    { text: 'ledger_mismatches==0', verdict: 'pass' },
    ...[1, 2, 3].map(() => ({ verdict: 'pass' })),
  ]);
  const { figures, ledger } = result;
  t.equal(figures['join_count'], 10);
  t.equal(figures['first_frame_count'], 10);
  t.equal(ledger.started, ledger.ended);
  t.ok(ledger.started >= 12, 'ten, and those of the canary');
  t.ok((figures['frames'] ?? 0) > 100, 'pictures came');
  t.ok((result.canary['latency_count'] ?? 0) > 0, 'the ingest stamps them');
  t.ok((figures['server_cores'] ?? 0) > 0);
  t.not(figures['memory_mb_per_camera'], null);
  t.match(ended.stdout, /Verdict: (VALID|DEGRADED|INVALID)/);
  t.match(ended.stderr, /viewers \d+\/13/, 'it says how it goes');
  const page = await readFile(html, 'utf8');
  t.match(page, /<svg/);
  t.notMatch(page, /NaN|undefined|src=|href=/, 'one page, whole');
  t.notMatch(JSON.stringify(result), /sp_|operator-key/, 'no key in the report');
});

t.test(
  'withdrawals go dark, old tokens are refused, everybody comes back; a threshold that fails says 99',
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'sallyport-loadtest-'));
    t.teardown(() => rm(directory, { recursive: true }));
    const json = join(directory, 'run.json');
    const scenario = ['--scenario', 'withdrawals', '--every', '2s', '--viewers', '4', '--duration', '8s'];
    const ended = await run(...small, ...scenario, '--threshold', 'withdrawals<1', '--json', json);
    const result: RunResult = JSON.parse(await readFile(json, 'utf8'));
    t.equal(ended.code, result.verdict.standing === 'INVALID' ? 3 : 99, `${ended.stdout}\n${ended.stderr}`);
    const { figures, ledger } = result;
    t.ok((figures['withdrawals'] ?? 0) >= 1);
    t.ok((figures['denials_tried'] ?? 0) >= 1);
    t.equal(figures['denials_let_through'], 0);
    t.equal(figures['dark_count'], figures['withdrawals'], 'each was seen to go dark');
    t.equal(ledger.mismatches, 0, ledger.examples.join('\n'));
    t.ok(ledger.started > 4 + 2, 'they came back');
  },
);

t.test('bad input ends with 2 and words, before anything is started', async (t) => {
  const ended = await run('--self', '--viewers', 'many', '--threshold', 'speed<1');
  t.equal(ended.code, 2);
  t.match(ended.stderr, /--viewers many: must be a whole number/);
  t.match(ended.stderr, /there is no figure "speed"/);
  t.equal(ended.stdout, '');
});

t.test('a stop takes everything down that was started', async (t) => {
  const child = spawn(process.execPath, [main, ...small, '--viewers', '2', '--duration', '60s'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close').then(() => Promise.reject(new Error(`it ended by itself: ${said}`)));
  ended.catch(() => undefined);
  while (!/2 viewers in/.test(said)) await Promise.race([once(child.stderr, 'data'), ended]);
  const started = listDescendants(child.pid ?? 0);
  t.ok(started.length >= 5, 'server, worker, cameras and agents');
  child.kill('SIGTERM');
  await once(child, 'close');
  t.equal(child.exitCode, 1);
  t.match(said, /stopped by SIGTERM/);
  t.same(stillRunning(started), []);
});

t.test('a deployment that is not there is named', async (t) => {
  const ended = await run('--url', 'http://127.0.0.1:9', '--agency-key', 'k', '--incident', 'inc_1');
  t.equal(ended.code, 1);
  t.match(ended.stderr, /http:\/\/127\.0\.0\.1:9 cannot be reached/);
});
