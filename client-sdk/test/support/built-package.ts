/*
 * The package as it is published, built anew for a test into a directory of its own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPackage } from '../../build/build-package.ts';

export type BuiltPackage = { readonly dir: string; readonly remove: () => Promise<void> };

/** Builds into `node_modules/@sallyport/client` of an empty directory, where a consumer would find it. */
export async function makePackage(): Promise<BuiltPackage & { readonly consumerDir: string }> {
  const consumerDir = await mkdtemp(join(tmpdir(), 'sallyport-package-'));
  const dir = join(consumerDir, 'node_modules', '@sallyport', 'client');
  await buildPackage(dir);
  return { dir, consumerDir, remove: () => rm(consumerDir, { recursive: true, force: true }) };
}
