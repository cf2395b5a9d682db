/*
 * A place a ledger can be read from for checking: a data directory, a directory of tlog-tiles files, a URL. The port
 * of the verifier, with its three fulfilments in *-source.ts; nothing they answer is trusted.
 */

export interface LedgerSource {
  /** For people: the path or URL. */
  readonly name: string;
  /** The newest signed checkpoint; rejects when there is none. */
  readCheckpoint(): Promise<string>;
  /** Entries from `from` on, `count` at most 256 and not across a bundle; null for each that is not there. */
  readEntries(from: number, count: number): Promise<readonly (Uint8Array | null)[]>;
  /** Stored hashes of a tile; null when it is not there in that width. */
  readTile(level: number, index: number, width: number): Promise<Uint8Array | null>;
  /** An older checkpoint over more than `above` and at most `upTo` entries, where the place keeps them. */
  readEarlierCheckpoint(above: number, upTo: number): Promise<string | null>;
  /** A checkpoint kept outside the ledger proper, which an old copy of it would not match. */
  readKeptCheckpoint(): Promise<string | null>;
  /** Entries the place holds, if it can tell; more than the checkpoint covers is an anomaly. */
  readSize(): Promise<number | null>;
  /** The verifier key found beside the ledger, which proves no more than that the place agrees with itself. */
  readVerifierKey(): Promise<string | null>;
  close(): void;
}

/** The bundle's entries in their places, with null for what is not there. */
export const inPlaces = (entries: readonly Uint8Array[], count: number): (Uint8Array | null)[] =>
  Array.from({ length: count }, (_, at) => entries[at] ?? null);
