// The table of npm scripts: what each needs on this machine and what it then runs. `provision` makes the needs
// true in order; each of them costs nothing when there is nothing to do. Called by main.mjs.
import { join } from 'node:path';
import { provideNode } from './node-binary.mjs';
import { providePackages } from './packages.mjs';
import { providePages } from './pages.mjs';
import { binDir, projectNode, projectPath, rootDir } from './paths.mjs';
import { runForeground } from './processes.mjs';
import { say } from './say.mjs';
import { provideSystemPackages } from './system-packages.mjs';
import { findWorker, makeWorker } from './worker.mjs';

const cli = ['server/src/cli.ts'];
const [tap, tsc, biome, knip] = ['tap', 'tsc', 'biome', 'knip'].map((name) => join(binDir, name));

const everything = ['server', 'cameras', 'tests'];

/** Command name -> the system packages it needs, whether it needs the pages, and the programs it runs in turn. */
export const commands = {
  setup: { system: everything, pages: true, runs: () => [] },
  start: { system: ['server'], pages: true, runs: (args) => [[...cli, 'serve', ...args]] },
  demo: { system: ['server', 'cameras'], pages: true, runs: (args) => [[...cli, 'demo', ...args]] },
  doctor: { system: ['server'], pages: false, runs: (args) => [[...cli, 'doctor', ...args]] },
  loadtest: { system: ['server'], pages: true, runs: (args) => [['loadtest/src/main.ts', ...args]] },
  test: { system: everything, pages: true, runs: (args) => [[tap, ...only(args)]] },
  check: {
    system: everything,
    pages: true,
    runs: (args) => [[biome, 'check', '.'], [tsc, '-p', '.'], [tsc, '-p', 'server/src/domain'], [knip], [tap, ...args]],
  },
};

// Part of the tests covers part of the code; only a whole run is held to the floor of .taprc.
function only(args) {
  return args.length === 0 ? [] : ['--disable-coverage', ...args];
}

/** Provisions what the command needs; gives the environment in which it must run. */
export async function provision(command) {
  await providePackages();
  await provideNode();
  const found = await findWorker();
  await provideSystemPackages(...command.system, ...(found === undefined ? ['worker-build'] : []));
  const worker = found ?? (await makeWorker());
  if (command.pages) await providePages();
  return { ...process.env, PATH: projectPath(), MEDIASOUP_WORKER_BIN: worker };
}

/** Runs the command's programs in turn, all of them even when one fails; gives the first exit code that is not 0. */
export async function run(command, args, environment) {
  const programs = command.runs(args);
  let firstFailure = 0;
  for (const program of programs) {
    const title = program.map((word) => word.replace(`${rootDir}/`, '')).join(' ');
    if (programs.length > 1) say(title);
    const code = await runForeground(projectNode, program, { cwd: rootDir, env: environment });
    if (code !== 0 && programs.length > 1) say(`failed (${code}): ${title}`);
    firstFailure ||= code;
    // 128 and more: a signal ended it, so somebody wants the rest to end too.
    if (code >= 128) break;
  }
  return firstFailure;
}
