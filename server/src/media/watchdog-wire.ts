/*
 * What the server and its watchdog say to each other: lines of text over the watchdog's stdin and stdout.
 * A beat names all workers that live, so that a lost or repeated one does no harm. Pure.
 */
import { z } from 'zod';
import { mediaLimits } from './limits.ts';
import type { ProcessIdentity } from './process-identity.ts';

const beatSchema = z.strictObject({
  workers: z
    .array(z.strictObject({ pid: z.int().min(2), startMark: z.string().min(1).max(64) }))
    .max(mediaLimits.workersMax),
});

/** The watchdog's answer to each beat. */
export const BEAT_TAKEN = 'taken';
/** What the watchdog says when it has killed the workers because no beat came. */
export const LEASE_LAPSED = 'lapsed';

/** Builds one beat, with its line end. */
export function buildBeat(workers: readonly ProcessIdentity[]): string {
  return `${JSON.stringify({ workers: workers.map(({ pid, startMark }) => ({ pid, startMark })) })}\n`;
}

/** Parses one line; null when it is not a beat. Never throws. */
export function parseBeat(line: string): readonly ProcessIdentity[] | null {
  try {
    const parsed = beatSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data.workers : null;
  } catch {
    return null;
  }
}

/** Cuts chunks of text into lines; what has no end within the bound is dropped. Not pure: it keeps the rest. */
export class LineCutter {
  #rest = '';

  /** Takes the next chunk and answers the lines it completes, without their ends. */
  take(chunk: string): string[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > mediaLimits.watchdogLineCharsMax) this.#rest = '';
    return lines;
  }
}
