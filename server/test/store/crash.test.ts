/* kill -9 at random moments: every start has exactly one end after the next start, and nothing acknowledged is lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { decodeBundle } from '@sallyport/protocol/tile';
import t from 'tap';
import type { EmbeddedStore } from '../../src/store/open-store.ts';
import { runLedgerVerify } from '../../src/store/run-ledger-verify.ts';
import { openScratch, SettableClock, scratchDirectory } from './open-scratch.ts';

const ROUNDS = 10;
const program = fileURLToPath(new URL('./support/run-until-killed.ts', import.meta.url));

/** Runs the program, kills it after some acknowledgements, answers all it said. */
async function runAndKill(directory: string, afterLines: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (lines.push(line) === afterLines) child.kill('SIGKILL');
  }
  const [, signal] = await exited;
  if (signal !== 'SIGKILL') throw new Error(`the program ended by itself: ${signal}`);
  return lines;
}

type Boundary = { readonly type: string; readonly sessionId: string; readonly reason?: string };
async function readBoundaries(store: EmbeddedStore): Promise<Boundary[]> {
  const boundaries: Boundary[] = [];
  const size = store.ledgerSize();
  for (let from = 0; from < size; from += 256) {
    const bundle = decodeBundle((await store.entryBundle(from / 256, Math.min(256, size - from))) ?? new Uint8Array(0));
    if (!bundle.ok) throw new Error(bundle.why);
    for (const bytes of bundle.value) {
      const entry = JSON.parse(new TextDecoder().decode(bytes)) as Boundary;
      if (entry.type.startsWith('session.')) boundaries.push(entry);
    }
  }
  return boundaries;
}

const missing = (wanted: Set<string>, there: Set<string>) => [...wanted].filter((id) => !there.has(id));

t.test(`${ROUNDS} kills in one life of a data directory`, async (t) => {
  const directory = scratchDirectory(t);
  let crashed = 0;
  const acknowledged = { started: new Set<string>(), ended: new Set<string>() };
  for (let round = 0; round < ROUNDS; round++) {
    for (const line of await runAndKill(directory, 1 + Math.floor(Math.random() * 400))) {
      const [what, sessionId = ''] = line.split(' ');
      if (what === 'started') acknowledged.started.add(sessionId);
      else if (what === 'ended') acknowledged.ended.add(sessionId);
      else t.fail(line);
    }
    t.equal(await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {}), 0, 'sound before recovery');
    const { store } = await openScratch(t, directory, new SettableClock(Date.now()));
    crashed += store.crashedSessions;
    const boundaries = await readBoundaries(store);
    const starts = boundaries.filter(({ type }) => type === 'session.started').map(({ sessionId }) => sessionId);
    const ends = boundaries.filter(({ type }) => type === 'session.ended');
    t.same(new Set(starts), new Set(ends.map(({ sessionId }) => sessionId)), 'an end for each start and no other');
    t.equal(new Set(starts).size, starts.length, 'one start each');
    t.equal(ends.length, starts.length, 'one end each');
    t.same(missing(acknowledged.started, new Set(starts)), [], 'every acknowledged start is there');
    const left = new Set(ends.filter(({ reason }) => reason === 'left').map(({ sessionId }) => sessionId));
    t.same(missing(acknowledged.ended, left), [], 'every acknowledged end is there, as it was given');
    await store.close(Date.now());
    t.equal(await runLedgerVerify({ target: directory, key: null, earlier: [] }, () => {}), 0, 'sound after it');
  }
  t.ok(crashed > 0, 'some sessions were cut by a kill');
});
