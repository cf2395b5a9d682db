/*
 * How long to wait before trying again. Pure; the control connection and each feed use it.
 */
import { clientLimits } from './client-limits.ts';

/**
 * Pause before attempt `attempt` (0 is the first retry): doubles from 0.5 s to 30 s, the upper half of it random, so
 * that a wall of pages does not come back in step. Milliseconds.
 */
export function backOffMs(attempt: number, random: number): number {
  const doublings = Math.min(Math.max(attempt, 0), 16);
  const ceilingMs = Math.min(clientLimits.backOffMostMs, clientLimits.backOffFirstMs * 2 ** doublings);
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random);
}
