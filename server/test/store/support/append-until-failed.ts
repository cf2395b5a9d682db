/* Run as a process of its own, with a limit on its files: appends until the store has failed, then says what it saw. */

import { openStore } from '../../../src/store/open-store.ts';
import { entry, NOON_MS, newId, ORIGIN, randomness, SettableClock } from '../open-scratch.ts';

const directory = process.argv[2] ?? '';
const clock = new SettableClock();
const store = await openStore({ directory, origin: ORIGIN, clock, randomness });
const opening = { note: 'x'.repeat(2_000) };
const append = () =>
  store.append(entry({ type: 'audit.read', what: 'sessions', keyId: newId('key') }, opening), NOON_MS);
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

let listeners = 0;
store.onFailed(() => listeners++);
let acknowledged = 0;
for (;;) {
  const batch = [code(append()), code(append()), code(append())];
  const [first, ...waiting] = await Promise.all(batch);
  if (first !== 'done') {
    say({ rejected: first, waiting });
    break;
  }
  acknowledged += 3;
}
store.onFailed(() => listeners++);
say({ acknowledged });
say({ after: [await code(append()), await code(store.readCharter())], listeners });
await store.close(NOON_MS);
