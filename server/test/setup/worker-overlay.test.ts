// Holds that a patch of the media worker either fits its one place or stops the build, and that the patches in
// the repository fit the mediasoup version that is installed.
import { readFileSync } from 'node:fs';
import t from 'tap';

type Patch = { readonly file: string; readonly why: string; readonly find: string; readonly replace: string };
const setup: { patched: (text: string, patch: Patch) => string; overlayHash: () => string } = await import(
  new URL('../../setup/worker-overlay.mjs', import.meta.url).href
);
const patch: Patch = { file: 'a.cpp', why: 'it dies', find: 'x == 1', replace: 'x & 1' };

t.equal(setup.patched('if (x == 1)', patch), 'if (x & 1)', 'one place is replaced');
t.throws(() => setup.patched('if (x)', patch), /a\.cpp.*0 times.*it dies/, 'no place stops the build and says why');
t.throws(() => setup.patched('x == 1 || x == 1', patch), /2 times/, 'two places stop the build');
t.match(setup.overlayHash(), /^[0-9a-f]{12}$/, 'the overlay has a hash for the cache');

const overlay = new URL('../../setup/worker-overlay/patches.json', import.meta.url);
const patches = JSON.parse(readFileSync(overlay, 'utf8')) as readonly Patch[];
const sources = new URL('../../../node_modules/mediasoup/worker/', import.meta.url);
for (const each of patches) {
  const original = readFileSync(new URL(each.file, sources), 'utf8');
  t.ok(setup.patched(original, each).includes(each.replace), `the patch for ${each.file} fits`);
}
