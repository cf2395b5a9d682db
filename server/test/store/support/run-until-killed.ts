/*
 * Run as a process of its own and killed in the middle: starts and ends sessions without pause and says each
 * acknowledgement, one line each, after it was given.
 */
import { openStore } from '../../../src/store/open-store.ts';
import { ORIGIN, randomness, SettableClock, startRecord, storeScene } from '../open-scratch.ts';

const directory = process.argv[2] ?? '';
const clock = new SettableClock(Date.now());
const store = await openStore({ directory, origin: ORIGIN, clock, randomness });
const scene = await storeScene(store);
const { revision } = await store.gatherGate(scene.camera.id, scene.incident.id);
const say = (line: string) => process.stdout.write(`${line}\n`);

async function watch(): Promise<never> {
  for (;;) {
    const start = startRecord(scene, revision, { startedAtMs: clock.nowMs() });
    const outcome = await store.startSession(start);
    say(`${outcome.started ? 'started' : 'refused'} ${start.sessionId}`);
    clock.wallMs = Date.now();
    const ending = {
      sessionId: start.sessionId,
      reason: 'left',
      endedAtMs: clock.nowMs(),
      lastPacketAtMs: null,
    } as const;
    say(`${await store.endSession(ending)} ${start.sessionId}`);
  }
}
await Promise.all(Array.from({ length: 20 }, watch));
