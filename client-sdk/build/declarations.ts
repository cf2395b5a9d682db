/*
 * The declarations of the package: emitted by tsc, cut down to what the public faces reach, and readable without any
 * other package. Called by build-package.ts.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compilerPath } from './compiler.ts';

const project = fileURLToPath(new URL('../tsconfig.build.json', import.meta.url));
const faces = [
  'src/index.d.ts',
  'src/publisher/index.d.ts',
  'elements/index.d.ts',
  'elements/publisher.d.ts',
  'elements/all.d.ts',
];
/** A compiler that takes longer hangs. */
const COMPILE_MS_MAX = 120_000;
const SPECIFIER = /(\bfrom\s+|\bimport\(|\bimport\s+)'([^']+)'/g;

/** Writes `types/src` and `types/elements` into the package. Throws where a public type needs another package. */
export function writeDeclarations(packageDir: string): void {
  const emitted = mkdtempSync(join(tmpdir(), 'sallyport-types-'));
  try {
    const args = ['-p', project, '--outDir', emitted];
    execFileSync(compilerPath(), args, { stdio: 'inherit', timeout: COMPILE_MS_MAX });
    takeReached(join(emitted, 'client-sdk'), join(packageDir, 'types'));
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

function takeReached(from: string, to: string): void {
  const waiting = [...faces];
  const taken = new Set<string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (taken.has(path)) continue;
    taken.add(path);
    const here = dirname(path);
    const text = readFileSync(join(from, path), 'utf8').replace(SPECIFIER, (_, lead: string, specifier: string) => {
      if (!specifier.startsWith('.')) throw new Error(`${path} shows a type of ${specifier}`);
      waiting.push(normalize(join(here, specifier.replace(/\.ts$/, '.d.ts'))));
      // The compiler leaves the sources' extension in declarations; consumers resolve the built one.
      return `${lead}'${specifier.replace(/\.ts$/, '.js')}'`;
    });
    mkdirSync(dirname(join(to, path)), { recursive: true });
    writeFileSync(join(to, path), text);
  }
}

/** Copies what stands in the package beside its code. */
export function copyTexts(packageDir: string): void {
  const here = fileURLToPath(new URL('..', import.meta.url));
  cpSync(join(here, 'README.md'), join(packageDir, 'README.md'));
  cpSync(join(here, '..', 'LICENSE'), join(packageDir, 'LICENSE'));
}
