// Holds when provisioning installs the npm packages again. Tables over the pure comparison of the two locks.
import t from 'tap';

type Entry = { readonly version?: string; readonly link?: boolean; readonly optional?: boolean };
type Lock = { readonly packages: Readonly<Record<string, Entry>> };
const setup: { agrees: (locked: Lock, installed: Lock | undefined) => boolean } = await import(
  new URL('../../setup/packages.mjs', import.meta.url).href
);

const locked: Lock = {
  packages: {
    '': { version: '0.1.0' },
    server: { version: '0.1.0' },
    'node_modules/@sallyport/server': { link: true },
    'node_modules/ws': { version: '8.0.0' },
    'node_modules/binary-for-another-system': { version: '1.0.0', optional: true },
  },
};
const ws = (version: string): Lock => ({ packages: { 'node_modules/ws': { version } } });

const cases: readonly (readonly [string, Lock | undefined, boolean])[] = [
  ['nothing is installed', undefined, false],
  ['everything but an optional package is installed', ws('8.0.0'), true],
  ['one package has another version', ws('8.0.1'), false],
  ['one package is missing', { packages: {} }, false],
  [
    'an optional package has another version',
    {
      packages: { ...ws('8.0.0').packages, 'node_modules/binary-for-another-system': { version: '2.0.0' } },
    },
    false,
  ],
];
for (const [name, installed, expected] of cases) {
  t.equal(setup.agrees(locked, installed), expected, name);
}
