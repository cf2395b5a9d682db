/*
 * The live line of a run. On a terminal it is written over itself, elsewhere it comes every few seconds. Pure but for the
 * writer it is given.
 */
import type { Point } from '../run/sampler.ts';

const PLAIN_EVERY = 5;
const NONE = '-';

export const ms = (value: number | null): string => {
  if (value === null) return NONE;
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
};
export const percent = (share: number | null): string => (share === null ? NONE : `${(share * 100).toFixed(2)} %`);
export const cores = (value: number | null): string => (value === null ? NONE : value.toFixed(2));

/** One second in one line. */
export function describePoint(point: Point, viewers: number): string {
  const server =
    point.serverNodeCores === null || point.serverWorkerCores === null
      ? NONE
      : `${cores(point.serverWorkerCores)} + ${cores(point.serverNodeCores)}`;
  return [
    `t=${Math.round(point.atMs / 1_000)} s`,
    `viewers ${point.viewersUp}/${viewers}`,
    `join p95 ${ms(point.joinP95Ms)}`,
    `first frame p95 ${ms(point.firstFrameP95Ms)}`,
    `latency p95 ${ms(point.latencyP95Ms)}`,
    `loss ${percent(point.lossRate)}`,
    `${point.megabitsPerSecond.toFixed(1)} Mbit/s`,
    `server ${server} cores`,
    `harness ${cores(point.harnessCores)}`,
    ...(point.kernelDrops > 0 ? [`harness dropped ${point.kernelDrops}`] : []),
  ].join('  ');
}

export class Progress {
  readonly #write: (text: string) => void;
  readonly #kind: 'terminal' | 'plain';
  #shown = 0;

  constructor(write: (text: string) => void, kind: 'terminal' | 'plain') {
    this.#write = write;
    this.#kind = kind;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#clear();
    this.#write(`${line}\n`);
  }

  show(point: Point, viewers: number): void {
    const line = describePoint(point, viewers);
    this.#shown += 1;
    if (this.#kind === 'terminal') this.#write(`\r\u001b[2K${line}`);
    else if (this.#shown % PLAIN_EVERY === 1) this.#write(`${line}\n`);
  }

  #clear(): void {
    if (this.#kind === 'terminal' && this.#shown > 0) this.#write('\r\u001b[2K');
  }
}
