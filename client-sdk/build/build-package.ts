/*
 * Builds the package as it is published, a directory of its own: two ESM entries, one file with everything for pages
 * without a bundler, source maps, declarations and a package.json. Inside the workspace the sources are imported as
 * they are. Called by main.ts and by the tests, so that what is measured is what is shipped.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { copyTexts, writeDeclarations } from './declarations.ts';

const home = fileURLToPath(new URL('..', import.meta.url));
/** Browsers of 2023 and later, which have constructable style sheets in shadow trees. */
const TARGET = 'es2022';

type Bundle = { readonly entry: string; readonly fileName: string; readonly sharesViewer: boolean };

const bundles: readonly Bundle[] = [
  { entry: 'src/index.ts', fileName: 'index.js', sharesViewer: false },
  // Both entries in one page must mean the same classes, so the elements import the viewer's entry.
  { entry: 'elements/index.ts', fileName: 'elements.js', sharesViewer: true },
  { entry: 'elements/index.ts', fileName: 'sallyport.js', sharesViewer: false },
];

const shareViewer: Pick<Rolldown.RolldownOptions, 'external'> = { external: (id) => id.endsWith('/src/index.ts') };

async function bundle({ entry, fileName, sharesViewer }: Bundle, outDir: string): Promise<void> {
  await build({
    root: home,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: false,
      target: TARGET,
      sourcemap: true,
      rolldownOptions: {
        input: join(home, entry),
        preserveEntrySignatures: 'strict',
        ...(sharesViewer ? shareViewer : {}),
        output: {
          format: 'es',
          entryFileNames: fileName,
          minify: true,
          ...(sharesViewer ? { paths: () => './index.js' } : {}),
        },
      },
    },
  });
}

function writeManifest(outDir: string): void {
  const { name, version, description, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const manifest = {
    name,
    version,
    description,
    license,
    type: 'module',
    sideEffects: ['./elements.js', './sallyport.js'],
    types: './types/src/index.d.ts',
    exports: {
      '.': { types: './types/src/index.d.ts', default: './index.js' },
      './elements': { types: './types/elements/index.d.ts', default: './elements.js' },
      './sallyport.js': { types: './types/elements/index.d.ts', default: './sallyport.js' },
    },
    files: ['*.js', '*.js.map', 'types'],
  };
  writeFileSync(join(outDir, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Builds into an emptied directory. Rejects where anything does not compile or a public type needs another package. */
export async function buildPackage(outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  for (const one of bundles) await bundle(one, outDir);
  writeDeclarations(outDir);
  writeManifest(outDir);
  copyTexts(outDir);
}
