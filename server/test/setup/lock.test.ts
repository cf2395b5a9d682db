// Holds that two commands never prepare the media worker at the same time, and that a lock left by a command that
// is gone does not stop the next one.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const setup: { withLock: <T>(path: string, work: () => Promise<T>) => Promise<T> } = await import(
  new URL('../../setup/lock.mjs', import.meta.url).href
);

t.test('the second waits until the first is through', async (t) => {
  const path = join(t.testdir(), 'deep', 'lock');
  const order: string[] = [];
  const opened = Promise.withResolvers<void>();
  const first = setup.withLock(path, async () => {
    order.push('first in');
    await opened.promise;
    order.push('first out');
  });
  const second = setup.withLock(path, async () => order.push('second in'));
  opened.resolve();
  await Promise.all([first, second]);
  t.same(order, ['first in', 'first out', 'second in']);
  t.notOk(existsSync(path), 'nothing is left');
});

t.test('work that fails gives the lock back', async (t) => {
  const path = join(t.testdir(), 'lock');
  const fails = setup.withLock(path, async () => Promise.reject(new Error('no compiler')));
  await t.rejects(fails, /no compiler/);
  t.notOk(existsSync(path));
});

t.test('a lock of a process that is gone is taken over', async (t) => {
  const path = join(t.testdir(), 'lock');
  writeFileSync(path, String(spawnSync('/bin/true').pid));
  t.equal(await setup.withLock(path, async () => 'done'), 'done');
});
