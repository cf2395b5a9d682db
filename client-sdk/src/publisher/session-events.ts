/*
 * Hears whether somebody watches, and when the server cuts: the server-sent events of one WHIP session. Called by a
 * publish connection; `unknown` is what it says when it cannot hear.
 */
import type { Cancel, ClientClock } from '../client-clock.ts';
import { clientLimits } from '../client-limits.ts';
import type { Watched } from './publisher-state.ts';

export type SessionListener = {
  readonly onWatched: (watched: Watched) => void;
  /** The server's word for the end of the session. */
  readonly onCut: (reason: unknown) => void;
};

export class SessionEvents {
  readonly #url: string;
  readonly #clock: ClientClock;
  readonly #listener: SessionListener;
  #source: EventSource | null = null;
  #cancelAgain: Cancel | null = null;
  #isClosed = false;

  constructor(url: string, clock: ClientClock, listener: SessionListener) {
    this.#url = url;
    this.#clock = clock;
    this.#listener = listener;
    this.#open();
  }

  /** Hears no more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancelAgain?.();
    this.#source?.close();
  }

  #open(): void {
    const source = new EventSource(this.#url);
    this.#source = source;
    const hear = (type: string, act: (event: MessageEvent<unknown>) => void) =>
      source.addEventListener(type, (event) => {
        if (!this.#isClosed) act(event);
      });
    hear('wanted', () => this.#listener.onWatched('yes'));
    hear('idle', () => this.#listener.onWatched('no'));
    hear('cut', ({ data }) => {
      this.close();
      this.#listener.onCut(readReason(data));
    });
    source.addEventListener('error', () => this.#lose(source));
  }

  /** The browser reconnects by itself after a broken line, but not after a refusal. */
  #lose(source: EventSource): void {
    if (this.#isClosed) return;
    this.#listener.onWatched('unknown');
    if (source.readyState !== EventSource.CLOSED) return;
    this.#cancelAgain = this.#clock.after(clientLimits.eventsAgainMs, () => this.#open());
  }
}

function readReason(data: unknown): unknown {
  try {
    const value: unknown = JSON.parse(String(data));
    return typeof value === 'object' && value !== null && 'reason' in value ? value.reason : null;
  } catch {
    return null;
  }
}
