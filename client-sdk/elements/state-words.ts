/*
 * What an element says about its feed: state in, words out. Pure. The default of `words` on both elements; a page may
 * put its own in its place, for another language or for what its token server answered.
 */
import { type FeedState, reasonText } from '../src/index.ts';

export type StateWords = {
  /** One or two words beside the name. */
  readonly state: string;
  /** Stands in the middle where no picture is; null while there is one. */
  readonly veil: string | null;
  /** Changes with time and is not read aloud by itself: first picture, countdown. */
  readonly facts: string;
  /** What a screen reader hears when it changes, after the camera's name. */
  readonly aloud: string;
};

/** Says a state at a moment of performance.now(). */
export type ToStateWords = (state: FeedState, tickMs: number) => StateWords;

/** The last minute of a gate that nobody renewed is told once. */
const LAST_MS = 60_000;

/** `4:05`, `1:02:09`; never below zero, and rounded up so that 0:00 means over. */
export function countdownText(leftMs: number): string {
  const total = Math.max(0, Math.ceil(leftMs / 1_000));
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60];
  const tail = String(seconds).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

const say = (state: string, veil: string, facts = ''): StateWords => ({
  state,
  veil,
  facts,
  aloud: [`${state}.`, veil, facts].filter((text) => text !== '').join(' '),
});

function sayLive(state: FeedState & { name: 'live' }, tickMs: number): StateWords {
  const leftMs = state.endsAtTickMs - tickMs;
  const first = `First picture after ${Math.round(state.timeToFirstPictureMs)} ms`;
  return {
    state: 'Live',
    veil: null,
    facts: `${first} · gate closes in ${countdownText(leftMs)}`,
    aloud: leftMs > LAST_MS ? 'Live.' : 'Live. The gate closes within a minute.',
  };
}

/** The words in English. */
export function toStateWords(state: FeedState, tickMs: number): StateWords {
  switch (state.name) {
    case 'idle':
      return say('Not started', 'This page has not yet said which camera to show and how to ask for permission.');
    case 'connecting':
      return say('Connecting', 'Asking for permission to view.');
    case 'waiting':
      return say('Deciding', 'The gate is being decided.');
    case 'offered':
      return say('Opening', 'The gate is open. Waiting for the first picture.');
    case 'live':
      return sayLive(state, tickMs);
    case 'held':
      return say('Interrupted', reasonText(state.reason), 'Looking for the way back.');
    case 'dark':
      if (state.next === 'final') return say('Closed', reasonText(state.reason));
      return say('Dark', reasonText(state.reason), 'Trying again.');
    case 'ended':
      return say('Left', 'You have left this camera.');
  }
}

/** True where asking again is of use and does not happen by itself. */
export const mayRetry = (state: FeedState): boolean =>
  state.name === 'ended' || (state.name === 'dark' && state.next === 'final');
