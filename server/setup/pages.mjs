// Builds the web pages with Vite when they are missing or older than what they are made of. The server only
// serves built pages; nobody should have to remember to build them.
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { modulesDir, projectNode, projectPath, rootDir } from './paths.mjs';
import { runLines } from './processes.mjs';
import { SetupFault, say } from './say.mjs';

const buildTimeoutMs = 5 * 60_000;
const webDir = join(rootDir, 'server', 'web');
const builtDir = join(webDir, 'dist');
const clientFolders = ['src', 'elements'].map((name) => join(rootDir, 'client-sdk', name));
const sources = [webDir, ...clientFolders, join(rootDir, 'protocol', 'src')];
const notSources = ['dist', 'node_modules', 'test'];

/** Makes server/web/dist newer than the sources of the pages. */
export async function providePages() {
  const config = join(webDir, 'vite.config.ts');
  if (!existsSync(config)) return;
  const newestMs = Math.max(...sources.map(newestBelowMs));
  if (existsSync(builtDir) && statSync(builtDir).mtimeMs > newestMs) return;
  say('building the pages');
  const lines = [];
  const vite = join(modulesDir, 'vite', 'bin', 'vite.js');
  const code = await runLines(projectNode, [vite, 'build', webDir, '--config', config, '--logLevel', 'warn'], {
    cwd: rootDir,
    env: { ...process.env, PATH: projectPath() },
    timeoutMs: buildTimeoutMs,
    onLine: (line) => lines.push(line),
  });
  if (code !== 0) throw new SetupFault(`vite build failed:\n${lines.slice(-40).join('\n')}`);
  const now = new Date();
  utimesSync(builtDir, now, now);
}

function newestBelowMs(dir) {
  if (!existsSync(dir)) return 0;
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !notSources.includes(entry.name))
    .map((entry) =>
      entry.isDirectory() ? newestBelowMs(join(dir, entry.name)) : statSync(join(dir, entry.name)).mtimeMs,
    )
    .reduce((newest, ms) => Math.max(newest, ms), 0);
}
