// Builds the media worker from the sources in mediasoup's npm package, with this system's libraries in place of
// the third-party sources that the package leaves to a download. About 6 minutes on two cores, once per machine.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { modulesDir } from './paths.mjs';
import { ask, runLines } from './processes.mjs';
import { progressOf, SetupFault, say } from './say.mjs';
import { applyOverlay } from './worker-overlay.mjs';

const buildTimeoutMs = 2 * 60 * 60_000;
// The largest source file takes g++ about 1 GB; more jobs than memory allows would end in the swap.
const memoryPerJobBytes = 1.5 * 1024 ** 3;
const logLinesKept = 400;

/**
 * Builds (the group 'worker-build' of system-packages.mjs must be there) in a temporary folder below `dir` and hands the binary to `use`; the folder is gone afterwards.
 * On failure the end of the build's output is kept beside it as build.log.
 */
export async function buildWorker(dir, use) {
  say("building the media worker from mediasoup's sources (about 6 minutes on two cores, once per machine)");
  mkdirSync(dir, { recursive: true });
  const buildDir = mkdtempSync(join(dir, 'build-'));
  const stop = () => {
    rmSync(buildDir, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const sourceDir = join(buildDir, 'worker');
    cpSync(join(modulesDir, 'mediasoup', 'worker'), sourceDir, {
      recursive: true,
      filter: (path) => !path.endsWith('/out') && !path.endsWith('/prebuild'),
    });
    applyOverlay(sourceDir);
    await compile(sourceDir, join(dir, 'build.log'));
    const binary = join(sourceDir, 'build', 'mediasoup-worker');
    ask('strip', [binary]);
    await use(binary);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    rmSync(buildDir, { recursive: true, force: true });
  }
}

async function compile(sourceDir, logPath) {
  const log = [];
  const keep = (line) => {
    log.push(line);
    if (log.length > logLinesKept) log.shift();
  };
  const progress = progressOf('building the media worker');
  const jobs = Math.max(1, Math.min(cpus().length, Math.floor(totalmem() / memoryPerJobBytes)));
  const steps = [
    ['meson', ['setup', 'build', '--buildtype', 'release', '-Db_ndebug=true']],
    ['ninja', ['-C', 'build', '-j', String(jobs), 'mediasoup-worker']],
  ];
  for (const [program, args] of steps) {
    const code = await runLines('nice', ['-n', '10', program, ...args], {
      cwd: sourceDir,
      env: { ...process.env, NINJA_STATUS: '[%f/%t] ' },
      timeoutMs: buildTimeoutMs,
      onLine: (line) => {
        keep(line);
        const counted = /^\[(\d+)\/(\d+)\]/.exec(line);
        if (counted !== null) progress.step(Number(counted[1]), Number(counted[2]));
      },
    });
    if (code === 0) continue;
    progress.end();
    writeFileSync(logPath, log.join('\n'));
    throw new SetupFault(`${program} failed (${code}); the log is ${logPath}. It ends:\n${log.slice(-15).join('\n')}`);
  }
  progress.end();
}
