/*
 * A ledger read as tlog-tiles, from a directory of files or over HTTP: the same paths below one prefix. Used by the
 * offline verifier; every answer is bounded in size and time.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '@sallyport/protocol/limits';
import { HASH_BYTES, TILE_WIDTH } from '@sallyport/protocol/merkle';
import { NOTE_CHARS_MAX } from '@sallyport/protocol/signed-note';
import { buildTilePath, decodeBundle } from '@sallyport/protocol/tile';
import { inPlaces, type LedgerSource } from './ledger-source.ts';
import { StoreError } from './store-error.ts';

/** Reads a resource of at most `bytesMax`; null when it is not there. */
export type Fetch = (path: string, bytesMax: number) => Promise<Uint8Array | null>;

/** Length field and the longest entry, for a full bundle. */
const BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + limits.entryBytesMax);
/** A bundle is at most 4 MB; a server that needs longer than this does not answer. */
const RESPONSE_MS_MAX = 30_000;

const tooLong = (path: string, bytesMax: number): StoreError =>
  new StoreError('unusable', `${path} is longer than the ${bytesMax} bytes it may have`);

export const fetchFrom =
  (prefix: string): Fetch =>
  async (path, bytesMax) => {
    const url = `${prefix.replace(/\/+$/, '')}/${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(RESPONSE_MS_MAX), redirect: 'error' });
    if (response.status === 404 || response.body === null) return null;
    if (!response.ok) throw new StoreError('unusable', `${url} answered ${response.status}`);
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body) {
      length += part.length;
      if (length > bytesMax) throw tooLong(url, bytesMax);
      parts.push(part);
    }
    return Buffer.concat(parts);
  };

export const readFrom =
  (directory: string): Fetch =>
  async (path, bytesMax) => {
    const file = await open(join(directory, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (file === null) return null;
    try {
      if ((await file.stat()).size > bytesMax) throw tooLong(path, bytesMax);
      return await file.readFile();
    } finally {
      await file.close();
    }
  };

export class TilesSource implements LedgerSource {
  readonly name: string;
  readonly #fetch: Fetch;

  constructor(name: string, fetch: Fetch) {
    this.name = name;
    this.#fetch = fetch;
  }

  async readCheckpoint(): Promise<string> {
    const note = await this.#text('checkpoint');
    if (note === null) throw new StoreError('unusable', `${this.name} has no checkpoint`);
    return note;
  }

  async readEntries(from: number, count: number): Promise<readonly (Uint8Array | null)[]> {
    const path = buildTilePath({ level: 'entries', index: Math.floor(from / TILE_WIDTH), width: count });
    const bundle = await this.#fetch(path, BUNDLE_BYTES_MAX);
    const entries = bundle === null ? null : decodeBundle(bundle);
    return inPlaces(entries?.ok ? entries.value : [], count);
  }

  async readTile(level: number, index: number, width: number): Promise<Uint8Array | null> {
    const tile = await this.#fetch(buildTilePath({ level, index, width }), TILE_WIDTH * HASH_BYTES);
    return tile?.length === width * HASH_BYTES ? tile : null;
  }

  async readEarlierCheckpoint(): Promise<string | null> {
    return null;
  }

  async readKeptCheckpoint(): Promise<string | null> {
    return null;
  }

  async readSize(): Promise<number | null> {
    return null;
  }

  async readVerifierKey(): Promise<string | null> {
    return (await this.#text('ledger.vkey'))?.trim() ?? null;
  }

  close(): void {
    // Nothing is held between reads.
  }

  async #text(path: string): Promise<string | null> {
    const bytes = await this.#fetch(path, NOTE_CHARS_MAX);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }
}
