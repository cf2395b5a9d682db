/*
 * What the token route answered is more precise than the viewer's "refused": a tile says that instead. Pure.
 */
import type { FeedState } from '@sallyport/client';
import type { StateWords } from '@sallyport/client/elements';

/** Puts the complaint in the place of the words where a state comes of a token that was not given. */
export function withComplaint(words: StateWords, state: FeedState, complaint: string | null): StateWords {
  const isAsked = state.name === 'dark' && ['token-refused', 'token-unavailable'].includes(state.reason);
  if (!isAsked || complaint === null) return words;
  return { ...words, veil: complaint, aloud: [`${words.state}.`, complaint, words.facts].join(' ').trim() };
}
