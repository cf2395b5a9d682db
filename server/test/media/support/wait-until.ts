/* Waits for a condition instead of for time; the bound is for a test that fails, not for one that passes. */
import { setTimeout as pause } from 'node:timers/promises';

/** Asks every 10 ms until `holds` answers true; rejects, naming `what`, after `limitMs`. */
export async function waitUntil(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await pause(10);
  }
}
