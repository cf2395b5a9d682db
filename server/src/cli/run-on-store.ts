/*
 * Runs a control command where the store is: in the running server through its control socket, else on the data
 * directory itself, opened for this one command.
 */
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiKeyDesk } from '../app/api-key-desk.ts';
import { askRunningServer, type ControlCommand, runControlCommand } from '../control-socket.ts';
import { buildOrigin, type EmbeddedStore, openStore } from '../store/open-store.ts';
import { StoreError } from '../store/store-error.ts';
import { systemClock } from '../system-clock.ts';
import { systemRandomness } from '../system-randomness.ts';
import { ApiKeyMint } from '../tokens/api-key.ts';
import { readConfig } from './read-config.ts';

/** A server holds the store a moment before it listens on its socket; so long it is waited for. */
const STARTING_MS_MAX = 15_000;
const ASK_EVERY_MS = 250;

/** Rejects with a sentence for the operator when neither way is open or the command is refused. */
export async function runOnStore(command: ControlCommand): Promise<unknown> {
  const config = readConfig(process.env);
  const directory = resolve(config.dataDirectory);
  const deadlineMs = performance.now() + STARTING_MS_MAX;
  for (;;) {
    const answered = await askRunningServer(directory, command);
    if (answered !== null) return answered.result;
    const store = await openUnlessHeld(directory, config.publicUrl);
    if (store !== null) return runHere(store, command);
    if (performance.now() > deadlineMs)
      throw new Error(`Another process holds ${directory} and does not answer; stop it, or wait until it has started.`);
    await delay(ASK_EVERY_MS);
  }
}

async function openUnlessHeld(directory: string, publicUrl: string): Promise<EmbeddedStore | null> {
  try {
    const origin = buildOrigin(publicUrl);
    return await openStore({ directory, origin, clock: systemClock, randomness: systemRandomness });
  } catch (failure) {
    if (failure instanceof StoreError && failure.code === 'locked') return null;
    throw failure;
  }
}

async function runHere(store: EmbeddedStore, command: ControlCommand): Promise<unknown> {
  const keys = new ApiKeyDesk({
    store,
    keys: new ApiKeyMint(systemRandomness),
    clock: systemClock,
    randomness: systemRandomness,
  });
  try {
    return await runControlCommand(command, { keys, proveSession: (sessionId) => store.proveSession(sessionId) });
  } finally {
    await store.close(systemClock.nowMs());
  }
}
