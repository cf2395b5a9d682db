/*
 * What a feed tells the page: its state, after every change. Dispatched by a feed; a page and a Viewer listen.
 */
import type { FeedState } from './viewer-state.ts';

/** Dispatched as `state` on a Feed after every change. */
export class FeedStateEvent extends Event {
  readonly state: FeedState;
  constructor(state: FeedState) {
    super('state');
    this.state = state;
  }
}
