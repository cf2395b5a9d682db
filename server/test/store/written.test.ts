/* The store says how long each write took, once it is durable; reads and refused writes are not counted. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openStore } from '../../src/store/open-store.ts';
import { entry, newId, ORIGIN, SettableClock } from './open-scratch.ts';

t.test('one duration for each durable write', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-written-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const clock = new SettableClock();
  const tookMs: number[] = [];
  const store = await openStore({
    directory,
    origin: ORIGIN,
    clock,
    randomness: { bytes: (count) => randomBytes(count) },
    onWritten: (ms) => void tookMs.push(ms),
  });
  const read = () => entry({ type: 'audit.read', what: 'sessions', keyId: newId('key') });
  const before = store.ledgerSize();
  await Promise.all([store.append(read(), clock.nowMs()), store.append(read(), clock.nowMs())]);
  t.equal(store.ledgerSize(), before + 2);
  t.equal(tookMs.length, 2);
  for (const ms of tookMs) t.ok(Number.isFinite(ms) && ms >= 0);
  await store.readCharter();
  await store.close(clock.nowMs());
  await t.rejects(store.append(read(), clock.nowMs()));
  t.equal(tookMs.length, 2);
});
