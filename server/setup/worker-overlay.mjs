// The overlay that lets the media worker be built from its npm package with this system's libraries: what is
// in it (one hash, part of the cache key) and how it is laid over a copy of the worker's sources.
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from './paths.mjs';
import { SetupFault } from './say.mjs';

const overlayDir = join(rootDir, 'server', 'setup', 'worker-overlay');

/** Gives a short hash over every file of the overlay but its README; a change of it makes a new worker. */
export function overlayHash() {
  const hash = createHash('sha256');
  for (const path of filesBelow(overlayDir).filter((file) => file !== 'README.md')) {
    const content = readFileSync(join(overlayDir, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Lays the overlay over a copy of the worker's sources: libraries first, then the patches. */
export function applyOverlay(sourceDir) {
  const subprojects = join(sourceDir, 'subprojects');
  rmSync(subprojects, { recursive: true, force: true });
  cpSync(join(overlayDir, 'subprojects'), subprojects, { recursive: true });
  for (const patch of JSON.parse(readFileSync(join(overlayDir, 'patches.json'), 'utf8'))) {
    const path = join(sourceDir, patch.file);
    writeFileSync(path, patched(readFileSync(path, 'utf8'), patch));
  }
}

/** Gives `text` with the one place that `patch.find` names replaced; none or several places is a fault. */
export function patched(text, patch) {
  const parts = text.split(patch.find);
  if (parts.length !== 2) {
    throw new SetupFault(
      `The patch for ${patch.file} no longer fits: "${patch.find}" occurs ${parts.length - 1} times instead of once. ` +
        `It is needed because: ${patch.why}`,
    );
  }
  return parts.join(patch.replace);
}

function filesBelow(dir, prefix = '') {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(dir, entry.name), `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
    )
    .sort();
}
