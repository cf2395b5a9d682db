// The media worker's smoke test on the worker that the other tests use, and on programs that are no worker.
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const main = fileURLToPath(new URL('../../setup/worker-smoke/main.mjs', import.meta.url));
const setup: { runsHere: (binary: string) => boolean } = await import(
  new URL('../../setup/worker-smoke.mjs', import.meta.url).href
);

function smoke(binary: string | undefined) {
  const environment = binary === undefined ? process.env : { ...process.env, MEDIASOUP_WORKER_BIN: binary };
  return spawnSync(process.execPath, [main], { encoding: 'utf8', env: environment });
}

t.test('the worker in use passes ICE, DTLS and SRTP', async (t) => {
  t.match(smoke(undefined), { status: 0, stderr: '' });
});

t.test('a program that is no worker is refused', async (t) => {
  t.notOk(setup.runsHere('/nowhere/mediasoup-worker'), 'a missing one');
  t.notOk(setup.runsHere('/bin/true'), 'one that answers otherwise');
  const dir = t.testdir({ 'mediasoup-worker': '#!/bin/sh\nexit 41\n' });
  const pretender = join(dir, 'mediasoup-worker');
  chmodSync(pretender, 0o755);
  t.ok(setup.runsHere(pretender), 'one that only starts like a worker gets as far as the smoke test');
  const result = smoke(pretender);
  t.not(result.status, 0, 'and no further');
  t.not(result.stderr, '', 'which says why');
});
