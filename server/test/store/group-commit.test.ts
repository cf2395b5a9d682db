/* Batches: many commands and one commit, one refusal and no other, bounds, and disks that stop taking writes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { limits } from '@sallyport/protocol/limits';
import t from 'tap';
import { openEngine } from '../../src/store/open-engine.ts';
import { storeLimits } from '../../src/store/open-store.ts';
import { runLedgerVerify } from '../../src/store/run-ledger-verify.ts';
import { entry, NOON_MS, newId, openScratch, ownerRecord, scratchDirectory } from './open-scratch.ts';

const read = entry({ type: 'audit.read', what: 'sessions', keyId: null });
const sealed = { draft: read.draft, opening: null };

t.test('what comes together is committed together', async (t) => {
  const { store, directory } = await openScratch(t);
  const answers = await Promise.all(Array.from({ length: 50 }, () => store.append(read, NOON_MS)));
  t.same(
    answers.map(({ index }) => index),
    Array.from({ length: 50 }, (_, at) => at + 1),
    'in the order asked',
  );
  await store.close(NOON_MS);
  const database = new DatabaseSync(join(directory, 'sallyport.db'), { readOnly: true });
  const sizes = database.prepare('select size from ledger_checkpoint order by size').all();
  database.close();
  t.same(
    sizes.map((row) => row['size']),
    [1, 51, 52],
    'start, one batch, stop: one checkpoint each',
  );
});

t.test('a refused command takes only itself back', async (t) => {
  const { store, directory } = await openScratch(t);
  const owner = ownerRecord();
  const good = () => store.append(read, NOON_MS);
  const bad = entry({ type: 'admin.changed', what: 'Not A Word', keyId: null });
  const long = entry({
    type: 'token.issued',
    incidentId: newId('inc'),
    agency: 'a',
    token: '0'.repeat(64),
    expiresAtMs: 1,
    cameraIds: Array.from({ length: Math.ceil(limits.entryBytesMax / 30) }, () => newId('cam')),
  });
  const outcomes = await Promise.allSettled([
    good(),
    store.append(bad, NOON_MS),
    store.addOwner(owner, read),
    store.addOwner(owner, read),
    store.append(long, NOON_MS),
    good(),
  ]);
  t.match(outcomes, [
    { value: { index: 1 } },
    { reason: { code: 'refused', message: /not a ledger entry/ } },
    { value: { index: 2 } },
    { reason: { code: 'refused', message: /UNIQUE/ } },
    { reason: { code: 'refused', message: /too long/ } },
    { value: { index: 3 } },
  ]);
  t.equal(store.ledgerSize(), 4);
  await store.close(NOON_MS);
  t.equal(await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {}), 0);
});

t.test('beyond the bound nothing more is taken, and then it goes on', async (t) => {
  const { store } = await openScratch(t);
  const writes = Array.from({ length: storeLimits.writesWaitingMax }, () => store.append(read, NOON_MS));
  await t.rejects(store.append(read, NOON_MS), { code: 'busy' });
  await Promise.all(writes);
  t.match(await store.append(read, NOON_MS), { index: storeLimits.writesWaitingMax + 1 });
  const reads = Array.from({ length: storeLimits.readsWaitingMax }, () => store.readCharter());
  await t.rejects(store.readCharter(), { code: 'busy' });
  await Promise.all(reads);
  t.equal(await store.readCharter(), null);
});

t.test('a full database refuses the batch and stands as it was', async (t) => {
  const directory = scratchDirectory(t);
  const start = { directory, origin: 'cams.example/ledger', nodeId: newId('nod'), nowMs: NOON_MS };
  const { engine, statements } = await openEngine(start);
  const pages = Number(statements.raw('pragma page_count').get()?.['page_count']);
  statements.connection.exec(`pragma max_page_count = ${pages + 2}`);
  const call = { name: 'append', input: { entry: sealed, atMs: NOON_MS } };
  const before = engine.ledger.durable;
  t.throws(() => engine.run(Array(500).fill(call), NOON_MS), { code: 'unwritten', message: /full/ });
  t.equal(engine.ledger.durable.frontier.size, before.frontier.size);
  statements.connection.exec(`pragma max_page_count = ${pages + 2_000}`);
  t.match(engine.run(Array(500).fill(call), NOON_MS).at(-1), { ok: true, value: { index: 500 } });
  t.throws(() => engine.run([{ name: 'noSuchCommand', input: null }], NOON_MS), { code: 'unwritten' });
  t.equal(engine.ledger.durable.frontier.size, 501);
  statements.connection.close();
  t.equal(await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {}), 0);
});

t.test('a commit that fails ends the store for good; what was acknowledged is there', async (t) => {
  const directory = scratchDirectory(t);
  const program = fileURLToPath(new URL('./support/append-until-failed.ts', import.meta.url));
  // The kernel refuses to let any file of this process grow beyond the limit: the write-ahead log meets it at a commit.
  // It writes no coverage: that file would meet the limit too.
  const limited = `unset NODE_V8_COVERAGE NODE_OPTIONS; ulimit -f 2000; exec "${process.execPath}" "${program}" "${directory}"`;
  const child = spawn('sh', ['-c', limited], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
  t.same(await exited, [0, null]);
  const acknowledged = Number(lines.find((line) => 'acknowledged' in line)?.['acknowledged']);
  t.ok(acknowledged > 0);
  t.match(
    lines.find((line) => 'rejected' in line),
    { rejected: 'failed', waiting: ['failed', 'failed'] },
  );
  t.match(
    lines.find((line) => 'after' in line),
    { after: ['failed', 'failed'], listeners: 2 },
  );
  const { store } = await openScratch(t, directory);
  t.ok(store.ledgerSize() > acknowledged, 'every acknowledged entry, and the new start');
  await store.close(NOON_MS);
  t.equal(await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {}), 0);
});
