/*
 * Inclusion and consistency proofs: checked by the algorithms of RFC 9162 2.1.3.2 and 2.1.4.2, and built from tiles.
 * Pure; checking runs in the browser and in the verifier, building in the store.
 */
import { bytesEqual } from './bytes.ts';
import { EMPTY_ROOT, type Hash, half, hashAt, nodeHash, splitPoint, TILE_WIDTH, type TileReader } from './merkle.ts';

/** A path in a tree whose size is a safe integer is never longer. */
export const PROOF_HASHES_MAX = 63;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

export type InclusionClaim = {
  readonly leaf: Hash;
  readonly index: number;
  readonly size: number;
  readonly root: Hash;
};

/** Says whether `proof` shows that `leaf` stands at `index` in the tree of `size` leaves with `root` (RFC 9162 2.1.3.2). */
export function verifyInclusion(claim: InclusionClaim, proof: readonly Hash[]): boolean {
  const { index, size } = claim;
  if (!isCount(index) || !isCount(size) || index >= size || proof.length > PROOF_HASHES_MAX) return false;
  let node = index;
  let last = size - 1;
  let hash = claim.leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else hash = nodeHash(hash, sibling);
    node = half(node);
    last = half(last);
  }
  return last === 0 && bytesEqual(hash, claim.root);
}

export type TreeHead = { readonly size: number; readonly root: Hash };

/** Says whether `proof` shows that the tree `later` begins with the whole tree `earlier` (RFC 9162 2.1.4.2). */
export function verifyConsistency(earlier: TreeHead, later: TreeHead, proof: readonly Hash[]): boolean {
  if (!isCount(earlier.size) || !isCount(later.size) || earlier.size > later.size) return false;
  if (proof.length > PROOF_HASHES_MAX) return false;
  if (earlier.size === later.size) return proof.length === 0 && bytesEqual(earlier.root, later.root);
  if (earlier.size === 0) return proof.length === 0 && bytesEqual(earlier.root, EMPTY_ROOT);
  const isPowerOfTwo = Number.isInteger(Math.log2(earlier.size));
  const path = isPowerOfTwo ? [earlier.root, ...proof] : [...proof];
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let node = earlier.size - 1;
  let last = later.size - 1;
  while (node % 2 === 1) {
    node = half(node);
    last = half(last);
  }
  let earlierRoot = first;
  let laterRoot = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      earlierRoot = nodeHash(sibling, earlierRoot);
      laterRoot = nodeHash(sibling, laterRoot);
      while (node % 2 === 0 && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else laterRoot = nodeHash(laterRoot, sibling);
    node = half(node);
    last = half(last);
  }
  return last === 0 && bytesEqual(earlierRoot, earlier.root) && bytesEqual(laterRoot, later.root);
}

/**
 * Builds proofs for a tree of `size` leaves, reading nothing but its tiles. Throws RangeError for an index or size
 * outside the tree. Tiles are kept for the life of the prover: at most two per level and proof.
 */
export class Prover {
  readonly #size: number;
  readonly #readTile: TileReader;
  readonly #tiles = new Map<string, Uint8Array>();

  constructor(size: number, readTile: TileReader) {
    this.#size = size;
    this.#readTile = readTile;
  }

  /** The root of the leaves from `from` up to, not including, `to`. */
  rootOf(from: number, to: number): Hash {
    const count = to - from;
    if (count === 0) return EMPTY_ROOT;
    const height = Math.log2(count);
    if (Number.isInteger(height)) return this.#perfect(from, height);
    const split = from + splitPoint(count);
    return nodeHash(this.rootOf(from, split), this.rootOf(split, to));
  }

  /** The siblings from the leaf up (RFC 9162 2.1.3.1). */
  inclusion(index: number): Hash[] {
    if (!isCount(index) || index >= this.#size) throw new RangeError(`no leaf ${index} in a tree of ${this.#size}`);
    const path: Hash[] = [];
    let from = 0;
    let to = this.#size;
    while (to - from > 1) {
      const split = from + splitPoint(to - from);
      if (index < split) {
        path.push(this.rootOf(split, to));
        to = split;
      } else {
        path.push(this.rootOf(from, split));
        from = split;
      }
    }
    return path.reverse();
  }

  /** Shows that this tree begins with its first `earlier` leaves (RFC 9162 2.1.4.1). */
  consistency(earlier: number): Hash[] {
    if (!isCount(earlier) || earlier > this.#size)
      throw new RangeError(`no tree of ${earlier} in one of ${this.#size}`);
    if (earlier === 0 || earlier === this.#size) return [];
    const path: Hash[] = [];
    let from = 0;
    let to = this.#size;
    while (earlier !== to) {
      const split = from + splitPoint(to - from);
      if (earlier <= split) {
        path.push(this.rootOf(split, to));
        to = split;
      } else {
        path.push(this.rootOf(from, split));
        from = split;
      }
    }
    // The left-most subtree is the earlier root itself, which the verifier has already.
    if (from !== 0) path.push(this.rootOf(from, to));
    return path.reverse();
  }

  /** The root of 2^height leaves from `from`, which is a multiple of that. */
  #perfect(from: number, height: number): Hash {
    const level = Math.floor(height / 8);
    const count = 2 ** (height % 8);
    const first = from / TILE_WIDTH ** level;
    const tile = this.#tile(level, Math.floor(first / TILE_WIDTH));
    let hashes = Array.from({ length: count }, (_, at) => hashAt(tile, (first % TILE_WIDTH) + at));
    while (hashes.length > 1) {
      hashes = Array.from({ length: hashes.length / 2 }, (_, at) => nodeHash(hashes[2 * at]!, hashes[2 * at + 1]!));
    }
    return hashes[0]!;
  }

  #tile(level: number, index: number): Uint8Array {
    const key = `${level}/${index}`;
    const known = this.#tiles.get(key);
    if (known !== undefined) return known;
    const held = Math.floor(this.#size / TILE_WIDTH ** level) - index * TILE_WIDTH;
    const tile = this.#readTile(level, index, Math.min(TILE_WIDTH, held));
    this.#tiles.set(key, tile);
    return tile;
  }
}
