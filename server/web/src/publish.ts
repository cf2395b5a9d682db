/*
 * The owner's page for a camera that is this phone or laptop: own picture, one button, and whether somebody is watching.
 * Sends nothing before the owner starts it, and while nobody may watch.
 */
import { openViewerKey, PublishingRefused } from '@sallyport/client/publisher-element';
import type { CameraView } from '@sallyport/protocol/camera';
import type { TokenAnswer } from '@sallyport/protocol/token-request';
import { Api, ApiProblem, problemText } from './api.ts';
import { element, need } from './element.ts';
import { buildKeyForm } from './key-form.ts';
import { dropKey, reloadOnNewKey, takeKey } from './page-key.ts';
import { WakeLock } from './wake-lock.ts';

type Items<T> = { readonly items: readonly T[] };

/** Cameras that send by themselves; the others are pulled by the server and have no use for this page. */
const isOwn = (camera: CameraView): boolean => camera.state === 'enrolled' && camera.source.kind === 'published';

const advice = [
  'Nothing is sent until somebody may watch: an incident nearby, and your consent.',
  'Keep this page open and in front. A phone stops the camera when you switch to another app.',
  'Stop ends it at once. Pausing or withdrawing your consent is on the page My cameras.',
];

class PublishPage {
  readonly #api: Api;
  readonly #publisher = document.createElement('sallyport-publisher');
  readonly #awake = new WakeLock();

  constructor(api: Api) {
    this.#api = api;
    // Kept by this browser, so that a page opened again takes its own camera over.
    this.#publisher.publisherKey = openViewerKey();
    this.#publisher.getPublishToken = ({ cameraId, jkt }) => this.#fetchToken(cameraId, jkt);
    this.#publisher.addEventListener('sallyport-publish', ({ state }) => {
      if (state.name === 'opening') need('outcome').textContent = '';
      this.#awake.want(state.name === 'published' || state.name === 'interrupted');
      document.title = state.name === 'published' && state.watched === 'yes' ? 'Being watched: Sallyport' : title;
    });
  }

  async start(): Promise<void> {
    try {
      const { items } = await this.#api.call<Items<CameraView>>('GET', '/v1/cameras');
      this.#show(items.filter(isOwn));
    } catch (cause) {
      if (cause instanceof ApiProblem && cause.status === 401) askForKey(cause.message);
      else need('outcome').textContent = problemText(cause);
    }
  }

  #show(cameras: readonly CameraView[]): void {
    const [first] = cameras;
    if (first === undefined) {
      const none = 'None of your cameras is one that sends by itself. Ask the operator to enrol this device as one.';
      need('cameras').replaceChildren(element('p', { class: 'card' }, none));
      return;
    }
    this.#choose(first);
    const list = element('ul', { class: 'advice' }, ...advice.map((text) => element('li', {}, text)));
    need('cameras').replaceChildren(...(cameras.length > 1 ? [this.#buildChoice(cameras)] : []), this.#publisher, list);
  }

  #buildChoice(cameras: readonly CameraView[]): HTMLElement {
    const select = element('select', { id: 'camera' });
    select.append(...cameras.map(({ id, name }) => element('option', { value: id }, name)));
    select.addEventListener('change', () => {
      const chosen = cameras.find(({ id }) => id === select.value);
      if (chosen !== undefined) this.#choose(chosen);
    });
    return element(
      'p',
      { class: 'choice' },
      element('label', { for: 'camera' }, 'Which of your cameras is this?'),
      select,
    );
  }

  #choose({ id, name }: CameraView): void {
    this.#publisher.setAttribute('camera', id);
    this.#publisher.setAttribute('label', name);
  }

  async #fetchToken(cameraId: string, jkt: string): Promise<string> {
    try {
      const path = `/v1/cameras/${cameraId}/publish-tokens`;
      return (await this.#api.call<TokenAnswer>('POST', path, { jkt })).token;
    } catch (cause) {
      if (cause instanceof ApiProblem && cause.isFinal) {
        need('outcome').textContent = cause.message;
        throw new PublishingRefused(cause.message);
      }
      throw cause;
    }
  }
}

const { title } = document;

function askForKey(complaint: string | null): void {
  dropKey('owner');
  need('cameras').replaceChildren(buildKeyForm('owner', complaint));
}

function start(): void {
  reloadOnNewKey();
  const key = takeKey('owner');
  if (key === null) askForKey(null);
  else void new PublishPage(new Api(key)).start();
}

start();
