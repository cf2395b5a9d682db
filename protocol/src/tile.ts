/*
 * Tiles and entry bundles of C2SP tlog-tiles: their paths and the framing of bundles. Pure; used by the routes that
 * serve them and by the verifiers that fetch them.
 */
import { joinBytes } from './bytes.ts';
import { TILE_WIDTH } from './merkle.ts';
import { type Parsed, parsed, unreadable } from './parsed.ts';

/** `level` is 0..63, or `entries` for an entry bundle; `width` is 1..256, where 256 is a full tile. */
export type TileAddress = { readonly level: number | 'entries'; readonly index: number; readonly width: number };

/** The longest entry the framing can carry. */
const FRAMED_BYTES_MAX = 65_535;
const TILE_LEVEL_MAX = 63;
const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** Builds `tile/<L>/<N>[.p/<W>]`: 1234067 is written x001/x234/067. */
export function buildTilePath({ level, index, width }: TileAddress): string {
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  }
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Reads a path without its leading slash; refuses every form but the one `buildTilePath` writes. */
export function parseTilePath(path: string): Parsed<TileAddress> {
  const match = PATH.exec(path);
  if (match === null) return unreadable('not a tile path');
  const [, levelText, indexText = '', widthText] = match;
  const level = levelText === 'entries' ? 'entries' : Number(levelText);
  const index = Number(indexText.replaceAll(/[x/]/g, ''));
  const width = widthText === undefined ? TILE_WIDTH : Number(widthText);
  if (level !== 'entries' && level > TILE_LEVEL_MAX) return unreadable('tile level over 63');
  if (!Number.isSafeInteger(index)) return unreadable('tile index too large');
  if (widthText !== undefined && width >= TILE_WIDTH) return unreadable('a partial tile has at most 255 hashes');
  const address: TileAddress = { level, index, width };
  return buildTilePath(address) === path ? parsed(address) : unreadable('not the shortest form of a tile path');
}

/** How many hashes tile `index` on `level` has in a tree of `size`; 0 when the tree does not reach it. */
export function tileWidthAt(size: number, level: number, index: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** Frames entries as uint16 length (big-endian) and bytes. Throws RangeError for one over 65,535 bytes. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > FRAMED_BYTES_MAX) throw new RangeError('an entry has at most 65,535 bytes');
    return [new Uint8Array([entry.length >> 8, entry.length & 0xff]), entry];
  });
  return joinBytes(parts);
}

export function decodeBundle(bundle: Uint8Array): Parsed<readonly Uint8Array[]> {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bundle.length) {
    if (entries.length === TILE_WIDTH) return unreadable('an entry bundle has at most 256 entries');
    const from = at + 2;
    const to = from + ((bundle[at]! << 8) | (bundle[at + 1] ?? 0));
    if (from > bundle.length || to > bundle.length) return unreadable('the entry bundle ends inside an entry');
    entries.push(bundle.subarray(from, to));
    at = to;
  }
  return parsed(entries);
}
