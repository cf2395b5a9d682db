/*
 * How long to wait before the next attempt. Pure; the random part is given.
 */
import { limits } from './limits.ts';

/** Doubles from 0.5 s to 8 s with the number of failures (1 or more), less up to a quarter by `random` (0..1). */
export function backOffMs(failures: number, random: number): number {
  const steps = Math.min(Math.max(0, failures - 1), 16);
  const fullMs = Math.min(limits.backOffMsMax, limits.backOffMsMin * 2 ** steps);
  return Math.round(fullMs * (1 - random / 4));
}
