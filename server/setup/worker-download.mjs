// mediasoup's own way to a worker: its install script downloads a prebuilt binary. That script's other half,
// a build of its own that needs pip and the network, is cut off; worker-build.mjs does that better.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modulesDir, projectNode } from './paths.mjs';
import { runLines } from './processes.mjs';
import { say } from './say.mjs';

// The file is a few MB; a network that has not delivered it after a minute will not.
const downloadTimeoutMs = 60_000;

/** Gives the path of the downloaded worker, or undefined where it cannot be had. */
export async function downloadWorker() {
  say("asking for mediasoup's prebuilt media worker");
  const packageDir = join(modulesDir, 'mediasoup');
  const binary = join(packageDir, 'worker', 'out', 'Release', 'mediasoup-worker');
  const reasons = [];
  const code = await runLines(projectNode, ['npm-scripts.mjs', 'postinstall'], {
    cwd: packageDir,
    env: downloadEnvironment(),
    timeoutMs: downloadTimeoutMs,
    onLine: (line) => line.includes('failed to download') && reasons.push(line.replace(/^.*failed to/, 'failed to')),
  });
  if (code === 0 && existsSync(binary)) return binary;
  say(`no prebuilt worker: ${reasons[0] ?? (code === 124 ? 'no answer within a minute' : 'none for this system')}`);
  return undefined;
}

// PYTHON=false makes the script's fallback, the build by pip, fail at its first command.
function downloadEnvironment() {
  const environment = { ...process.env, PYTHON: 'false' };
  delete environment['MEDIASOUP_WORKER_BIN'];
  delete environment['MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD'];
  delete environment['MEDIASOUP_LOCAL_DEV'];
  return environment;
}
