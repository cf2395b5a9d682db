/*
 * The server's side of the watchdog: starts it, sends the heart beat with the list of workers, sees that it answers,
 * and replaces it when it does not. While it does not guard, media opens nothing. Used by open-media.ts.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Clock, MonotonicMs, Timer } from '../app/ports/clock.ts';
import type { Log } from '../app/ports/log.ts';
import { Backoff } from './backoff.ts';
import { mediaLimits } from './limits.ts';
import { MediaFault } from './media-fault.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { BEAT_TAKEN, buildBeat, LEASE_LAPSED, LineCutter } from './watchdog-wire.ts';
import { within } from './within.ts';

type WatchdogChild = ChildProcessByStdio<Writable, Readable, null>;

export type WatchdogOptions = {
  readonly clock: Clock;
  readonly log: Log;
  /** No beat for that long, no picture. */
  readonly leaseMs: number;
  /** The workers alive now; asked at every beat. */
  readonly workers: () => readonly ProcessIdentity[];
};

const PROGRAM = fileURLToPath(new URL('./watchdog-process.ts', import.meta.url));

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #backoff: Backoff;
  #child: WatchdogChild | null = null;
  #lastAnswerMs: MonotonicMs | null = null;
  #firstAnswer: (() => void) | null = null;
  #timer: Timer | null = null;
  #closed = false;

  private constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  /** Starts the watchdog; throws MediaFault `unguarded` when it does not answer, since nothing may open without it. */
  static async start(options: WatchdogOptions): Promise<Watchdog> {
    const watchdog = new Watchdog(options);
    const answered = new Promise<void>((resolve) => {
      watchdog.#firstAnswer = resolve;
    });
    watchdog.#spawn();
    const waited = await within(options.clock, mediaLimits.watchdogStartMs, answered);
    if (waited.how === 'done') return watchdog;
    await watchdog.close();
    throw new MediaFault('unguarded', 'the media watchdog does not start; see that this user may start processes');
  }

  /** True while the watchdog has answered within the lease: only then may anything open. */
  get guarding(): boolean {
    const { clock, leaseMs } = this.#options;
    return this.#child !== null && this.#lastAnswerMs !== null && clock.monotonicMs() - this.#lastAnswerMs <= leaseMs;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Sends the list of workers at once; for when it has changed. */
  beat(): void {
    this.#child?.stdin.write(buildBeat(this.#options.workers()));
  }

  /** Closes the pipe, upon which the watchdog kills what is left of the workers and leaves. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    const child = this.#child;
    if (!child) return;
    const left = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    child.stdin.end();
    const waited = await within(this.#options.clock, mediaLimits.watchdogStopMs, left);
    if (waited.how !== 'done') child.kill('SIGKILL');
    this.#child = null;
  }

  #spawn(): void {
    if (this.#closed) return;
    // Its own process group, so that nothing sent to ours takes it along; and none of our secrets in its environment.
    const child: WatchdogChild = spawn(process.execPath, [PROGRAM, String(this.#options.leaseMs)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const lines = new LineCutter();
    this.#child = child;
    this.#lastAnswerMs = null;
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      for (const line of lines.take(chunk)) this.#hear(child, line);
    });
    child.once('error', (error) => this.#lose(child, error.message));
    child.once('exit', (code, signal) => this.#lose(child, `exit ${signal ?? code}`));
    this.#backoff.begun();
    this.beat();
    this.#keepBeating(child, this.#options.clock.monotonicMs());
  }

  #keepBeating(child: WatchdogChild, startedMs: MonotonicMs): void {
    const { clock, leaseMs } = this.#options;
    this.#timer = clock.after(leaseMs / mediaLimits.beatsPerLease, () => {
      if (this.#child !== child || this.#closed) return;
      const silentMs = clock.monotonicMs() - (this.#lastAnswerMs ?? startedMs);
      const allowedMs = this.#lastAnswerMs === null ? mediaLimits.watchdogStartMs : leaseMs;
      // It hangs or is stopped: a watchdog that does not answer does not guard.
      if (silentMs > allowedMs) child.kill('SIGKILL');
      else this.beat();
      this.#keepBeating(child, startedMs);
    });
  }

  #hear(child: WatchdogChild, line: string): void {
    if (this.#child !== child) return;
    if (line === LEASE_LAPSED) {
      this.#options.log.error({}, 'the server was not heard for a lease; the watchdog has killed the media workers');
    }
    if (line !== BEAT_TAKEN) return;
    this.#lastAnswerMs = this.#options.clock.monotonicMs();
    this.#firstAnswer?.();
    this.#firstAnswer = null;
  }

  #lose(child: WatchdogChild, why: string): void {
    if (this.#child !== child || this.#closed) return;
    this.#child = null;
    this.#timer?.cancel();
    const delayMs = this.#backoff.nextDelayMs();
    this.#options.log.error({ why, delayMs }, 'the media watchdog ended; nothing opens until it is back');
    this.#timer = this.#options.clock.after(delayMs, () => this.#spawn());
  }
}
