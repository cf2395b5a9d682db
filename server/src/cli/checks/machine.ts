/*
 * What the checks ask of the machine, as a port: programs, files, other hosts. The real one is here; a test answers in
 * its place where a machine cannot be made wrong (its clock, its limits).
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { workerBinaryPath } from '../../media/try-worker.ts';
import { type Surroundings, thisMachine } from '../../media-points.ts';

export type Machine = {
  readonly surroundings: Surroundings;
  readonly nodeVersion: string;
  readonly workerPath: string;
  nowMs(): number;
  /** Standard output of a program that ended well; null when it is missing, failed or took too long. */
  run(program: string, args: readonly string[]): Promise<string | null>;
  /** Null when it cannot be read. */
  readText(path: string): Promise<string | null>;
  /** The clock of whoever answers at this URL, and ours at that moment; null when nobody does. */
  readDate(url: string): Promise<{ readonly theirsMs: number; readonly oursMs: number } | null>;
};

const runFile = promisify(execFile);
const RUN_WITHIN_MS = 5_000;
const ANSWER_WITHIN_MS = 3_000;

export const realMachine: Machine = {
  surroundings: thisMachine,
  nodeVersion: process.versions.node,
  workerPath: workerBinaryPath,
  nowMs: () => Date.now(),
  run: (program, args) =>
    runFile(program, args, { timeout: RUN_WITHIN_MS }).then(
      ({ stdout }) => stdout,
      () => null,
    ),
  readText: (path) => readFile(path, 'utf8').catch(() => null),
  readDate: async (url) => {
    try {
      const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
      const theirsMs = Date.parse(answer.headers.get('date') ?? '');
      return Number.isNaN(theirsMs) ? null : { theirsMs, oursMs: Date.now() };
    } catch {
      return null;
    }
  },
};
