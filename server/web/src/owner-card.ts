/*
 * One camera of an owner: its state, who is watching, the last looks, and three big buttons.
 */
import type { CameraView } from '@sallyport/protocol/camera';
import type { ConsentRecord } from '@sallyport/protocol/consent-record';
import type { SessionView } from '@sallyport/protocol/session';
import { button, element } from './element.ts';
import { sessionText, sharingText, toSharing } from './owner-words.ts';

export type OwnedCamera = {
  readonly camera: CameraView;
  readonly consent: ConsentRecord | null;
  /** Newest first. */
  readonly sessions: readonly SessionView[];
};

export type OwnerActs = {
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly withdraw: (consentId: string) => Promise<void>;
};

const LAST_SHOWN_MAX = 5;
const WITHDRAW = 'Withdraw consent';
const WITHDRAW_SURE = 'Tap again to withdraw for good';

export class OwnerCard {
  readonly root: HTMLElement;
  readonly #acts: OwnerActs;
  readonly #name = element('h2', {});
  readonly #state = element('p', { class: 'sharing', role: 'status' });
  readonly #watching = element('p', { class: 'watching', role: 'status' });
  readonly #last = element('ul', { class: 'looks' });
  readonly #pause: HTMLButtonElement;
  readonly #resume: HTMLButtonElement;
  readonly #withdraw: HTMLButtonElement;
  #consentId: string | null = null;
  #isSure = false;

  constructor(acts: OwnerActs) {
    this.#acts = acts;
    this.#pause = button('Pause sharing', 'button stop', () => void this.#run(acts.pause));
    this.#resume = button('Share again', 'button', () => void this.#run(acts.resume));
    this.#withdraw = button(WITHDRAW, 'button quiet', () => this.#tapWithdraw());
    this.root = element(
      'article',
      { class: 'card owner' },
      this.#name,
      this.#state,
      this.#watching,
      element('div', { class: 'acts' }, this.#pause, this.#resume, this.#withdraw),
      element('h3', {}, 'Last looks'),
      this.#last,
    );
  }

  show({ camera, consent, sessions }: OwnedCamera): void {
    const sharing = toSharing(camera, consent, Date.now());
    this.#consentId = consent?.id ?? null;
    this.root.dataset['sharing'] = sharing;
    setText(this.#name, camera.name);
    setText(this.#state, sharingText(sharing, consent));
    const open = sessions.filter((session) => session.endedAtMs === null);
    this.root.dataset['watched'] = String(open.length > 0);
    setText(this.#watching, open.length === 0 ? 'Nobody is watching.' : `Watching now: ${open.length}`);
    this.#pause.hidden = sharing !== 'shared';
    this.#resume.hidden = sharing !== 'paused';
    this.#withdraw.hidden = sharing === 'not-shared';
    const looks = sessions.slice(0, LAST_SHOWN_MAX).map((session) => element('li', {}, sessionText(session)));
    this.#last.replaceChildren(...(looks.length === 0 ? [element('li', {}, 'None yet.')] : looks));
  }

  /** Pausing is one tap; what cannot be taken back with a tap asks for a second one. */
  #tapWithdraw(): void {
    const consentId = this.#consentId;
    if (!this.#isSure) {
      this.#isSure = true;
      this.#withdraw.textContent = WITHDRAW_SURE;
    } else if (consentId !== null) {
      this.#isSure = false;
      this.#withdraw.textContent = WITHDRAW;
      void this.#run(() => this.#acts.withdraw(consentId));
    }
  }

  async #run(act: () => Promise<void>): Promise<void> {
    const buttons = [this.#pause, this.#resume, this.#withdraw];
    for (const each of buttons) each.disabled = true;
    await act();
    for (const each of buttons) each.disabled = false;
  }
}

/** Writes only what changed, so that a screen reader is not told the same again. */
function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
