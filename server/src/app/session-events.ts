/*
 * What happens to one session of WHIP or WHEP, for the one stream that listens to it. Bounded: nothing is queued but the
 * last word that still holds, and the end. Called by the sessions of players and publishers; read by the HTTP edge.
 */

export interface EventListener<E> {
  /** MUST NOT throw. */
  event(event: E): void;
  /** Nothing follows: the session ended, or another stream took this one's place. */
  end(): void;
}

export class SessionEvents<E> {
  #listener: EventListener<E> | null = null;
  /** Told first to whoever comes, as it is at that moment. */
  #holding: (() => E) | null = null;
  #state: 'open' | 'ended' = 'open';

  /** Says what holds until something else does; `null`: nothing is worth saying any more. */
  hold(saying: (() => E) | null): void {
    if (this.#state === 'ended') return;
    this.#holding = saying;
    if (saying !== null) this.#listener?.event(saying());
  }

  /** The last word; whoever comes later hears it too. Idempotent. */
  end(last: E): void {
    if (this.#state === 'ended') return;
    this.hold(() => last);
    this.#state = 'ended';
    this.#dismiss();
  }

  /** Listens in the place of whoever listened before. Answers the way to stop. */
  listen(listener: EventListener<E>): () => void {
    this.#dismiss();
    this.#listener = listener;
    if (this.#holding !== null) listener.event(this.#holding());
    if (this.#state === 'ended') this.#dismiss();
    return () => {
      if (this.#listener === listener) this.#listener = null;
    };
  }

  #dismiss(): void {
    const listener = this.#listener;
    this.#listener = null;
    listener?.end();
  }
}
