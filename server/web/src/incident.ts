/*
 * Dispatch's page for one incident: what it is, how long its lease lasts, and the buttons that extend or close it.
 * Closing ends every view that hangs on it before the page says so.
 */
import type { Incident } from '@sallyport/protocol/incident';
import { Api, ApiProblem, problemText } from './api.ts';
import { button, element, need } from './element.ts';
import { buildKeyForm } from './key-form.ts';
import { dropKey, reloadOnNewKey, takeKey } from './page-key.ts';

const LEASE_MS = 2 * 3_600_000;
const REFRESH_EVERY_MS = 5_000;

const clockTime = (ms: number): string => new Date(ms).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });

class IncidentPage {
  readonly #api: Api;
  readonly #path: string;
  #shown = '';

  constructor(api: Api, id: string) {
    this.#api = api;
    this.#path = `/v1/incidents/${encodeURIComponent(id)}`;
  }

  async refresh(): Promise<void> {
    try {
      this.#show(await this.#api.call<Incident>('GET', this.#path));
    } catch (cause) {
      if (cause instanceof ApiProblem && cause.status === 401) {
        dropKey('dispatch');
        need('incident').replaceChildren(buildKeyForm('dispatch', cause.message));
        return;
      }
      say(problemText(cause));
    }
    setTimeout(() => void this.refresh(), REFRESH_EVERY_MS);
  }

  #show(incident: Incident): void {
    const text = JSON.stringify(incident);
    if (text === this.#shown) return;
    this.#shown = text;
    const { externalId, type, agencies, radiusM, state, leaseUntilMs, closedAtMs } = incident;
    const open = state === 'open' && leaseUntilMs > Date.now();
    const standing = open
      ? `Open until ${clockTime(leaseUntilMs)}, unless extended.`
      : closedAtMs === null
        ? `Lapsed ${clockTime(leaseUntilMs)}.`
        : `Closed ${clockTime(closedAtMs)}. Nobody can watch for it any more.`;
    const close = button(
      'Close the incident',
      'button stop',
      () => void this.#change({ state: 'closed' }, 'Incident closed'),
    );
    const extend = button(
      'Extend by two hours',
      'button quiet',
      () => void this.#change({ leaseMs: LEASE_MS }, 'Extended'),
    );
    need('incident').replaceChildren(
      element(
        'article',
        { class: 'card' },
        element('h2', {}, `${type}, ${externalId}`),
        element('p', {}, standing),
        element('p', { class: 'muted' }, `${agencies.join(', ')}; cameras within ${radiusM} m.`),
        state === 'open' ? element('div', { class: 'acts' }, close, extend) : null,
      ),
    );
  }

  async #change(patch: object, done: string): Promise<void> {
    try {
      this.#show(await this.#api.call<Incident>('PATCH', this.#path, patch));
      say(done);
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
  const id = new URLSearchParams(location.search).get('incident');
  const key = takeKey('dispatch');
  if (id === null) say('The address names no incident: add ?incident= and its id.');
  else if (key === null) need('incident').replaceChildren(buildKeyForm('dispatch', null));
  else void new IncidentPage(new Api(key), id).refresh();
}

start();
