/* Inclusion and consistency: published proofs, all small trees, and that nothing but the proof itself is accepted. */
import fc from 'fast-check';
import t from 'tap';
import { toHex } from '../src/bytes.ts';
import { EMPTY_ROOT, Frontier, type Hash, leafHash } from '../src/merkle.ts';
import { Prover, verifyConsistency, verifyInclusion } from '../src/merkle-proof.ts';
import { ctLeaves, hex, rootByDefinition, treeOf } from './tree-of.ts';

const LEFT_HALF = 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7';
const LAST_PAIR = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
const root8 = hex('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');

t.test('published proofs (Certificate Transparency vectors)', async (t) => {
  const path = ['bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', LAST_PAIR, LEFT_HALF].map(hex);
  t.ok(verifyInclusion({ leaf: leafHash(ctLeaves[5]!), index: 5, size: 8, root: root8 }, path), 'leaf 5 of 8');
  t.notOk(verifyInclusion({ leaf: leafHash(ctLeaves[5]!), index: 4, size: 8, root: root8 }, path), 'not as leaf 4');
  const proof = ['0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a', LAST_PAIR, LEFT_HALF].map(hex);
  const first6 = { size: 6, root: rootByDefinition(ctLeaves.slice(0, 6)) };
  t.ok(verifyConsistency(first6, { size: 8, root: root8 }, proof), '6 to 8');
});

t.test('every proof of every small tree holds, and for nothing else', async (t) => {
  const heads = Array.from({ length: 41 }, (_, size) => ({ size, root: treeOf(size).frontier.root() }));
  const { leaves } = treeOf(40);
  let checked = 0;
  for (let size = 1; size <= 40; size++) {
    const prover = new Prover(size, treeOf(size).readTile);
    const { root } = heads[size]!;
    for (let index = 0; index < size; index++) {
      const path = prover.inclusion(index);
      const holds = (at: number) => verifyInclusion({ leaf: leaves[index]!, index: at, size, root }, path);
      for (let at = 0; at < size; at++) if (holds(at) !== (at === index)) t.fail(`leaf ${index} as ${at} of ${size}`);
      checked++;
    }
    for (let earlier = 0; earlier <= size; earlier++) {
      const proof = prover.consistency(earlier);
      for (const other of heads.slice(0, size + 1)) {
        const holds = verifyConsistency(other, heads[size]!, proof);
        const should = other.size === earlier || (proof.length === 0 && (other.size === 0 || other.size === size));
        if (holds !== should) t.fail(`${other.size} to ${size} with the proof of ${earlier}`);
      }
      checked++;
    }
  }
  t.equal(checked, 820 + 860);
});

const big = treeOf(66_000);
const bigRoot = big.frontier.root();
const flip = (hash: Hash, bit: number): Hash => {
  const changed = Uint8Array.from(hash);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
};

t.test('proofs of a tree with three tile levels; each mutation is refused', async (t) => {
  const size = 66_000;
  const prover = new Prover(size, big.readTile);
  const index = fc.integer({ min: 0, max: size - 1 });
  const noise = fc.record({
    at: fc.nat(),
    bit: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom('flip', 'drop', 'add', 'swap'),
  });
  const mutate = (proof: Hash[], { at, bit, kind }: { at: number; bit: number; kind: string }): Hash[] => {
    const place = at % proof.length;
    if (kind === 'flip' || proof.length === 1) return proof.with(place, flip(proof[place]!, bit));
    if (kind === 'drop') return proof.toSpliced(place, 1);
    if (kind === 'add') return proof.toSpliced(place, 0, flip(proof[place]!, bit));
    return [...proof.slice(1), proof[0]!];
  };
  fc.assert(
    fc.property(index, noise, (leafIndex, change) => {
      const claim = { leaf: big.leaves[leafIndex]!, index: leafIndex, size, root: bigRoot };
      const path = prover.inclusion(leafIndex);
      return verifyInclusion(claim, path) && !verifyInclusion(claim, mutate(path, change)) && path.length <= 17;
    }),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: size - 1 }), noise, (earlierSize, change) => {
      const earlier = { size: earlierSize, root: Frontier.load(earlierSize, big.readTile).root() };
      const proof = prover.consistency(earlierSize);
      const later = { size, root: bigRoot };
      const mutated = mutate(proof, change);
      return verifyConsistency(earlier, later, proof) && !verifyConsistency(earlier, later, mutated);
    }),
    { numRuns: 40 },
  );
  t.pass('held');
});

t.test('nonsense is refused, not thrown', async (t) => {
  const root = rootByDefinition(ctLeaves);
  const leaf = leafHash(ctLeaves[0]!);
  const rows: [string, number, number][] = [
    ['index at size', 8, 8],
    ['negative index', -1, 8],
    ['half an index', 0.5, 8],
    ['empty tree', 0, 0],
    ['not a size', 0, Number.NaN],
    ['unsafe size', 0, 2 ** 60],
  ];
  for (const [name, index, size] of rows) t.notOk(verifyInclusion({ leaf, index, size, root }, []), name);
  t.notOk(verifyInclusion({ leaf, index: 0, size: 8, root }, Array(64).fill(leaf)), 'an endless path');
  t.notOk(verifyConsistency({ size: 9, root }, { size: 8, root }, []), 'backwards');
  t.notOk(verifyConsistency({ size: 3, root }, { size: 8, root }, []), 'no proof');
  t.notOk(verifyConsistency({ size: 0, root }, { size: 8, root }, []), 'an empty tree with a root');
  t.ok(verifyConsistency({ size: 0, root: EMPTY_ROOT }, { size: 8, root }, []), 'all trees begin empty');
  const prover = new Prover(8, treeOf(8).readTile);
  t.throws(() => prover.inclusion(8), RangeError);
  t.throws(() => prover.consistency(9), RangeError);
  t.same(toHex(prover.rootOf(3, 3)), toHex(EMPTY_ROOT));
});
