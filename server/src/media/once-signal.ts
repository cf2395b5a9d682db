/*
 * An event that happens at most once and may be muted for good. Late listeners hear of it too, asynchronously,
 * so that registering a listener never races with the event. Used by feeds and valves.
 */

import { mediaLimits } from './limits.ts';
import { MediaFault } from './media-fault.ts';

export class OnceSignal<T> {
  #state: { readonly name: 'quiet' } | { readonly name: 'fired'; readonly value: T } | { readonly name: 'muted' } = {
    name: 'quiet',
  };
  #listeners: ((value: T) => void)[] = [];

  /** Calls `listener` once when it happens, or soon if it already has. Throws MediaFault `too-many` beyond the bound. */
  listen(listener: (value: T) => void): void {
    const state = this.#state;
    if (state.name === 'fired') {
      // A mute between now and the call still holds.
      queueMicrotask(() => {
        if (this.#state.name === 'fired') listener(state.value);
      });
      return;
    }
    if (state.name === 'muted') return;
    if (this.#listeners.length >= mediaLimits.listenersMax) throw new MediaFault('too-many', 'too many listeners');
    this.#listeners.push(listener);
  }

  /** Fires; a second time, or after `mute()`, it does nothing. */
  fire(value: T): void {
    if (this.#state.name !== 'quiet') return;
    this.#state = { name: 'fired', value };
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(value);
  }

  /** Silences it for good; idempotent. */
  mute(): void {
    this.#state = { name: 'muted' };
    this.#listeners = [];
  }
}
