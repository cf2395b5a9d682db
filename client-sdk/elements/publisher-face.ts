/*
 * What stands in the shadow tree of <sallyport-publisher>: own picture, words, buttons and the choice of a device. Knows
 * no publisher and no network; the element drives it.
 */
import type { PublisherWords } from './publisher-words.ts';
import { build, write } from './shadow-parts.ts';
import { publisherSheet } from './sheets.ts';

type Kind = 'video' | 'audio';
const muteWords: Readonly<Record<Kind, string>> = { video: 'Mute picture', audio: 'Mute sound' };

export class PublisherFace {
  readonly video = build('video', { part: 'video', muted: '', playsinline: '', disablepictureinpicture: '' });
  readonly start = build('button', { type: 'button', part: 'button start', class: 'start' }, 'Start');
  readonly stop = build('button', { type: 'button', part: 'button stop', hidden: '' }, 'Stop');
  readonly mutes: Readonly<Record<Kind, HTMLButtonElement>>;
  readonly devices = build('select', { part: 'device', id: 'device' });
  readonly #root: ShadowRoot;
  readonly #frame = build('div', { part: 'frame', class: 'tile', role: 'group' });
  readonly #name = build('span', { part: 'name', class: 'name' });
  readonly #state = build('span', { part: 'state', class: 'state', 'aria-hidden': 'true' });
  readonly #veil = build('p', { part: 'veil', class: 'veil', 'aria-hidden': 'true' });
  readonly #watch = build('p', { part: 'watch', class: 'watch', 'aria-hidden': 'true' });
  readonly #facts = build('p', { part: 'facts', class: 'facts', 'aria-hidden': 'true' });
  readonly #aloud = build('p', { class: 'unseen', role: 'status' });
  readonly #choice: HTMLElement;

  constructor(root: ShadowRoot) {
    this.#root = root;
    this.video.muted = true;
    const mute = (kind: Kind) =>
      build('button', { type: 'button', part: 'button mute', 'aria-pressed': 'false', hidden: '' }, muteWords[kind]);
    this.mutes = { video: mute('video'), audio: mute('audio') };
    this.#choice = build(
      'div',
      { part: 'devices', class: 'devices', hidden: '' },
      build('label', { for: 'device' }, 'Camera'),
      this.devices,
    );
    this.#frame.append(
      build('div', { part: 'screen', class: 'screen' }, this.video, this.#veil, this.#watch),
      build(
        'div',
        { part: 'plate', class: 'plate' },
        this.#name,
        this.#state,
        this.#facts,
        build('div', { part: 'actions', class: 'acts' }, this.mutes.audio, this.mutes.video, this.stop, this.start),
        this.#choice,
      ),
      this.#aloud,
    );
    root.adoptedStyleSheets = [publisherSheet()];
    root.append(this.#frame);
  }

  name(name: string): void {
    write(this.#name, name);
    this.#frame.setAttribute('aria-label', name);
    this.video.setAttribute('aria-label', `Your own picture of ${name}`);
  }

  /** Shows a state in these words; `runs` says whether there is something to stop. */
  show(words: PublisherWords, runs: boolean): void {
    write(this.#state, words.state);
    write(this.#veil, words.veil ?? '');
    this.#veil.hidden = words.veil === null;
    this.video.hidden = words.veil !== null;
    write(this.#watch, words.watch);
    write(this.#facts, words.facts);
    const heard = [words.state, words.watch, words.veil ?? '', words.facts].filter((text) => text !== '');
    write(this.#aloud, `${this.#name.textContent}: ${heard.map((text) => text.replace(/\.?$/, '.')).join(' ')}`);
    const focused = this.#root.activeElement;
    this.start.hidden = runs;
    this.stop.hidden = !runs;
    if (focused === this.start && runs) this.stop.focus();
    if (focused === this.stop && !runs) this.start.focus();
  }

  showMute(kind: Kind, isThere: boolean, isMuted: boolean): void {
    this.mutes[kind].hidden = !isThere;
    this.mutes[kind].setAttribute('aria-pressed', String(isMuted));
  }

  /** Offers the cameras to choose from; one alone is no choice. */
  offer(devices: readonly MediaDeviceInfo[], chosen: string | null): void {
    this.#choice.hidden = devices.length < 2;
    const options = devices.map(({ deviceId, label }, at) => {
      const option = build('option', { value: deviceId }, label === '' ? `Camera ${at + 1}` : label);
      option.selected = deviceId === chosen;
      return option;
    });
    this.devices.replaceChildren(...options);
  }
}
