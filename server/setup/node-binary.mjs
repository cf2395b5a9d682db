// The project's own Node. The `node` package brings its binary by an install script, which packages.mjs does
// not run; here that one script is run on purpose, and the link that npm could not make is made.
import { existsSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { npmEnvironment } from './packages.mjs';
import { binDir, modulesDir, projectNode } from './paths.mjs';
import { ask, runLines } from './processes.mjs';
import { SetupFault, say } from './say.mjs';

// The binary is about 45 MB to fetch; ten minutes allow for a slow line.
const fetchTimeoutMs = 10 * 60_000;
const linkTarget = join('..', 'node', 'bin', 'node');

/** Provides node_modules/node/bin/node and the link node_modules/.bin/node. */
export async function provideNode() {
  const packageDir = join(modulesDir, 'node');
  if (!existsSync(projectNode)) {
    const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
    say(`fetching Node ${version}, which runs the server, beside the one of this system`);
    const lines = [];
    const code = await runLines('node', ['installArchSpecificPackage.js'], {
      cwd: packageDir,
      env: npmEnvironment(),
      timeoutMs: fetchTimeoutMs,
      onLine: (line) => lines.push(line),
    });
    const works = existsSync(projectNode) && ask(projectNode, ['--version']).stdout.trim() === `v${version}`;
    if (code !== 0 || !works) {
      rmSync(projectNode, { force: true });
      throw new SetupFault(`Node ${version} could not be installed:\n${lines.slice(-20).join('\n')}`);
    }
  }
  linkNode(join(binDir, 'node'));
}

function linkNode(link) {
  try {
    if (readlinkSync(link) === linkTarget) return;
  } catch {
    // No link yet, or a plain file in its place: both are replaced below.
  }
  rmSync(link, { force: true });
  symlinkSync(linkTarget, link);
}
