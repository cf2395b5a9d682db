// Decides whether a media worker can be used here. A worker that starts may still die in its first DTLS
// handshake, so the full test (worker-smoke/main.mjs) makes one; its success is noted, as it takes a second.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, projectNode, rootDir } from './paths.mjs';
import { ask } from './processes.mjs';
import { SetupFault } from './say.mjs';
import { provideSystemPackages } from './system-packages.mjs';

// Started without MEDIASOUP_VERSION, a worker that can run at all answers with this exit code.
const bareExitCode = 41;

/** Tells whether the binary is there and starts: all its libraries are found and the processor suits. */
export function runsHere(binary) {
  return existsSync(binary) && ask(binary, [], { env: {} }).code === bareExitCode;
}

/** Makes the worker carry one DTLS handshake and one decrypted packet; throws a SetupFault saying what failed. */
export async function smokeTest(binary) {
  if (!runsHere(binary)) throw new SetupFault('it does not start on this system');
  const noted = notePath(binary);
  if (existsSync(noted)) return;
  await provideSystemPackages('smoke');
  const main = join(rootDir, 'server', 'setup', 'worker-smoke', 'main.mjs');
  const environment = { ...process.env, MEDIASOUP_WORKER_BIN: binary };
  const result = ask(projectNode, [main], { env: environment });
  if (!result.ok) throw new SetupFault(`its smoke test failed: ${result.stderr.trim() || `exit code ${result.code}`}`);
  mkdirSync(dirname(noted), { recursive: true });
  writeFileSync(noted, binary);
}

function notePath(binary) {
  const { size, mtimeMs } = statSync(binary);
  const key = createHash('sha256').update(`${binary}\0${size}\0${mtimeMs}`).digest('hex').slice(0, 16);
  return join(cacheDir, 'worker', 'smoke-passed', key);
}
