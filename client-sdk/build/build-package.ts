/*
 * Builds the package as it is published, a directory of its own: four ESM entries, one file with everything for pages
 * without a bundler, source maps, declarations and a package.json. Inside the workspace the sources are imported as
 * they are. Called by main.ts and by the tests, so that what is measured is what is shipped.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { copyTexts, writeDeclarations } from './declarations.ts';

const home = fileURLToPath(new URL('..', import.meta.url));
/** Browsers of 2023 and later, which have constructable style sheets in shadow trees. */
const TARGET = 'es2022';

type Bundle = {
  readonly entry: string;
  readonly fileName: string;
  /** Entries of ours that this one imports rather than holds: sources, and what they are called in the package. */
  readonly shares?: Readonly<Record<string, string>>;
};

const bundles: readonly Bundle[] = [
  { entry: 'src/index.ts', fileName: 'index.js' },
  { entry: 'src/publisher/index.ts', fileName: 'publisher.js' },
  // Two entries in one page must mean the same classes, so the elements import what they show.
  { entry: 'elements/index.ts', fileName: 'elements.js', shares: { '/src/index.ts': './index.js' } },
  {
    entry: 'elements/publisher.ts',
    fileName: 'publisher-element.js',
    shares: { '/src/publisher/index.ts': './publisher.js' },
  },
  { entry: 'elements/all.ts', fileName: 'sallyport.js' },
];

/** What an import of another entry is called; undefined for everything else. */
const sharedName = (shares: Readonly<Record<string, string>>, id: string): string | undefined =>
  Object.entries(shares).find(([source]) => id.endsWith(source))?.[1];

async function bundle({ entry, fileName, shares = {} }: Bundle, outDir: string): Promise<void> {
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
        external: (id) => sharedName(shares, id) !== undefined,
        output: {
          format: 'es',
          entryFileNames: fileName,
          minify: true,
          paths: (id) => sharedName(shares, id) ?? id,
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
    sideEffects: ['./elements.js', './publisher-element.js', './sallyport.js'],
    types: './types/src/index.d.ts',
    exports: {
      '.': { types: './types/src/index.d.ts', default: './index.js' },
      './elements': { types: './types/elements/index.d.ts', default: './elements.js' },
      './publisher': { types: './types/src/publisher/index.d.ts', default: './publisher.js' },
      './publisher-element': { types: './types/elements/publisher.d.ts', default: './publisher-element.js' },
      './sallyport.js': { types: './types/elements/all.d.ts', default: './sallyport.js' },
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
