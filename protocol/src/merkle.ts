/*
 * The Merkle tree of RFC 6962 over SHA-256: hashes of leaves and nodes, and the tree's right edge, which is all a
 * log needs in memory to grow. Pure; used by the store to append and by every verifier to check.
 */
import { sha256 } from './sha256.ts';

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array;
export const HASH_BYTES = 32;
/** Hashes in a full tile, and the number of leaves below one hash of the next level (tlog-tiles). */
export const TILE_WIDTH = 256;
/** Tree levels between two tile levels. */
const TILE_HEIGHT = 8;

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962 2.1). */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array(0));

/** SHA-256(0x00 || entry), RFC 6962 2.1. */
export function leafHash(entry: Uint8Array): Hash {
  const prefixed = new Uint8Array(entry.length + 1);
  prefixed.set(entry, 1);
  return sha256(prefixed);
}

/** SHA-256(0x01 || left || right), RFC 6962 2.1. */
export function nodeHash(left: Hash, right: Hash): Hash {
  const pair = new Uint8Array(1 + 2 * HASH_BYTES);
  pair[0] = 1;
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
}

/** Halves without bit operators, which would cut sizes to 32 bits. */
export const half = (value: number): number => Math.floor(value / 2);

/** The largest power of two smaller than `size` (the split of RFC 6962 2.1); `size` is at least 2. */
export function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** Called for each hash that belongs to a tile of level 1 or higher, in the order in which they become known. */
export type NodeSink = (level: number, index: number, hash: Hash) => void;
/** Answers `width` hashes of tile `index` on `level`, 32 bytes each. */
export type TileReader = (level: number, index: number, width: number) => Uint8Array;

/** One hash out of a tile's bytes. */
export const hashAt = (tile: Uint8Array, position: number): Hash =>
  tile.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES);

/**
 * The right edge of a tree: the roots of its perfect subtrees, largest first; never more than 53 hashes.
 * Appending costs two hashes on average, the root one per perfect subtree.
 */
export class Frontier {
  #size = 0;
  #roots: Hash[] = [];

  get size(): number {
    return this.#size;
  }

  append(leaf: Hash, sink?: NodeSink): void {
    let hash = leaf;
    let index = this.#size;
    for (let height = 1; index % 2 === 1; height++) {
      hash = nodeHash(this.#roots.pop()!, hash);
      index = half(index);
      if (height % TILE_HEIGHT === 0) sink?.(height / TILE_HEIGHT, index, hash);
    }
    this.#roots.push(hash);
    this.#size++;
  }

  root(): Hash {
    return this.#roots.length === 0 ? EMPTY_ROOT : this.#roots.reduceRight((right, left) => nodeHash(left, right));
  }

  /** An independent copy, so that a tree can be grown on trial. */
  copy(): Frontier {
    const twin = new Frontier();
    twin.#size = this.#size;
    twin.#roots = [...this.#roots];
    return twin;
  }

  /** Rebuilds the edge of a tree of `size` leaves from the last tile of each level. */
  static load(size: number, readTile: TileReader): Frontier {
    const parts: Hash[][] = [];
    for (let level = 0, rest = size; rest > 0; level++, rest = Math.floor(rest / TILE_WIDTH)) {
      const width = rest % TILE_WIDTH;
      const edge = new Frontier();
      const tile = width === 0 ? new Uint8Array(0) : readTile(level, Math.floor(rest / TILE_WIDTH), width);
      for (let at = 0; at < width; at++) edge.append(hashAt(tile, at));
      parts.push(edge.#roots);
    }
    const frontier = new Frontier();
    frontier.#size = size;
    frontier.#roots = parts.reverse().flat();
    return frontier;
  }
}
