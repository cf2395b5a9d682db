/*
 * The list of cameras near the incident, nearest first: a click puts one on the wall or takes it off.
 */
import type { CameraId } from '@sallyport/client';
import type { NearbyCamera } from '@sallyport/protocol/incident';
import { element } from './element.ts';
import { distanceText } from './time-words.ts';

export type Choice = {
  readonly cameras: readonly NearbyCamera[];
  readonly chosen: ReadonlySet<CameraId>;
  /** Shown instead of the list when it could not be fetched. */
  readonly complaint: string | null;
};

export class CameraChoice {
  readonly root: HTMLElement;
  readonly #list = element('ul', { class: 'choice' });
  readonly #note = element('p', { class: 'muted', role: 'status' });
  readonly #onToggle: (cameraId: CameraId) => void;

  constructor(onToggle: (cameraId: CameraId) => void) {
    this.#onToggle = onToggle;
    this.root = element('div', {}, element('h2', {}, 'Nearby cameras'), this.#note, this.#list);
  }

  show({ cameras, chosen, complaint }: Choice): void {
    const empty = cameras.length === 0 ? 'No camera near this incident may be watched now.' : '';
    const note = complaint ?? empty;
    if (this.#note.textContent !== note) this.#note.textContent = note;
    this.#note.hidden = note === '';
    const focused = document.activeElement?.getAttribute('data-camera') ?? null;
    this.#list.replaceChildren(...cameras.map((camera) => this.#row(camera, chosen.has(camera.cameraId))));
    if (focused !== null) this.#list.querySelector<HTMLElement>(`[data-camera="${CSS.escape(focused)}"]`)?.focus();
  }

  #row({ cameraId, name, ownership, distanceM }: NearbyCamera, isChosen: boolean): HTMLElement {
    const kind = ownership === 'city' ? 'city' : 'private';
    const where = `${kind} · ${distanceText(distanceM)}${isChosen ? ' · on the wall' : ''}`;
    const row = element(
      'button',
      { type: 'button', 'aria-pressed': String(isChosen), 'data-camera': cameraId },
      element('span', { class: 'name' }, name),
      element('span', { class: 'where' }, where),
    );
    row.addEventListener('click', () => this.#onToggle(cameraId));
    return element('li', {}, row);
  }
}
