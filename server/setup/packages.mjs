// The npm packages: installed when they do not agree with package-lock.json, and left alone otherwise.
// `npm install --no-save` keeps to the lock and its hashes; `npm ci` would refuse a lock that does not list the
// binaries of every other operating system. Install scripts never run; the two packages that have one are served
// by node-binary.mjs and worker.mjs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foreignPath, modulesDir, rootDir } from './paths.mjs';
import { runLines } from './processes.mjs';
import { SetupFault, say } from './say.mjs';

// npm retries a slow registry by itself; half an hour means that it hangs.
const installTimeoutMs = 30 * 60_000;

/** Makes node_modules agree with package-lock.json. */
export async function providePackages() {
  const locked = readJson(join(rootDir, 'package-lock.json'));
  if (locked !== undefined && agrees(locked, readJson(join(modulesDir, '.package-lock.json')))) return;
  say('installing the npm packages (a minute or so)');
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const lines = [];
  const code = await runLines('npm', args, {
    cwd: rootDir,
    env: npmEnvironment(),
    timeoutMs: installTimeoutMs,
    onLine: (line) => lines.push(line),
  });
  if (code !== 0) throw new SetupFault(`npm ${args.join(' ')} failed:\n${lines.slice(-20).join('\n')}`);
}

/**
 * Tells whether what npm says it installed is what the lock asks for. npm writes the inner file last, so an
 * interrupted install does not agree. Optional packages are built for other systems and may be absent.
 */
export function agrees(locked, installed) {
  if (installed === undefined) return false;
  return Object.entries(locked.packages ?? {}).every(([path, wanted]) => {
    if (!path.includes('node_modules/') || wanted.link === true) return true;
    const found = installed.packages?.[path];
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

/** Gives npm the user's settings but not those that an enclosing `npm run` fixed for this clone. */
export function npmEnvironment() {
  const environment = { ...process.env, PATH: foreignPath() };
  for (const name of ['npm_config_local_prefix', 'npm_config_prefix', 'npm_config_global_prefix']) {
    delete environment[name];
  }
  return environment;
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}
