/* Small trees for the ledger tests: the leaves of the published vectors, roots by the definition, tiles in memory. */
import { sha256 } from '@noble/hashes/sha2.js';
import { joinBytes } from '../src/bytes.ts';
import { Frontier, type Hash, leafHash, nodeHash, TILE_WIDTH, type TileReader } from '../src/merkle.ts';

export const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The leaves of the test vectors that come with Certificate Transparency. */
export const ctLeaves: readonly Uint8Array[] = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(hex);

/** MTH of RFC 6962 2.1, word by word. */
export function rootByDefinition(entries: readonly Uint8Array[]): Hash {
  if (entries.length === 0) return sha256(new Uint8Array(0));
  if (entries.length === 1) return leafHash(entries[0]!);
  let split = 1;
  while (split * 2 < entries.length) split *= 2;
  return nodeHash(rootByDefinition(entries.slice(0, split)), rootByDefinition(entries.slice(split)));
}

/** A tree of `size` numbered entries with its tiles. */
export function treeOf(size: number): { readonly frontier: Frontier; readonly leaves: Hash[]; readTile: TileReader } {
  const frontier = new Frontier();
  const levels: Hash[][] = [[]];
  for (let index = 0; index < size; index++) {
    const leaf = leafHash(utf8(`entry ${index}`));
    levels[0]!.push(leaf);
    frontier.append(leaf, (level, at, hash) => {
      levels[level] ??= [];
      levels[level][at] = hash;
    });
  }
  const readTile: TileReader = (level, index, width) => {
    const hashes = levels[level]?.slice(index * TILE_WIDTH, index * TILE_WIDTH + width) ?? [];
    if (hashes.length !== width) throw new Error(`tile ${level}/${index} has no width of ${width}`);
    return joinBytes(hashes);
  };
  return { frontier, leaves: levels[0]!, readTile };
}
