/*
 * The size of a built file as a page pays for it. Called by main.ts and the size test.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** The viewer's entry, minified and compressed, in bytes: what issue and README promise at most. */
export const VIEWER_BYTES_MAX = 15_000;

/** Everything in one file, in bytes. */
export const ALL_BYTES_MAX = 22_000;

export type Size = { readonly minifiedBytes: number; readonly gzipBytes: number };

export function measure(path: string): Size {
  const code = readFileSync(path);
  return { minifiedBytes: code.length, gzipBytes: gzipSync(code, { level: 9 }).length };
}
