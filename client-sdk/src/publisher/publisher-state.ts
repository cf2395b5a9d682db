/*
 * What a publisher is doing, as a pure machine: each state carries exactly its own fields, and step() is the only way
 * from one to the next. A Publisher drives it; a page shows it.
 */

/** Why nothing is published: the server's word, or what the page itself saw. */
export type PublishReason =
  // Refusals and ends as the server names them.
  | 'token-invalid'
  | 'token-expired'
  | 'proof-invalid'
  | 'forbidden'
  | 'not-found'
  | 'publisher-busy'
  | 'taken-over'
  | 'camera-withdrawn'
  | 'key-revoked'
  | 'flooded'
  | 'busy'
  | 'server-stopped'
  | 'connection-lost'
  | 'fault'
  /** The person or the system said no to camera, microphone or screen. */
  | 'device-refused'
  | 'device-missing'
  /** Another program has the device. */
  | 'device-busy'
  /** The device was unplugged, or the shared screen was taken back. */
  | 'device-lost'
  | 'server-unreachable'
  | 'path-lost'
  /** getPublishToken failed, and may work later. */
  | 'token-unavailable'
  /** getPublishToken said no for good (PublishingRefused). */
  | 'token-refused'
  | 'not-understood'
  /** No WebRTC, no WebCrypto or no devices here: browsers give them to https and localhost alone. */
  | 'unsupported'
  /** This browser cannot send H.264. */
  | 'no-encoder';

/** Whether somebody watches. `unknown` while the server's events cannot be heard: then it is sent, in doubt. */
export type Watched = 'yes' | 'no' | 'unknown';

export type PublisherState =
  | { readonly name: 'idle' }
  /** Asking for the camera or the screen. */
  | { readonly name: 'opening' }
  | { readonly name: 'connecting' }
  | { readonly name: 'published'; readonly watched: Watched }
  /** The path to the server is in doubt and made anew. */
  | { readonly name: 'interrupted'; readonly watched: Watched }
  | { readonly name: 'off'; readonly reason: PublishReason; readonly next: 'final' | 'retrying' }
  | { readonly name: 'stopped' };

export type PublisherStateEvent =
  | { readonly type: 'start' }
  /** Camera or screen are open. */
  | { readonly type: 'opened' }
  | { readonly type: 'connected'; readonly watched: Watched }
  | { readonly type: 'watched'; readonly watched: Watched }
  | { readonly type: 'doubt' }
  | { readonly type: 'broken'; readonly reason: PublishReason; readonly next: 'final' | 'retrying' }
  | { readonly type: 'retry' }
  | { readonly type: 'stop' };

/**
 * Steps the machine. An event that means nothing in a state answers that very state, so `===` tells whether something
 * changed. Only `start` leads out of `stopped` or out of a final `off`.
 */
export function step(state: PublisherState, event: PublisherStateEvent): PublisherState {
  if (event.type === 'stop') return state.name === 'stopped' ? state : { name: 'stopped' };
  if (event.type === 'start') return mayStart(state) ? { name: 'opening' } : state;
  if (state.name === 'idle' || state.name === 'stopped') return state;
  if (event.type === 'broken') return stepBroken(state, event);
  switch (state.name) {
    case 'opening':
      return event.type === 'opened' ? { name: 'connecting' } : state;
    case 'connecting':
      return event.type === 'connected' ? { name: 'published', watched: event.watched } : state;
    case 'published':
    case 'interrupted':
      return stepPublished(state, event);
    case 'off':
      return event.type === 'retry' && state.next === 'retrying' ? { name: 'connecting' } : state;
  }
}

/** True where starting is of use: nothing runs, and nothing comes back by itself. */
export const mayStart = (state: PublisherState): boolean =>
  state.name === 'idle' || state.name === 'stopped' || (state.name === 'off' && state.next === 'final');

const stepBroken = (
  state: PublisherState,
  { reason, next }: PublisherStateEvent & { type: 'broken' },
): PublisherState => (state.name === 'off' && state.next === 'final' ? state : { name: 'off', reason, next });

function stepPublished(
  state: PublisherState & { name: 'published' | 'interrupted' },
  event: PublisherStateEvent,
): PublisherState {
  if (event.type === 'watched') return event.watched === state.watched ? state : { ...state, watched: event.watched };
  if (event.type === 'doubt' && state.name === 'published') return { ...state, name: 'interrupted' };
  if (event.type === 'connected' && state.name === 'interrupted') {
    return { name: 'published', watched: event.watched };
  }
  return state;
}
