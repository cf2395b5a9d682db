/*
 * The project's own sources as the tidy test reads them: every tracked or new file, its imports, its functions.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vite';

export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Paths from the root of every file that git tracks or would track. */
export function listFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  return [...new Set(listed.toString().split('\n'))].filter((path) => path !== '' && existsSync(join(root, path)));
}

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

export type Import = { readonly specifier: string; readonly isTypeOnly: boolean; readonly resolved: string | null };

const IMPORT = /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/g;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;

function resolve(from: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  const own = /^@sallyport\/protocol\/(.+)$/.exec(specifier);
  return own ? `protocol/src/${own[1]}.ts` : null;
}

export function listImports(path: string): readonly Import[] {
  const text = readText(path);
  const found = [...text.matchAll(IMPORT)].map((match) => ({
    specifier: match[3] ?? '',
    isTypeOnly: Boolean(match[2]),
  }));
  const dynamic = [...text.matchAll(DYNAMIC)].map((match) => ({ specifier: match[1] ?? '', isTypeOnly: false }));
  return [...found, ...dynamic].map((one) => ({ ...one, resolved: resolve(path, one.specifier) }));
}

type Node = { readonly type: string; readonly start: number; readonly end: number };
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Every function's first line and length in lines, by the parser that also builds the pages. */
export function measureFunctions(path: string): readonly { readonly line: number; readonly lines: number }[] {
  const text = readText(path);
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const found: { line: number; lines: number }[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) walk(one);
    else if (isNode(value)) {
      if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(value.type)) {
        const line = lineAt(value.start);
        found.push({ line, lines: lineAt(value.end) - line + 1 });
      }
      for (const child of Object.values(value)) walk(child);
    }
  };
  walk(parseAst(text, { lang: path.endsWith('.ts') ? 'ts' : 'js' }));
  return found;
}
