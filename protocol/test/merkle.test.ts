/* The tree against the published vectors, its own definition, and a reload from tiles. */
import { sha256 as portable } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import t from 'tap';
import { bytesEqual, toHex } from '../src/bytes.ts';
import { EMPTY_ROOT, Frontier, leafHash, splitPoint } from '../src/merkle.ts';
import { Prover } from '../src/merkle-proof.ts';
import { sha256 } from '../src/sha256.ts';
import { ctLeaves, rootByDefinition, treeOf, utf8 } from './tree-of.ts';

const rootAfter = (entries: readonly Uint8Array[]) => {
  const frontier = new Frontier();
  for (const entry of entries) frontier.append(leafHash(entry));
  return frontier.root();
};

t.test('published roots (RFC 6962, Certificate Transparency vectors)', async (t) => {
  const rows: [string, number, string][] = [
    ['no leaf', 0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['one empty leaf', 1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    ['two leaves', 2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    ['three leaves', 3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    ['eight leaves', 8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ];
  for (const [name, count, root] of rows) t.equal(toHex(rootAfter(ctLeaves.slice(0, count))), root, name);
  t.ok(bytesEqual(new Frontier().root(), EMPTY_ROOT));
});

t.test('the frontier has the root of the definition at every size', async (t) => {
  const frontier = new Frontier();
  const entries: Uint8Array[] = [];
  for (let size = 0; size < 70; size++) {
    if (!bytesEqual(frontier.root(), rootByDefinition(entries))) t.fail(`another root at ${size}`);
    entries.push(utf8(`e${size}`));
    frontier.append(leafHash(entries[size]!));
  }
  t.equal(frontier.size, 70);
});

t.test('a frontier loaded from tiles goes on like the one it was', async (t) => {
  for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537]) {
    const { frontier, readTile } = treeOf(size);
    const loaded = Frontier.load(size, readTile);
    t.equal(toHex(loaded.root()), toHex(frontier.root()), `root at ${size}`);
    frontier.append(leafHash(utf8('next')));
    loaded.append(leafHash(utf8('next')));
    t.equal(toHex(loaded.root()), toHex(frontier.root()), `root after one more at ${size}`);
  }
});

t.test('a copy grows by itself', async (t) => {
  const { frontier } = treeOf(5);
  const before = toHex(frontier.root());
  const copy = frontier.copy();
  copy.append(leafHash(utf8('only there')));
  t.equal(frontier.size, 5);
  t.equal(toHex(frontier.root()), before);
  t.not(toHex(copy.root()), before);
});

t.test('the sink names each tile hash once, in its place', async (t) => {
  const { frontier, readTile } = treeOf(66_000);
  t.equal(toHex(new Prover(66_000, readTile).rootOf(0, 66_000)), toHex(frontier.root()));
});

t.test('the split is the largest power of two below the size', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 2 ** 40 }), (size) => {
      const split = splitPoint(size);
      return split < size && split * 2 >= size && Number.isInteger(Math.log2(split));
    }),
  );
  t.pass('held');
});

t.test('the native hash and the portable one agree', async (t) => {
  t.not(sha256, portable, 'Node has its own');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => toHex(sha256(bytes)) === toHex(portable(bytes))));
});
