// Where things lie: the clone, its installed packages, and the cache outside the clone that keeps what is
// slow to make (the media worker) from one clone to the next. Pure but for reading the environment.
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone. */
export const rootDir = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The installed packages; may not exist yet. */
export const modulesDir = join(rootDir, 'node_modules');

/** The folder of the installed packages' programs; the command's PATH starts with it. */
export const binDir = join(modulesDir, '.bin');

/** The project's own Node; see node-binary.mjs. */
export const projectNode = join(modulesDir, 'node', 'bin', 'node');

/** The cache shared by all clones of one user. */
export const cacheDir = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sallyport');

/** Gives PATH as the command gets it: the project's programs (and so its Node) first. */
export function projectPath() {
  return [binDir, foreignPath()].join(delimiter);
}

/** Gives PATH without any clone's programs, so that npm is not run by a Node that it is about to replace. */
export function foreignPath() {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => entry !== '' && !entry.includes('node_modules'))
    .join(delimiter);
}
