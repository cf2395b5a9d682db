/*
 * Messages on their way out, in order, no faster than the server allows and never more than a bound. Owns one timer;
 * the signal channel makes a new one for each socket, so nothing meant for an old connection reaches a new one.
 */
import type { Cancel, ClientClock } from './client-clock.ts';
import { clientLimits } from './client-limits.ts';
import { type Bucket, fullBucket, takeToken } from './send-pacer.ts';

const pace = { perSecond: clientLimits.sendPerSecond, burst: clientLimits.sendBurst };

export class OutgoingQueue {
  readonly #clock: ClientClock;
  readonly #write: (text: string) => void;
  #waiting: string[] = [];
  #bucket: Bucket;
  #timer: Cancel | null = null;
  #stopped = false;

  constructor(clock: ClientClock, write: (text: string) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#bucket = fullBucket(pace, clock.monotonicMs());
  }

  /** Queues a text; false when the queue is full or stopped, and then nothing was taken. */
  push(text: string): boolean {
    if (this.#stopped || this.#waiting.length >= clientLimits.outgoingMessagesMax) return false;
    this.#waiting.push(text);
    this.#drain();
    return true;
  }

  /** Drops what waits; nothing is written afterwards. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    this.#timer?.();
    this.#timer = null;
  }

  #drain(): void {
    if (this.#timer !== null) return;
    while (this.#waiting.length > 0) {
      const taken = takeToken(this.#bucket, pace, this.#clock.monotonicMs());
      this.#bucket = taken.bucket;
      if (taken.waitMs > 0) {
        this.#timer = this.#clock.after(taken.waitMs, () => {
          this.#timer = null;
          this.#drain();
        });
        return;
      }
      const text = this.#waiting.shift();
      if (text !== undefined) this.#write(text);
    }
  }
}
