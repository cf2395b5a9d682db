/* Opening a data directory: what is made, what is kept, and every state in which a start is refused. */
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { buildOrigin, openStore } from '../../src/store/open-store.ts';
import { runLedgerVerify } from '../../src/store/run-ledger-verify.ts';
import {
  entry,
  NOON_MS,
  ORIGIN,
  openScratch,
  randomness,
  SettableClock,
  scratchDirectory,
  startOne,
  storeScene,
} from './open-scratch.ts';

const read = entry({ type: 'audit.read', what: 'sessions', keyId: null });
const open = (directory: string, clock = new SettableClock(), origin = ORIGIN) =>
  openStore({ directory, origin, clock, randomness });

/** A closed directory with a few entries, to be copied and spoilt. */
const home = scratchDirectory(t);
const first = await openScratch(t, home);
for (let count = 0; count < 5; count++) await first.store.append(read, NOON_MS);
await first.store.close(NOON_MS);

function spoilt(t: Parameters<typeof scratchDirectory>[0], spoil: (directory: string) => void): string {
  const directory = scratchDirectory(t);
  cpSync(home, directory, { recursive: true });
  spoil(directory);
  return directory;
}
const sql = (text: string) => (directory: string) => {
  const database = new DatabaseSync(join(directory, 'sallyport.db'), { enableForeignKeyConstraints: false });
  for (const table of ['ledger_entry', 'ledger_checkpoint']) {
    database.exec(`drop trigger ${table}_no_update; drop trigger ${table}_no_delete`);
  }
  database.exec(text);
  database.close();
};

t.test('a new directory: private, with a key of its own', async (t) => {
  const directory = join(scratchDirectory(t), 'not', 'there', 'yet');
  const { store } = await openScratch(t, directory);
  t.equal(statSync(directory).mode & 0o777, 0o700);
  t.equal(statSync(join(directory, 'keys', 'ledger.pem')).mode & 0o777, 0o600);
  t.equal(readFileSync(join(directory, 'ledger.vkey'), 'utf8'), `${store.verifierKey()}\n`);
  t.ok(store.verifierKey().startsWith(`${ORIGIN}+`));
  t.equal(store.ledgerSize(), 1);
  t.match(await store.checkpoint(), /^cams\.example\/ledger\n1\n/, 'the start is signed for at once');
  t.equal(await store.checkpoint(), readFileSync(join(directory, 'ledger.checkpoint'), 'utf8'));
  t.equal(store.crashedSessions, 0);
  t.ok(store.lagMs() >= 0);
});

t.test('a ledger keeps its name, its key and its node', async (t) => {
  const directory = spoilt(t, () => {});
  const store = await open(directory, new SettableClock(), 'renamed.example/ledger');
  t.teardown(() => store.close(NOON_MS));
  t.equal(store.verifierKey(), first.store.verifierKey());
  const bundle = Buffer.from((await store.entryBundle(0, store.ledgerSize())) ?? []).toString();
  t.equal(new Set(bundle.match(/nod_[a-z2-7]{26}/g)).size, 1);
  t.match(bundle, /"epoch":2/);
});

t.test('the origin of a public URL', async (t) => {
  t.equal(buildOrigin('https://cams.example'), 'cams.example/ledger');
  t.equal(buildOrigin('http://localhost:8080/'), 'localhost:8080/ledger');
  t.equal(buildOrigin('https://city.example/cams/'), 'city.example/cams/ledger');
});

t.test('a start is refused', async (t) => {
  const rows: [string, (directory: string) => void, string, RegExp][] = [
    [
      'when entries were cut off',
      sql('delete from ledger_entry where idx >= 4'),
      'rolled-back',
      /rolled back: it has 4 entries, the newest checkpoint in the database covers 7/,
    ],
    [
      'when entries were cut off with their checkpoints',
      sql('delete from ledger_entry where idx >= 4; delete from ledger_checkpoint where size > 4'),
      'rolled-back',
      /it has 4 entries, the checkpoint kept beside the database .* covers 7/,
    ],
    [
      'when a leaf was changed',
      sql('update ledger_entry set leaf = zeroblob(32) where idx = 3'),
      'forked',
      /was changed/,
    ],
    ['when a leaf is missing', sql('delete from ledger_entry where idx = 3'), 'forked', /was changed/],
    [
      'when an entry was added',
      sql('insert into ledger_entry select 7, entry, leaf from ledger_entry where idx = 6'),
      'forked',
      /8 entries, but the newest checkpoint in the database covers 7/,
    ],
    ['when no checkpoint is left', sql('delete from ledger_checkpoint'), 'forked', /no checkpoint was signed/],
    [
      'when the key is gone',
      (directory) => rmSync(join(directory, 'keys'), { recursive: true }),
      'wrong-key',
      /is missing/,
    ],
    [
      'when the key is another',
      (directory) => {
        rmSync(join(directory, 'keys'), { recursive: true });
        cpSync(join(other.directory, 'keys'), join(directory, 'keys'), { recursive: true });
      },
      'wrong-key',
      /the newest checkpoint in the database cannot be trusted/,
    ],
    [
      'when the key is none',
      (directory) => writeFileSync(join(directory, 'keys', 'ledger.pem'), 'x'),
      'wrong-key',
      /cannot be read/,
    ],
    [
      'when the kept checkpoint is damaged',
      (directory) => writeFileSync(join(directory, 'ledger.checkpoint'), 'x'),
      'wrong-key',
      /kept beside the database .* cannot be trusted/,
    ],
    [
      'when the database is none',
      (directory) => writeFileSync(join(directory, 'sallyport.db'), 'x'.repeat(9999)),
      'unusable',
      /not a database/,
    ],
  ];
  const other = await openScratch(t);
  await other.store.close(NOON_MS);
  for (const [name, spoil, code, message] of rows) await t.rejects(open(spoilt(t, spoil)), { code, message }, name);
  const file = join(scratchDirectory(t), 'file');
  writeFileSync(file, '');
  await t.rejects(open(file), { code: 'unusable', message: /cannot be used/ });
  mkdirSync(join(file, '..', 'fine'));
  await open(join(file, '..', 'fine')).then((store) => store.close(NOON_MS));
});

t.test('an old database put back is refused, and the refusal changes nothing', async (t) => {
  const directory = spoilt(t, () => {});
  const later = await openScratch(t, directory);
  await later.store.append(read, NOON_MS);
  await later.store.close(NOON_MS);
  cpSync(join(home, 'sallyport.db'), join(directory, 'sallyport.db'));
  await t.rejects(open(directory), { code: 'rolled-back', message: /it has 7 entries, .* covers 10/ });
  await t.rejects(open(directory), { code: 'rolled-back' });
});

t.test('a clock that went back', async (t) => {
  const directory = spoilt(t, () => {});
  const early = new SettableClock(NOON_MS - 121_000);
  const message = /clock says 2026-11-23T11:57:59\.000Z, but this data directory was last alive at 2026-11-23T12:00:00/;
  await t.rejects(open(directory, early), { code: 'clock-behind', message });
  early.wallMs += 2_000;
  const store = await open(directory, early);
  await store.close(early.nowMs());
  t.equal(
    await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {}),
    0,
    'dated no earlier than before',
  );
});

t.test('a directory in use', async (t) => {
  const { store, directory } = await openScratch(t);
  await t.rejects(open(directory), { code: 'locked', message: /another process has this data directory/ });
  t.match(await store.append(read, NOON_MS), { index: 1 }, 'the first one is not disturbed');
});

t.test('closing: in order, once, and nothing after', async (t) => {
  const { store, directory } = await openScratch(t);
  const accepted = store.append(read, NOON_MS);
  await Promise.all([store.close(NOON_MS), store.close(NOON_MS)]);
  t.match(await accepted, { index: 1 }, 'what was accepted before is written');
  await t.rejects(store.append(read, NOON_MS), { code: 'closed' });
  await t.rejects(store.checkpoint(), { code: 'closed' });
  await store.close(NOON_MS);
  t.equal((await openScratch(t, directory)).store.ledgerSize(), 4, 'start, entry, stop, start');
});

t.test('closing with an open session is no orderly stop: the next start ends it', async (t) => {
  const { store, directory, clock } = await openScratch(t);
  const { start } = await startOne(store, await storeScene(store));
  clock.wallMs += 5_000;
  await store.append(read, clock.nowMs());
  await store.close(clock.nowMs());
  const alive = clock.nowMs();
  clock.wallMs += 90_000;
  const again = await openScratch(t, directory, clock);
  t.equal(again.store.crashedSessions, 1);
  const [view] = await again.store.listSessions({ cameraIds: null, limit: 1, beforeIndex: null });
  t.match(view, { id: start.sessionId, endReason: 'crash', endedAtMs: clock.nowMs() });
  const proof = await again.store.proveSession(start.sessionId);
  t.match(JSON.parse(proof?.end?.entry ?? '{}'), { lastPacketAtMs: alive, epoch: 2 });
  const end = { sessionId: start.sessionId, reason: 'left', endedAtMs: clock.nowMs(), lastPacketAtMs: null } as const;
  t.equal(await again.store.endSession(end), 'already-ended');
  await again.store.close(clock.nowMs());
  t.equal(await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {}), 0);
});
