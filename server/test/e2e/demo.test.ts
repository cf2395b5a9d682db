/*
 * The demo as a newcomer runs it: it prints links, they answer, and Ctrl-C (sent twice, as npm and a terminal do) leaves
 * no process and no file behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { listDescendants, stillRunning } from '../support/server-process.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

t.test('links that work, and nothing left after Ctrl-C', { timeout: 120_000 }, async (t) => {
  const scratch = await mkdtemp(join(tmpdir(), 'sallyport-demo-test-'));
  t.teardown(() => rm(scratch, { recursive: true, force: true }));
  const demo = spawn(process.execPath, [cli, 'demo'], {
    env: { ...process.env, TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const heard = new Promise<void>((resolve, reject) => {
    demo.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ctrl-C')) resolve();
    });
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
  });
  await heard;
  const links = [...said.matchAll(/http:\S+\.html\S*/g)].map(([link]) => link);
  t.equal(links.length, 5, 'five links');
  for (const link of links) {
    const answer = await fetch(link);
    t.equal(answer.status, 200, link.replace(/#.*/, ''));
    t.match(answer.headers.get('content-type'), 'text/html');
  }
  const descendants = listDescendants(demo.pid ?? 0);
  t.ok(descendants.length >= 3, 'cameras, a media worker and a watchdog run');
  t.equal((await readdir(scratch)).length, 1, 'its data is in one temporary directory');

  const ended = once(demo, 'exit');
  demo.kill('SIGINT');
  demo.kill('SIGINT');
  t.same(await ended, [0, null], 'a clean end');
  t.same(stillRunning(descendants), [], 'nothing runs on');
  t.same(await readdir(scratch), [], 'nothing is left on the disk');
  t.notOk(existsSync(join(process.cwd(), 'data')), 'and nothing was written here');
});
