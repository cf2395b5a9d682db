/*
 * Reads the ledger as a stranger would: fetches the checkpoint and every entry, hashes them, and compares. Trusts
 * nothing the server says; remembers what it saw so that a later rewrite is noticed. Used by the ledger page.
 */
import { bytesEqual, toBase64 } from '@sallyport/protocol/bytes';
import { type Checkpoint, verifyCheckpoint } from '@sallyport/protocol/checkpoint';
import { Frontier, leafHash, TILE_WIDTH } from '@sallyport/protocol/merkle';
import { parseVerifierKey } from '@sallyport/protocol/signed-note';
import { buildTilePath, decodeBundle } from '@sallyport/protocol/tile';

/** Where the ledger is read from. Both reject when there is nothing. */
export interface LedgerPlace {
  readText(path: string): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
}

/** What a browser has verified before: with it, taking back or changing an entry is noticed. */
export type Seen = { readonly key: string; readonly size: number; readonly root: string };
export type ReadEntry = { readonly index: number; readonly text: string };
export type Verified = Seen & {
  readonly origin: string;
  /** Newest first, at most 200. */
  readonly newest: readonly ReadEntry[];
  /** The size verified on an earlier visit that this ledger still contains; null on the first. */
  readonly containsSize: number | null;
};

export const NEWEST_MAX = 200;
/** A page fetches no more than a million entries; past that the command-line verifier is the right tool. */
const ENTRIES_MAX = 1_000_000;

/** What does not hold. Its message is a sentence for the reader. */
export class LedgerFault extends Error {
  override readonly name = 'LedgerFault';
}

export class LedgerReading {
  readonly #place: LedgerPlace;
  readonly #seen: Seen | null;
  #frontier = new Frontier();
  #newest: readonly ReadEntry[] = [];
  #containsSize: number | null = null;

  constructor(place: LedgerPlace, seen: Seen | null) {
    this.#place = place;
    this.#seen = seen;
  }

  /**
   * Reads on from where the last call verified and answers what holds now. Rejects with LedgerFault when something
   * does not, and then keeps what was verified before.
   */
  async readOn(onProgress: (done: number, size: number) => void): Promise<Verified> {
    const key = (await this.#place.readText('/ledger.vkey')).trim();
    if (this.#seen !== null && this.#seen.key !== key) {
      throw new LedgerFault('The ledger is signed with another key than on your last visit.');
    }
    const checkpoint = await this.#readCheckpoint(key);
    const frontier = this.#frontier.copy();
    let newest = this.#newest;
    let containsSize = this.#containsSize;
    while (frontier.size < checkpoint.size) {
      const entries = await this.#readEntries(frontier.size, checkpoint.size);
      for (const entry of entries) {
        if (frontier.size >= checkpoint.size - NEWEST_MAX) {
          newest = [{ index: frontier.size, text: new TextDecoder().decode(entry) }, ...newest].slice(0, NEWEST_MAX);
        }
        frontier.append(leafHash(entry));
        if (frontier.size === this.#seen?.size) containsSize = this.#recall(frontier);
      }
      onProgress(frontier.size, checkpoint.size);
    }
    if (!bytesEqual(frontier.root(), checkpoint.root)) {
      throw new LedgerFault('The entries do not give the root the checkpoint was signed for.');
    }
    this.#frontier = frontier;
    this.#newest = newest;
    this.#containsSize = containsSize;
    const { size, origin } = checkpoint;
    return { key, size, origin, root: toBase64(checkpoint.root), newest, containsSize };
  }

  async #readCheckpoint(keyText: string): Promise<Checkpoint> {
    const key = parseVerifierKey(keyText);
    if (!key.ok) throw new LedgerFault(`The verifier key cannot be read: ${key.why}.`);
    const checkpoint = await verifyCheckpoint(await this.#place.readText('/checkpoint'), key.value);
    if (!checkpoint.ok) throw new LedgerFault(`The checkpoint does not hold: ${checkpoint.why}.`);
    const { size } = checkpoint.value;
    if (size < Math.max(this.#frontier.size, this.#seen?.size ?? 0)) {
      throw new LedgerFault('The ledger is shorter than when you last saw it: entries were taken out.');
    }
    if (size > ENTRIES_MAX) throw new LedgerFault('The ledger is too long for a page; use the command-line verifier.');
    return checkpoint.value;
  }

  async #readEntries(from: number, size: number): Promise<readonly Uint8Array[]> {
    const index = Math.floor(from / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    const bytes = await this.#place.readBytes(`/${buildTilePath({ level: 'entries', index, width })}`);
    const bundle = decodeBundle(bytes);
    if (!bundle.ok) throw new LedgerFault(`Entries cannot be read: ${bundle.why}.`);
    if (bundle.value.length !== width) throw new LedgerFault('A bundle does not hold the entries it should.');
    return bundle.value.slice(from - index * TILE_WIDTH);
  }

  #recall(frontier: Frontier): number {
    if (toBase64(frontier.root()) !== this.#seen?.root) {
      throw new LedgerFault('Entries you have seen before were changed.');
    }
    return frontier.size;
  }
}
