/* Tile paths and bundles: the examples of tlog-tiles, round trips, and what must be refused. */
import fc from 'fast-check';
import t from 'tap';
import { buildTilePath, decodeBundle, encodeBundle, parseTilePath, tileWidthAt } from '../src/tile.ts';
import { hex, utf8 } from './tree-of.ts';

t.test('paths as the specification writes them', async (t) => {
  const rows: [string, number | 'entries', number, number][] = [
    ['tile/0/000', 0, 0, 256],
    ['tile/0/x001/x234/067', 0, 1_234_067, 256],
    ['tile/0/x001/000', 0, 1000, 256],
    ['tile/0/273.p/112', 0, 273, 112],
    ['tile/2/000.p/1', 2, 0, 1],
    ['tile/63/000', 63, 0, 256],
    ['tile/entries/x001/x234/067', 'entries', 1_234_067, 256],
    ['tile/entries/000.p/255', 'entries', 0, 255],
  ];
  for (const [path, level, index, width] of rows) {
    t.equal(buildTilePath({ level, index, width }), path);
    t.same(parseTilePath(path), { ok: true, value: { level, index, width } });
  }
});

t.test('every other path is refused', async (t) => {
  const paths = [
    '',
    '/tile/0/000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/../../etc/passwd',
    'tile/0/000\n',
    'tile/data/000',
    'tile/0/x009/x999/x999/x999/x999/x999/999',
  ];
  for (const path of paths) t.equal(parseTilePath(path).ok, false, JSON.stringify(path));
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = parseTilePath(`tile/${text}`);
      return !read.ok || buildTilePath(read.value) === `tile/${text}`;
    }),
  );
});

t.test('paths round-trip', async (t) => {
  const level = fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 }));
  const address = fc.record({ level, index: fc.nat(2 ** 40), width: fc.integer({ min: 1, max: 256 }) });
  fc.assert(
    fc.property(address, (tile) => {
      const read = parseTilePath(buildTilePath(tile));
      return read.ok && read.value.index === tile.index && read.value.width === tile.width;
    }),
  );
  t.pass('held');
});

t.test('the widths of a tree of 70,000 (the example of the specification)', async (t) => {
  const rows: [number, number, number][] = [
    [0, 272, 256],
    [0, 273, 112],
    [0, 274, 0],
    [1, 0, 256],
    [1, 1, 17],
    [2, 0, 1],
    [3, 0, 0],
  ];
  for (const [level, index, width] of rows) t.equal(tileWidthAt(70_000, level, index), width, `${level}/${index}`);
});

t.test('bundles', async (t) => {
  t.same(encodeBundle([utf8('ab'), utf8('')]), hex('000261620000'));
  t.same(decodeBundle(new Uint8Array(0)), { ok: true, value: [] });
  for (const cut of ['00', '0002', '000261', '00026162ff']) t.equal(decodeBundle(hex(cut)).ok, false, cut);
  t.throws(() => encodeBundle([new Uint8Array(65_536)]), RangeError);
  t.equal(decodeBundle(new Uint8Array(2 * 257)).ok, false, 'more than 256 entries');
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 256 }), (entries) => {
      const read = decodeBundle(encodeBundle(entries));
      return (
        read.ok &&
        read.value.length === entries.length &&
        entries.every((e, at) => Buffer.compare(e, read.value[at]!) === 0)
      );
    }),
  );
});
