/*
 * `npm run build -w @sallyport/client`: builds the package into client-sdk/dist and says how large it is.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPackage } from './build-package.ts';
import { measure } from './measure.ts';

const outDir = fileURLToPath(new URL('../dist', import.meta.url));
await buildPackage(outDir);
for (const name of ['index.js', 'elements.js', 'publisher.js', 'publisher-element.js', 'sallyport.js']) {
  const { minifiedBytes, gzipBytes } = measure(join(outDir, name));
  process.stdout.write(`${name}: ${minifiedBytes} bytes, ${gzipBytes} gzip\n`);
}
