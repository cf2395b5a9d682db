// One builder at a time: a lock file that holds its owner's process id. Two commands started together on a
// fresh machine must not compile the same worker twice; a lock whose owner is gone is taken over.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SetupFault, say } from './say.mjs';

// A build takes 6 minutes on two cores; waiting ten times as long means that something is wrong.
const waitMaxMs = 60 * 60_000;
const pollMs = 500;

/** Runs `work` while holding the lock file at `path`, waiting for another live owner first. */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + waitMaxMs;
  let told = false;
  while (!take(path)) {
    if (Date.now() > deadline) throw new SetupFault(`Another command has held ${path} for an hour; remove the file.`);
    if (!told) say('waiting for another command that is preparing the media worker');
    told = true;
    await pause(pollMs);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!ownerLives(path)) rmSync(path, { force: true });
    return false;
  }
}

function ownerLives(path) {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
