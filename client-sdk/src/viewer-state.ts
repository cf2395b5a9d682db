/*
 * What one feed is doing, as a pure machine: each state carries exactly its own fields, and step() is the only way
 * from one to the next. A feed drives it; a page shows it.
 */
import type { SessionId, WireReason } from './wire-words.ts';

/** Why there is no picture: the server's coarse word, or what the page itself saw. */
export type DarkReason =
  | WireReason
  /** The feed's DTLS was closed by the server; its word follows on the control connection. */
  | 'transport-closed'
  /** The control connection was gone for longer than its grace. */
  | 'control-lost'
  /** ICE or the peer connection failed. */
  | 'path-lost'
  | 'track-ended'
  /** The gate's time ran out on the page's own timer. */
  | 'time-up'
  /** No newly decoded frame for too long. */
  | 'silent'
  /** The server asks for patience: too many requests, or the last session is still closing. */
  | 'busy'
  /** getToken failed, and may work later. */
  | 'token-unavailable'
  /** getToken said no for good (ViewingRefused). */
  | 'token-refused'
  /** The two sides do not understand each other. */
  | 'not-understood'
  /** The page may not view at all: no WebCrypto or no WebRTC here. */
  | 'unsupported'
  /** This browser has no decoder for H.264, which every camera sends. */
  | 'no-decoder';

/** `retrying`: the feed comes back by itself. `final`: it stays dark until somebody asks again. */
export type DarkNext = 'final' | 'retrying';

type Term = {
  readonly sessionId: SessionId;
  /** The gate's end on the server's wall clock, milliseconds since the epoch. */
  readonly untilMs: number;
  /** The same end on this page's performance.now(), for timers and countdowns. */
  readonly endsAtTickMs: number;
};

export type FeedState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting' }
  | { readonly name: 'waiting' }
  | ({ readonly name: 'offered' } & Term)
  | ({ readonly name: 'live'; readonly timeToFirstPictureMs: number } & Term)
  /** Live, but off the screen: its path is in doubt, and it comes back when the gate was decided again and frames come. */
  | ({ readonly name: 'held'; readonly reason: DarkReason; readonly timeToFirstPictureMs: number } & Term)
  | { readonly name: 'dark'; readonly reason: DarkReason; readonly next: DarkNext }
  | { readonly name: 'ended' };

export type FeedEvent =
  /** Somebody asks for the picture, or asks again. */
  | { readonly type: 'watch' }
  /** The pause before the next attempt is over. */
  | { readonly type: 'retry' }
  /** The join is on its way. */
  | { readonly type: 'asked' }
  | ({ readonly type: 'offer' } & Term)
  | ({ readonly type: 'extended' } & Term)
  | { readonly type: 'presented'; readonly afterOfferMs: number }
  /** The picture is off the screen for a moment, and back again. */
  | { readonly type: 'held'; readonly reason: DarkReason }
  | { readonly type: 'shown' }
  /** The picture is gone. The server's word outranks what the page saw. */
  | { readonly type: 'cut'; readonly said: 'server' | 'page'; readonly reason: DarkReason; readonly next: DarkNext }
  | { readonly type: 'leave' };

const stepDark = (state: FeedState & { name: 'dark' }, event: FeedEvent): FeedState => {
  if (event.type === 'watch') return { name: 'connecting' };
  if (event.type === 'retry') return state.next === 'retrying' ? { name: 'connecting' } : state;
  if (event.type !== 'cut' || state.next === 'final') return state;
  if (event.said === 'page' && event.next === 'retrying') return state;
  return { name: 'dark', reason: event.reason, next: event.next };
};

const stepTerm = (state: FeedState & { name: 'offered' | 'live' | 'held' }, event: FeedEvent): FeedState => {
  if (event.type === 'extended' && event.sessionId === state.sessionId) {
    return { ...state, untilMs: event.untilMs, endsAtTickMs: event.endsAtTickMs };
  }
  if (event.type === 'presented' && state.name === 'offered') {
    return { ...state, name: 'live', timeToFirstPictureMs: event.afterOfferMs };
  }
  if (event.type === 'held' && state.name === 'live') return { ...state, name: 'held', reason: event.reason };
  if (event.type === 'shown' && state.name === 'held') {
    const { reason: _, ...live } = state;
    return { ...live, name: 'live' };
  }
  return state;
};

/**
 * Steps the machine. An event that means nothing in a state answers that very state, so `===` tells whether
 * something changed. Only `watch` leads out of `ended` or out of a final dark.
 */
export function step(state: FeedState, event: FeedEvent): FeedState {
  if (event.type === 'leave') return state.name === 'ended' ? state : { name: 'ended' };
  if (state.name === 'ended' || state.name === 'idle') return event.type === 'watch' ? { name: 'connecting' } : state;
  if (state.name === 'dark') return stepDark(state, event);
  if (event.type === 'cut') return { name: 'dark', reason: event.reason, next: event.next };
  switch (state.name) {
    case 'connecting':
      return event.type === 'asked' ? { name: 'waiting' } : state;
    case 'waiting': {
      if (event.type !== 'offer') return state;
      const { sessionId, untilMs, endsAtTickMs } = event;
      return { name: 'offered', sessionId, untilMs, endsAtTickMs };
    }
    case 'offered':
    case 'live':
    case 'held':
      return stepTerm(state, event);
  }
}
