/*
 * What <sallyport-publisher> says of each state, and the word it gives style sheets.
 */
import t from 'tap';
import { toPublisherMark, toPublisherWords } from '../../elements/publisher-words.ts';
import type { PublisherState } from '../../src/publisher/index.ts';

const rows: readonly (readonly [state: PublisherState, mark: string, watch: string, text: RegExp])[] = [
  [{ name: 'idle' }, 'idle', '', /The camera is off/],
  [{ name: 'opening' }, 'opening', '', /browser asks/],
  [{ name: 'connecting' }, 'connecting', '', /Connecting/],
  [{ name: 'published', watched: 'yes' }, 'watched', 'Being watched now', /Somebody is watching/],
  [{ name: 'published', watched: 'no' }, 'unwatched', 'Nobody is watching', /Nothing is sent/],
  [{ name: 'published', watched: 'unknown' }, 'sending', 'Cannot tell who watches', /does not say/],
  [{ name: 'interrupted', watched: 'yes' }, 'interrupted', '', /way back/],
  [{ name: 'off', reason: 'fault', next: 'retrying' }, 'off-retrying', '', /Trying again/],
  [{ name: 'off', reason: 'device-refused', next: 'final' }, 'off-final', '', /Allow it in the settings/],
  [{ name: 'stopped' }, 'stopped', '', /The camera is off/],
];

t.test('each state in words', async (t) => {
  for (const [state, mark, watch, text] of rows) {
    const words = toPublisherWords(state);
    t.equal(toPublisherMark(state), mark);
    t.equal(words.watch, watch, `${mark}: who watches`);
    t.match(`${words.veil ?? ''} ${words.facts}`, text, mark);
  }
});

t.test('nobody reads that the camera is off while it may be on, nor that nobody watches in doubt', async (t) => {
  for (const [state] of rows) {
    const { veil, watch } = toPublisherWords(state);
    const isOn =
      ['connecting', 'published', 'interrupted'].includes(state.name) ||
      (state.name === 'off' && state.next === 'retrying');
    t.equal(veil === null, isOn, `${state.name}: the own picture is shown while the camera is open`);
    if (watch === 'Nobody is watching') t.match(state, { name: 'published', watched: 'no' });
  }
});
