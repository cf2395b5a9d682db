/*
 * The browser's own verification against a real signed ledger in memory, and against one that lies in each way we
 * could think of.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { toBase64 } from '@sallyport/protocol/bytes';
import { formatCheckpoint } from '@sallyport/protocol/checkpoint';
import { Frontier, leafHash, TILE_WIDTH } from '@sallyport/protocol/merkle';
import {
  buildVerifierKey,
  ED25519,
  formatNote,
  formatVerifierKey,
  type VerifierKey,
} from '@sallyport/protocol/signed-note';
import { encodeBundle, parseTilePath } from '@sallyport/protocol/tile';
import t from 'tap';
import { LedgerFault, type LedgerPlace, LedgerReading, NEWEST_MAX, type Seen } from '../../web/src/ledger-reading.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A log that can be told to lie. */
class Log implements LedgerPlace {
  entries: Uint8Array[] = [];
  readonly paths: string[] = [];
  /** Replaces what a path answers. */
  lies = new Map<string, string | Uint8Array>();
  readonly key: VerifierKey;
  readonly #privateKey: KeyObject;

  constructor(count: number) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    this.key = buildVerifierKey('log.example/pilot', ED25519, new Uint8Array(raw));
    this.#privateKey = privateKey;
    this.grow(count);
  }

  grow(count: number): void {
    for (let n = 0; n < count; n += 1) this.entries.push(utf8(`{"n":${this.entries.length}}`));
  }

  get root(): Uint8Array {
    const frontier = new Frontier();
    for (const entry of this.entries) frontier.append(leafHash(entry));
    return frontier.root();
  }

  sign(text: string): string {
    const signature = new Uint8Array(sign(null, utf8(text), this.#privateKey));
    return formatNote({ text, signatures: [{ name: this.key.name, keyId: this.key.id, signature }] });
  }

  get checkpoint(): string {
    return this.sign(formatCheckpoint({ origin: this.key.name, size: this.entries.length, root: this.root }));
  }

  async readText(path: string): Promise<string> {
    const lie = this.lies.get(path);
    if (lie !== undefined) return String(lie);
    return path === '/checkpoint' ? this.checkpoint : `${formatVerifierKey(this.key)}\n`;
  }

  async readBytes(path: string): Promise<Uint8Array> {
    this.paths.push(path);
    const lie = this.lies.get(path);
    if (lie instanceof Uint8Array) return lie;
    const address = parseTilePath(path.slice(1));
    if (!address.ok || address.value.level !== 'entries') throw new Error(`no such tile: ${path}`);
    const from = address.value.index * TILE_WIDTH;
    return encodeBundle(this.entries.slice(from, from + address.value.width));
  }
}

const silent = (): void => {};
const faultOf = async (log: LedgerPlace, seen: Seen | null = null): Promise<string> => {
  try {
    await new LedgerReading(log, seen).readOn(silent);
    return 'verified';
  } catch (cause) {
    return cause instanceof LedgerFault ? cause.message : `not a fault: ${cause}`;
  }
};

t.test('ledgers of every shape are verified, newest entries first', async (t) => {
  for (const count of [0, 1, 2, 3, 255, 256, 257, 700]) {
    const log = new Log(count);
    const verified = await new LedgerReading(log, null).readOn(silent);
    t.equal(verified.size, count);
    t.equal(verified.root, toBase64(log.root));
    t.equal(verified.newest.length, Math.min(count, NEWEST_MAX));
    if (count > 0) t.same(verified.newest[0], { index: count - 1, text: `{"n":${count - 1}}` });
    t.same(
      verified.newest.map(({ index }) => index),
      verified.newest.map((_, at) => count - 1 - at),
    );
    t.equal(verified.containsSize, null);
  }
});

t.test('a growing ledger is read on, not anew', async (t) => {
  const log = new Log(600);
  const reading = new LedgerReading(log, null);
  await reading.readOn(silent);
  log.paths.length = 0;
  t.equal((await reading.readOn(silent)).size, 600);
  t.same(log.paths, [], 'nothing new, nothing fetched');
  log.grow(300);
  const verified = await reading.readOn(silent);
  t.equal(verified.size, 900);
  t.equal(verified.newest.length, NEWEST_MAX);
  t.same(log.paths, ['/tile/entries/002', '/tile/entries/003.p/132']);
});

t.test('what was seen on an earlier visit is still there', async (t) => {
  const log = new Log(100);
  const { key, size, root } = await new LedgerReading(log, null).readOn(silent);
  log.grow(50);
  const verified = await new LedgerReading(log, { key, size, root }).readOn(silent);
  t.equal(verified.containsSize, 100);
});

t.test('every lie is noticed', async (t) => {
  const log = new Log(300);
  const { key, size, root } = await new LedgerReading(log, null).readOn(silent);
  const seen = { key, size, root };
  const other = new Log(300);
  const changed = [...log.entries];
  changed[7] = utf8('{"n":"another"}');
  const cases: readonly (readonly [name: string, lie: () => void, seen: Seen | null, fault: RegExp])[] = [
    ['an entry changed', () => log.lies.set('/tile/entries/000', encodeBundle(changed.slice(0, 256))), null, /root/],
    [
      'an entry missing',
      () => log.lies.set('/tile/entries/000', encodeBundle(log.entries.slice(1, 256))),
      null,
      /should/,
    ],
    ['a bundle cut short', () => log.lies.set('/tile/entries/000', utf8('{{{')), null, /cannot be read/],
    ['an empty bundle', () => log.lies.set('/tile/entries/000', new Uint8Array(0)), null, /should/],
    ['signed by another', () => log.lies.set('/checkpoint', other.checkpoint), null, /does not hold/],
    ['no checkpoint at all', () => log.lies.set('/checkpoint', 'hello\n'), null, /does not hold/],
    ['a key that is none', () => log.lies.set('/ledger.vkey', 'hello'), null, /verifier key/],
    ['another key than before', () => log.lies.set('/ledger.vkey', formatVerifierKey(other.key)), seen, /another key/],
    ['rolled back', () => log.entries.splice(250), seen, /shorter/],
    ['rewritten and signed again', () => (log.entries = changed), seen, /were changed/],
    [
      'a giant size',
      () =>
        log.lies.set('/checkpoint', log.sign(formatCheckpoint({ origin: log.key.name, size: 2e6, root: log.root }))),
      null,
      /too long/,
    ],
  ];
  const honest = [...log.entries];
  for (const [name, lie, before, fault] of cases) {
    lie();
    t.match(await faultOf(log, before), fault, name);
    log.lies.clear();
    log.entries = [...honest];
  }
  t.equal(await faultOf(log, seen), 'verified', 'and the honest ledger still holds');
});

t.test('after a fault the reading keeps what it had verified', async (t) => {
  const log = new Log(10);
  const reading = new LedgerReading(log, null);
  await reading.readOn(silent);
  log.grow(1);
  log.lies.set('/tile/entries/000.p/11', encodeBundle([...log.entries.slice(0, 10), utf8('{}')]));
  await t.rejects(reading.readOn(silent), LedgerFault);
  log.lies.clear();
  t.equal((await reading.readOn(silent)).size, 11);
});
