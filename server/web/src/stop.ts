/*
 * The owner's page: my cameras, who is watching, and the buttons that stop it. Everything is read again after each
 * tap, so the page shows what the server says and not what it hopes.
 */
import type { CameraView } from '@sallyport/protocol/camera';
import type { ConsentRecord, StopOutcome } from '@sallyport/protocol/consent-record';
import type { SessionView } from '@sallyport/protocol/session';
import { Api, ApiProblem, problemText } from './api.ts';
import { element, need } from './element.ts';
import { buildKeyForm } from './key-form.ts';
import { type OwnedCamera, OwnerCard } from './owner-card.ts';
import { outcomeText } from './owner-words.ts';
import { dropKey, reloadOnNewKey, takeKey } from './page-key.ts';

const REFRESH_EVERY_MS = 3_000;
type Items<T> = { readonly items: readonly T[] };

type Said = (outcome: StopOutcome) => string;
const stopped =
  (done: string): Said =>
  (outcome) =>
    outcomeText(done, outcome);

class OwnerPage {
  readonly #api: Api;
  /** One card a camera of this owner. */
  readonly #cards = new Map<string, OwnerCard>();

  constructor(api: Api) {
    this.#api = api;
  }

  async refresh(): Promise<void> {
    try {
      const [cameras, sessions] = await Promise.all([
        this.#api.call<Items<CameraView>>('GET', '/v1/cameras'),
        this.#api.call<Items<SessionView>>('GET', '/v1/sessions'),
      ]);
      const owned = await Promise.all(cameras.items.map((camera) => this.#gather(camera, sessions.items)));
      this.#show(owned);
    } catch (cause) {
      if (cause instanceof ApiProblem && cause.status === 401) {
        dropKey('owner');
        need('cameras').replaceChildren(buildKeyForm('owner', cause.message));
        return;
      }
      say(problemText(cause));
    }
    setTimeout(() => void this.refresh(), REFRESH_EVERY_MS);
  }

  async #gather(camera: CameraView, sessions: readonly SessionView[]): Promise<OwnedCamera> {
    const { items } = await this.#api.call<Items<ConsentRecord>>('GET', `/v1/cameras/${camera.id}/consents`);
    const newest = items.toSorted((a, b) => b.givenAtMs - a.givenAtMs)[0] ?? null;
    const own = sessions.filter((session) => session.cameraId === camera.id);
    return { camera, consent: newest, sessions: own.toSorted((a, b) => b.startedAtMs - a.startedAtMs) };
  }

  #show(owned: readonly OwnedCamera[]): void {
    for (const one of owned) {
      const card = this.#cards.get(one.camera.id) ?? this.#addCard(one.camera.id);
      card.show(one);
    }
    if (owned.length === 0)
      need('cameras').replaceChildren(element('p', { class: 'muted' }, 'You have no camera here.'));
  }

  #addCard(cameraId: string): OwnerCard {
    const card = new OwnerCard({
      pause: () => this.#act(stopped('Paused'), 'PUT', `/v1/cameras/${cameraId}/sharing`, { paused: true }),
      resume: () => this.#act(() => 'Shared again.', 'PUT', `/v1/cameras/${cameraId}/sharing`, { paused: false }),
      withdraw: (consentId) => this.#act(stopped('Consent withdrawn'), 'DELETE', `/v1/consents/${consentId}`),
    });
    if (this.#cards.size === 0) need('cameras').replaceChildren();
    this.#cards.set(cameraId, card);
    need('cameras').append(card.root);
    return card;
  }

  async #act(done: Said, method: 'PUT' | 'DELETE', path: string, body?: unknown): Promise<void> {
    try {
      say(done(await this.#api.call<StopOutcome>(method, path, body)));
    } catch (cause) {
      say(problemText(cause));
    }
  }
}

function say(text: string): void {
  need('outcome').textContent = text;
}

function start(): void {
  reloadOnNewKey();
  const key = takeKey('owner');
  if (key === null) need('cameras').replaceChildren(buildKeyForm('owner', null));
  else void new OwnerPage(new Api(key)).refresh();
}

start();
