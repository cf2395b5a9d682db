/*
 * Rebuilds the tree from the entries and compares it, tile by tile, with what is stored, so that a change is not only
 * noticed but placed. Holds one tile per level; used by ledger-verify.ts.
 */
import { bytesEqual } from '@sallyport/protocol/bytes';
import { Frontier, type Hash, hashAt, leafHash, TILE_WIDTH } from '@sallyport/protocol/merkle';
import { tileWidthAt } from '@sallyport/protocol/tile';
import type { FindingList } from './finding-list.ts';
import type { LedgerSource } from './ledger-source.ts';

/** Hashes of one level that have not been compared yet. */
type Pending = { readonly from: number; readonly hashes: Hash[] };

export class TreeCheck {
  readonly #source: LedgerSource;
  readonly #findings: FindingList;
  readonly #frontier = new Frontier();
  readonly #pending = new Map<number, Pending>();
  #leaves: Uint8Array | null = null;
  #computed: readonly (Hash | null)[] = [];
  #from = 0;
  #missing: { readonly first: number; last: number } | null = null;

  constructor(source: LedgerSource, findings: FindingList) {
    this.#source = source;
    this.#findings = findings;
  }

  root(): Hash {
    return this.#frontier.root();
  }

  /** Takes up the stored leaves of the bundle whose entries come next. */
  async openBundle(from: number, entries: readonly (Uint8Array | null)[]): Promise<void> {
    await this.#compareFull();
    this.#from = from;
    this.#leaves = await this.#source.readTile(0, from / TILE_WIDTH, entries.length);
    this.#computed = entries.map((entry) => (entry === null ? null : leafHash(entry)));
    const stored = this.#leaves;
    if (stored === null && entries.some((entry) => entry !== null)) {
      this.#findings.add(
        from,
        `the stored leaves of entries ${from} to ${from + entries.length - 1} are not all there`,
      );
    }
  }

  /** Appends the entry and says whether it is there and hashes to the stored leaf. */
  append(index: number, entry: Uint8Array | null): boolean {
    const at = index - this.#from;
    const stored = this.#leaves === null ? null : hashAt(this.#leaves, at);
    const computed = this.#computed[at] ?? null;
    if (entry === null || computed === null) this.#noteMissing(index);
    const leaf = computed ?? stored;
    if (leaf !== null) this.#frontier.append(leaf, (level, position, hash) => this.#keep(level, position, hash));
    if (computed === null) return false;
    if (stored === null || bytesEqual(computed, stored)) return true;
    const other = this.#placeOf(computed);
    const moved = other === null ? 'it does not hash to the leaf stored for it' : `it was entry ${other}`;
    this.#findings.add(index, `changed: ${moved}`);
    return false;
  }

  /** Compares what is left: the partial tiles of a tree of `size`. */
  async finish(size: number): Promise<void> {
    this.#reportMissing();
    await this.#compareFull();
    for (const [level, pending] of this.#pending) {
      const width = tileWidthAt(size, level, pending.from / TILE_WIDTH);
      if (width > 0) await this.#compare(level, pending, width);
    }
  }

  #keep(level: number, position: number, hash: Hash): void {
    const pending = this.#pending.get(level) ?? { from: position, hashes: [] };
    pending.hashes.push(hash);
    this.#pending.set(level, pending);
  }

  async #compareFull(): Promise<void> {
    for (const [level, pending] of this.#pending) {
      if (pending.hashes.length < TILE_WIDTH) continue;
      await this.#compare(level, pending, TILE_WIDTH);
      this.#pending.delete(level);
    }
  }

  async #compare(level: number, { from, hashes }: Pending, width: number): Promise<void> {
    const stored = await this.#source.readTile(level, from / TILE_WIDTH, width);
    if (stored === null) {
      this.#findings.add(null, `tile ${level}/${from / TILE_WIDTH} is not there in its width of ${width}`);
      return;
    }
    const wrong = hashes.findIndex((hash, at) => !bytesEqual(hash, hashAt(stored, at)));
    if (wrong < 0) return;
    const span = TILE_WIDTH ** level;
    const first = (from + wrong) * span;
    this.#findings.add(null, `entries ${first} to ${first + span - 1} were changed: their common hash is another`);
  }

  #placeOf(leaf: Hash): number | null {
    const width = (this.#leaves?.length ?? 0) / leaf.length;
    for (let at = 0; at < width; at++) {
      if (bytesEqual(leaf, hashAt(this.#leaves!, at))) return this.#from + at;
    }
    return null;
  }

  #noteMissing(index: number): void {
    if (this.#missing?.last === index - 1) this.#missing.last = index;
    else {
      this.#reportMissing();
      this.#missing = { first: index, last: index };
    }
  }

  #reportMissing(): void {
    if (this.#missing === null) return;
    const { first, last } = this.#missing;
    if (first === last) this.#findings.add(first, 'missing');
    else this.#findings.add(null, `entries ${first} to ${last} are missing`);
    this.#missing = null;
  }
}
