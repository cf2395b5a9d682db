// The media worker: finds or makes one that passes the smoke test. Candidates in order: the binary that the
// operator names, the cache, mediasoup's own prebuilt download, a build from the npm package's sources.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { cacheDir, modulesDir } from './paths.mjs';
import { say } from './say.mjs';
import { buildWorker } from './worker-build.mjs';
import { downloadWorker } from './worker-download.mjs';
import { overlayHash } from './worker-overlay.mjs';
import { runsHere, smokeTest } from './worker-smoke.mjs';

/** Gives the path of a media worker that needs no build and works on this system, or undefined. */
export async function findWorker() {
  const named = process.env['MEDIASOUP_WORKER_BIN'];
  if (named && (await accepts(named, 'MEDIASOUP_WORKER_BIN'))) return named;
  const cached = cachedWorkerPath();
  if (runsHere(cached)) return cached;
  return withLock(lockPath(cached), async () => {
    if (runsHere(cached)) return cached;
    const downloaded = await downloadWorker();
    if (downloaded === undefined || !(await accepts(downloaded, "mediasoup's prebuilt worker"))) return undefined;
    install(downloaded, cached);
    return cached;
  });
}

/** Builds a media worker, unless another command just did, and gives its path. */
export async function makeWorker() {
  const cached = cachedWorkerPath();
  return withLock(lockPath(cached), async () => {
    if (runsHere(cached)) return cached;
    await buildWorker(dirname(cached), async (built) => {
      await smokeTest(built);
      install(built, cached);
    });
    say(`the media worker is ready and kept in ${cached}`);
    return cached;
  });
}

/** Where this version's worker is kept; a binary gets there only after its smoke test. */
export function cachedWorkerPath() {
  const { version } = JSON.parse(readFileSync(join(modulesDir, 'mediasoup', 'package.json'), 'utf8'));
  return join(cacheDir, 'worker', `${version}-${process.arch}-${overlayHash()}`, 'mediasoup-worker');
}

function lockPath(cached) {
  return join(dirname(cached), 'lock');
}

async function accepts(binary, origin) {
  try {
    await smokeTest(binary);
    return true;
  } catch (error) {
    say(`${origin} (${binary}) is not used: ${error.message}`);
    return false;
  }
}

function install(binary, target) {
  mkdirSync(dirname(target), { recursive: true });
  const beside = `${target}.${process.pid}`;
  copyFileSync(binary, beside);
  chmodSync(beside, 0o755);
  renameSync(beside, target);
}
