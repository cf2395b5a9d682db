/*
 * What <sallyport-publisher> says about its publisher: state in, words out. Pure. The default of its `words`; a page may
 * put its own in its place.
 */
import { type PublisherState, publishReasonText } from '../src/publisher/index.ts';

export type PublisherWords = {
  /** One to three words beside the name. */
  readonly state: string;
  /** Stands in the middle where no own picture is; null while there is one. */
  readonly veil: string | null;
  /** Stands over the own picture: who watches. Empty while that means nothing. */
  readonly watch: string;
  /** What happens meanwhile. */
  readonly facts: string;
};

export type ToPublisherWords = (state: PublisherState) => PublisherWords;

const veiled = (state: string, veil: string, facts = ''): PublisherWords => ({ state, veil, watch: '', facts });

const published: Readonly<Record<'yes' | 'no' | 'unknown', PublisherWords>> = {
  yes: { state: 'Sending', veil: null, watch: 'Being watched now', facts: 'Somebody is watching this camera.' },
  no: { state: 'Ready', veil: null, watch: 'Nobody is watching', facts: 'Nothing is sent until somebody may watch.' },
  unknown: {
    state: 'Sending',
    veil: null,
    watch: 'Cannot tell who watches',
    facts: 'The server does not say whether somebody is watching, so the picture is sent.',
  },
};

/** The words in English. */
export function toPublisherWords(state: PublisherState): PublisherWords {
  switch (state.name) {
    case 'idle':
      return veiled('Off', 'The camera is off.');
    case 'opening':
      return veiled('Opening', 'Your browser asks whether this page may use the camera.');
    case 'connecting':
      return { state: 'Connecting', veil: null, watch: '', facts: 'Connecting to the server.' };
    case 'published':
      return published[state.watched];
    case 'interrupted':
      return { state: 'Interrupted', veil: null, watch: '', facts: 'Looking for the way back to the server.' };
    case 'off':
      if (state.next === 'final') return veiled('Off', publishReasonText(state.reason));
      return { state: 'Waiting', veil: null, watch: '', facts: `${publishReasonText(state.reason)} Trying again.` };
    case 'stopped':
      return veiled('Off', 'You have stopped. The camera is off.');
  }
}

/** The state as one word for style sheets: `data-state`. */
export function toPublisherMark(state: PublisherState): string {
  if (state.name === 'off') return `off-${state.next}`;
  if (state.name !== 'published') return state.name;
  return { yes: 'watched', no: 'unwatched', unknown: 'sending' }[state.watched];
}
