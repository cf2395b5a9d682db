/*
 * What stands in the shadow tree of <sallyport-viewer>: picture, words and buttons, and how they change with a feed's
 * state. Knows no feed and no network; the element drives it.
 */
import type { FeedState } from '../src/index.ts';
import { build, write } from './shadow-parts.ts';
import { viewerSheet } from './sheets.ts';
import { mayRetry, type StateWords } from './state-words.ts';

const slot = (name: string, text: string): HTMLSlotElement => build('slot', { name }, text);

export class ViewerFace {
  readonly video = build('video', {
    part: 'video',
    muted: '',
    playsinline: '',
    autoplay: '',
    disablepictureinpicture: '',
    disableremoteplayback: '',
  });
  readonly retry = build('button', { type: 'button', part: 'button retry', class: 'retry', hidden: '' });
  readonly leave = build('button', { type: 'button', part: 'button leave', hidden: '' });
  readonly sound = build('button', { type: 'button', part: 'button sound', hidden: '', 'aria-pressed': 'false' });
  readonly #root: ShadowRoot;
  readonly #frame = build('div', { part: 'frame', class: 'tile', role: 'group' });
  readonly #name = build('span', { part: 'name', class: 'name' });
  readonly #retryOf = build('span', { class: 'unseen' });
  readonly #leaveOf = build('span', { class: 'unseen' });
  readonly #soundOf = build('span', { class: 'unseen' });
  // Seen, but read aloud through `aloud` alone: the countdown would otherwise speak every second.
  readonly #state = build('span', { part: 'state', class: 'state', 'aria-hidden': 'true' });
  readonly #veil = build('p', { part: 'veil', class: 'veil', 'aria-hidden': 'true' });
  readonly #facts = build('p', { part: 'facts', class: 'facts', role: 'timer', 'aria-live': 'off' });
  readonly #aloud = build('p', { class: 'unseen', role: 'status' });

  constructor(root: ShadowRoot) {
    this.#root = root;
    this.video.muted = true;
    this.retry.append(slot('retry-label', 'Watch again'), this.#retryOf);
    this.leave.append(slot('leave-label', 'Leave'), this.#leaveOf);
    this.sound.append(slot('sound-label', 'Sound'), this.#soundOf);
    this.sound.addEventListener('click', () => {
      this.video.muted = !this.video.muted;
    });
    // Also when the browser or the page mutes it.
    this.video.addEventListener('volumechange', () => {
      this.sound.setAttribute('aria-pressed', String(!this.video.muted));
    });
    this.#frame.append(
      build('div', { part: 'screen', class: 'screen' }, this.video, this.#veil),
      build(
        'div',
        { part: 'plate', class: 'plate' },
        this.#name,
        this.#state,
        this.#facts,
        build('div', { part: 'actions', class: 'acts' }, this.sound, this.retry, this.leave),
      ),
      this.#aloud,
    );
    root.adoptedStyleSheets = [viewerSheet()];
    root.append(this.#frame);
  }

  /** Names the camera, on the plate and for those who hear the page. */
  name(name: string): void {
    write(this.#name, name);
    write(this.#retryOf, ` ${name}`);
    write(this.#leaveOf, ` ${name}`);
    write(this.#soundOf, ` ${name}`);
    this.#frame.setAttribute('aria-label', name);
    this.video.setAttribute('aria-label', `Live picture of ${name}`);
  }

  /** Shows a state in these words. The focus stays where it is, or goes to the button that took its button's place. */
  show(state: FeedState, words: StateWords, sound: 'some' | 'none'): void {
    write(this.#state, words.state);
    write(this.#veil, words.veil ?? '');
    this.#veil.hidden = words.veil === null;
    write(this.#facts, words.facts);
    write(this.#aloud, `${this.#name.textContent}: ${words.aloud}`);
    const focused = this.#root.activeElement;
    this.retry.hidden = !mayRetry(state);
    this.leave.hidden = state.name === 'idle' || state.name === 'ended';
    this.sound.hidden = sound === 'none' || state.name !== 'live';
    if (focused === this.retry && this.retry.hidden) this.leave.focus();
    if (focused === this.leave && this.leave.hidden) this.retry.focus();
    if (focused === this.sound && this.sound.hidden) (this.retry.hidden ? this.leave : this.retry).focus();
  }
}
