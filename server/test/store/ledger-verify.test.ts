/* The offline check on real ledgers: sound as database, files and URL; every kind of tampering found and named. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { leafHash } from '@sallyport/protocol/merkle';
import { buildTilePath, tileWidthAt } from '@sallyport/protocol/tile';
import t from 'tap';
import type { EmbeddedStore } from '../../src/store/open-store.ts';
import { runLedgerProve, runLedgerVerify } from '../../src/store/run-ledger-verify.ts';
import { entry, NOON_MS, newId, openScratch, scratchDirectory, startOne, storeScene } from './open-scratch.ts';

const TABLES = ['ledger_entry', 'ledger_node', 'ledger_checkpoint'];

async function check(target: string, change: { key?: string | null; earlier?: readonly string[] } = {}) {
  const lines: string[] = [];
  const code = await runLedgerVerify({ target, key: null, earlier: [], ...change }, (line) => lines.push(line));
  return { code, text: lines.join('\n') };
}

async function fill(store: EmbeddedStore, entries: number): Promise<void> {
  const read = entry({ type: 'audit.read', what: 'sessions', keyId: null });
  while (store.ledgerSize() < entries) {
    const batch = Math.min(100, entries - store.ledgerSize());
    await Promise.all(Array.from({ length: batch }, () => store.append(read, NOON_MS)));
  }
}

/** A closed ledger of 700 entries with one finished session, and a copy of the directory as it was at 400. */
const home = scratchDirectory(t);
const young = scratchDirectory(t);
const first = await openScratch(t, home);
const scene = await storeScene(first.store);
const { start } = await startOne(first.store, scene);
await first.store.endSession({
  sessionId: start.sessionId,
  reason: 'left',
  endedAtMs: NOON_MS,
  lastPacketAtMs: NOON_MS,
});
await fill(first.store, 399);
await first.store.close(NOON_MS);
cpSync(home, young, { recursive: true });
const second = await openScratch(t, home);
await fill(second.store, 699);
await second.store.close(NOON_MS);

/** A copy of the ledger whose database has been worked on by somebody with every right. */
function tampered(t: Parameters<typeof scratchDirectory>[0], sql: (database: DatabaseSync) => void): string {
  const directory = scratchDirectory(t);
  cpSync(home, directory, { recursive: true });
  const database = new DatabaseSync(join(directory, 'sallyport.db'), { enableForeignKeyConstraints: false });
  for (const table of TABLES) database.exec(`drop trigger ${table}_no_update; drop trigger ${table}_no_delete`);
  sql(database);
  database.close();
  return directory;
}

const entryAt = (database: DatabaseSync, index: number): Uint8Array =>
  database.prepare('select entry from ledger_entry where idx = ?').get(index)?.['entry'] as Uint8Array;

function put(database: DatabaseSync, index: number, bytes: Uint8Array, leaf?: Uint8Array): void {
  database.prepare('update ledger_entry set entry = ? where idx = ?').run(bytes, index);
  if (leaf !== undefined) database.prepare('update ledger_entry set leaf = ? where idx = ?').run(leaf, index);
}

t.test('a sound ledger is sound', async (t) => {
  const { code, text } = await check(home);
  t.equal(code, 0);
  t.match(text, /^entries {3}700, the newest of 2026-11-23T12:00:00\.000Z$/m);
  t.match(text, /^sessions {2}1 started, 1 ended, 0 open$/m);
  t.match(text, /the key found beside the ledger/);
  t.match(text, /^SOUND/m);
  const key = readFileSync(join(home, 'ledger.vkey'), 'utf8').trim();
  t.match((await check(home, { key })).text, /the key you gave/);
  t.match((await check(home, { key: join(home, 'ledger.vkey') })).text, /the key you gave/);
  t.equal((await check(home, { earlier: [join(young, 'ledger.checkpoint')] })).code, 0, 'it contains its younger self');
});

t.test('a changed ledger is not, and the words say where', async (t) => {
  const rows: [string, (database: DatabaseSync) => void, RegExp][] = [
    [
      'one bit of an entry',
      (database) => {
        const bytes = Uint8Array.from(entryAt(database, 300));
        bytes[40]! ^= 1;
        put(database, 300, bytes);
      },
      /^ {2}- entry 300: changed: it does not hash to the leaf stored for it$/m,
    ],
    [
      'an entry rewritten together with its leaf',
      (database) => {
        const bytes = Buffer.from(Buffer.from(entryAt(database, 300)).toString().replace('sessions', 'sessionz'));
        put(database, 300, bytes, leafHash(bytes));
      },
      /entries 256 to 511 were changed: their common hash is another/,
    ],
    [
      'a late entry rewritten together with its leaf',
      (database) => {
        const bytes = Buffer.from(Buffer.from(entryAt(database, 650)).toString().replace('sessions', 'sessionz'));
        put(database, 650, bytes, leafHash(bytes));
      },
      /the ledger was rewritten: its first 700 entries are not those of the checkpoint/,
    ],
    [
      'two entries swapped',
      (database) => {
        const [a, b] = [entryAt(database, 6), entryAt(database, 7)];
        put(database, 6, b);
        put(database, 7, a);
      },
      /entry 6: changed: it was entry 7[\s\S]*entry 7: changed: it was entry 6/,
    ],
    ['an entry dropped', (database) => database.exec('delete from ledger_entry where idx = 300'), /entry 300: missing/],
    [
      'entries dropped',
      (database) => database.exec('delete from ledger_entry where idx between 300 and 302'),
      /entries 300 to 302 are missing/,
    ],
    [
      'the end cut off',
      (database) => database.exec('delete from ledger_entry where idx >= 500'),
      /entries 500 to 699 are missing/,
    ],
    [
      'the end cut off with its checkpoints',
      (database) => {
        const { size } = database.prepare('select max(size) as size from ledger_checkpoint where size < 500').get() as {
          size: number;
        };
        database.exec(
          `delete from ledger_entry where idx >= ${size}; delete from ledger_checkpoint where size > ${size}`,
        );
        database.exec('delete from ledger_node where level = 1 and idx >= 1');
      },
      /the ledger was rolled back: it has \d+ entries, the checkpoint kept beside the database covers 700/,
    ],
    [
      'a hash of the tree',
      (database) => database.exec('update ledger_node set hash = zeroblob(32) where level = 1 and idx = 1'),
      /entries 256 to 511 were changed/,
    ],
    [
      'a hash of the tree dropped',
      (database) => database.exec('delete from ledger_node where idx = 1'),
      /tile 1\/0 is not/,
    ],
    [
      'the newest checkpoint',
      (database) => database.exec("update ledger_checkpoint set note = replace(note, '700', '699') where size = 700"),
      /the checkpoint: the signature of cams\.example\/ledger is false/,
    ],
    [
      'an older checkpoint',
      (database) =>
        database.exec("update ledger_checkpoint set note = replace(note, char(10), '!' || char(10)) where size < 500"),
      /a stored checkpoint: /,
    ],
    [
      'an entry added unsigned',
      (database) => database.exec('insert into ledger_entry select 700, entry, leaf from ledger_entry where idx = 699'),
      /1 entries stand after the newest checkpoint, unsigned/,
    ],
  ];
  for (const [name, sql, words] of rows) {
    const { code, text } = await check(tampered(t, sql));
    t.equal(code, 1, name);
    t.match(text, words, name);
    t.match(text, /^NOT SOUND$/m);
  }
});

t.test('entries that are none of ours, however well they hash', async (t) => {
  const rows: [string, (text: string) => string, RegExp][] = [
    ['not JSON', (text) => text.slice(1), /entry 650: it is not JSON/],
    ['another shape', (text) => text.replace('"v":1', '"v":2'), /entry 650: it is not an entry of this ledger/],
    ['a key twice', (text) => text.replace('"v":1', '"v":1,"v":1'), /entry 650: it is not written in canonical form/],
    ['white space', (text) => text.replace(',', ', '), /entry 650: it is not written in canonical form/],
    ['another order', (text) => `{"v":1,${text.slice(1).replace(',"v":1', '')}`, /650: it is not written in canonical/],
    ['an escape', (text) => text.replace('sessions', '\\u0073essions'), /650: it is not written in canonical form/],
  ];
  for (const [name, rewrite, words] of rows) {
    const directory = tampered(t, (database) => {
      const bytes = Buffer.from(rewrite(Buffer.from(entryAt(database, 650)).toString()));
      put(database, 650, bytes, leafHash(bytes));
    });
    t.match(await check(directory), { code: 1, text: words }, name);
  }
});

t.test('an old copy put back is sound in itself, and found by what others kept', async (t) => {
  const directory = scratchDirectory(t);
  cpSync(home, directory, { recursive: true });
  cpSync(join(young, 'sallyport.db'), join(directory, 'sallyport.db'));
  t.match(await check(directory), { code: 1, text: /rolled back: it has 400 entries, .* covers 700/ });
  rmSync(join(directory, 'ledger.checkpoint'));
  t.match(await check(directory), { code: 0 }, 'nothing in the directory remembers');
  const earlier = [join(home, 'ledger.checkpoint')];
  t.match(await check(directory, { earlier }), { code: 1, text: /rolled back: .* earlier checkpoint 1 covers 700/ });
});

t.test('another log, another key, no key', async (t) => {
  const other = await openScratch(t);
  await other.store.close(NOON_MS);
  const key = other.store.verifierKey();
  t.match(await check(home, { key }), { code: 1, text: /no signature of a known key/ });
  t.match(await check(home, { key: 'nonsense' }), { code: 1, text: /not a verifier key/ });
  const directory = scratchDirectory(t);
  cpSync(home, directory, { recursive: true });
  rmSync(join(directory, 'ledger.vkey'));
  t.match(await check(directory), { code: 1, text: /no verifier key was given, and none was found/ });
  const earlier = [join(other.directory, 'ledger.checkpoint')];
  t.match(await check(home, { earlier }), { code: 1, text: /earlier checkpoint 1: no signature/ });
});

t.test('what cannot be checked is said, not judged', async (t) => {
  const empty = scratchDirectory(t);
  t.match(await check(empty), { code: 2, text: /neither a data directory nor/ });
  t.match(await check(join(empty, 'no')), { code: 2, text: /does not exist/ });
  t.match(await check('http://127.0.0.1:9/'), { code: 2, text: /could not be checked: fetch failed/ });
  writeFileSync(join(empty, 'sallyport.db'), 'this is no database, whatever its name says');
  t.match(await check(empty), { code: 2, text: /does not hold a readable ledger/ });
  const { directory } = await openScratch(t);
  t.match(await check(directory), { code: 2, text: /a server has .* open; check it at its URL/ });
});

/** Writes a store's ledger as tlog-tiles files, as a mirror would have fetched them. */
async function exportTiles(store: EmbeddedStore, directory: string): Promise<void> {
  const write = (path: string, content: string | Uint8Array | null) => {
    if (content === null) throw new Error(`the store does not serve ${path}`);
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  };
  write('checkpoint', await store.checkpoint());
  write('ledger.vkey', store.verifierKey());
  for (let level = 0; tileWidthAt(store.ledgerSize(), level, 0) > 0; level++) {
    for (let index = 0; tileWidthAt(store.ledgerSize(), level, index) > 0; index++) {
      const width = tileWidthAt(store.ledgerSize(), level, index);
      write(buildTilePath({ level, index, width }), await store.tile(level, index, width));
      if (level === 0) write(buildTilePath({ level: 'entries', index, width }), await store.entryBundle(index, width));
    }
  }
}

t.test('the same ledger as files and over HTTP', async (t) => {
  const copy = scratchDirectory(t);
  cpSync(home, copy, { recursive: true });
  const { store } = await openScratch(t, copy);
  const tiles = scratchDirectory(t);
  await exportTiles(store, tiles);
  t.match(await check(tiles), { code: 0, text: /^entries {3}701/m });

  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(tiles, request.url ?? '')));
    } catch {
      response.writeHead(request.url?.includes('broken') ? 500 : 404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.match(await check(url), { code: 0, text: /^entries {3}701/m });
  t.match(await check(`${url}/broken`), { code: 2, text: /answered 500/ });
  t.match(await check(`${url}/nothing`), { code: 2, text: /has no checkpoint/ });

  const bundle = join(tiles, 'tile/entries/001');
  const bytes = readFileSync(bundle);
  bytes[60]! ^= 1;
  writeFileSync(bundle, bytes);
  t.match(await check(tiles), { code: 1, text: /entry 256: changed/ });
  t.match(await check(url), { code: 1, text: /entry 256: changed/ });
  writeFileSync(bundle, bytes.subarray(0, bytes.length - 1));
  t.match(await check(url), { code: 1, text: /entries 256 to 511 are missing/ });
  writeFileSync(bundle, Buffer.alloc(5_000_000));
  t.match(await check(url), { code: 2, text: /longer than/ });
  t.match(await check(tiles), { code: 2, text: /longer than/ });
});

t.test('the proofs of a session, from a directory at rest', async (t) => {
  const lines: string[] = [];
  t.equal(await runLedgerProve(home, start.sessionId, (line) => lines.push(line)), 0);
  t.match(JSON.parse(lines.join('\n')), { start: { index: 6 }, end: { index: 7 } });
  t.equal(await runLedgerProve(home, newId('ses'), (line) => lines.push(line)), 1);
  t.equal(await runLedgerProve(home, 'ses_x', (line) => lines.push(line)), 2);
  t.match(lines.at(-1), /is not the id of a session/);
});
