/*
 * Requests that wait for their answer: ids, timeouts, and the end of all when the connection goes. Called by the
 * signal channel; the bound is the feeds of one connection, each with one request at a time.
 */
import type { Cancel, ClientClock } from './client-clock.ts';
import { clientLimits } from './client-limits.ts';
import type { Gate, Ice, Offer } from './parse-server-message.ts';
import { SignalRefusal } from './refusal.ts';

export type Answer = Offer | Ice | Gate;
type Pending = { readonly resolve: (answer: Answer) => void; readonly reject: (cause: Error) => void } & {
  readonly cancelTimer: Cancel;
  /** A renew is answered by a gate message, which names its session instead of the request. */
  readonly sessionId: string | null;
};

export class PendingRequests {
  readonly #clock: ClientClock;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  /**
   * Opens a request and answers its id. The promise rejects with SignalRefusal `connection-lost` after 30 s, or as
   * rejectOne and rejectAll say.
   */
  open(sessionId: string | null): { readonly id: number; readonly answer: Promise<Answer> } {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<Answer>((resolve, reject) => {
      const cancelTimer = this.#clock.after(clientLimits.requestWithinMs, () => {
        this.rejectOne(id, new SignalRefusal('connection-lost', 'no answer in time'));
      });
      this.#pending.set(id, { resolve, reject, cancelTimer, sessionId });
    });
    return { id, answer };
  }

  /** Hands an offer or credentials to the request that waits for them; false when nobody does any more. */
  resolveOne(answer: Offer | Ice): boolean {
    const pending = this.#take(answer.id);
    pending?.resolve(answer);
    return pending !== undefined;
  }

  /** Hands an open gate to the renew of that session, if one waits. */
  resolveGate(gate: Gate): void {
    for (const [id, pending] of this.#pending) {
      if (pending.sessionId === gate.sessionId) this.#take(id)?.resolve(gate);
    }
  }

  rejectOne(id: number, cause: Error): void {
    this.#take(id)?.reject(cause);
  }

  rejectAll(cause: Error): void {
    for (const id of [...this.#pending.keys()]) this.rejectOne(id, cause);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancelTimer();
    return pending;
  }
}
