/*
 * The public front page: the charter in plain words and the size of the ledger. Needs no key.
 */

import { toBase64 } from '@sallyport/protocol/bytes';
import type { Charter } from '@sallyport/protocol/charter';
import { parseCheckpoint } from '@sallyport/protocol/checkpoint';
import { parseNote } from '@sallyport/protocol/signed-note';
import { Api, ApiProblem, problemText } from './api.ts';
import { type Child, element, need } from './element.ts';
import { dateText, distanceText, wordText } from './time-words.ts';

const listText = (words: readonly string[]): string => words.map(wordText).join(', ');

const fact = (name: string, ...value: readonly Child[]): HTMLElement =>
  element('div', {}, element('dt', {}, name), element('dd', {}, ...value));

function buildCharter(charter: Charter): HTMLElement {
  const isOver = charter.endsAtMs <= Date.now();
  const { incidentTypesDenied: denied } = charter;
  return element(
    'div',
    { class: 'card' },
    element('h3', {}, charter.title),
    element(
      'dl',
      { class: 'facts' },
      fact(isOver ? 'Ended' : 'Ends by itself', dateText(charter.endsAtMs)),
      fact('Who may watch', charter.agencies.join(', ')),
      fact('For which incidents', listText(charter.incidentTypesAllowed)),
      fact('Never for', denied.length === 0 ? 'no further exclusions' : listText(denied)),
      fact('How near', `cameras within ${distanceText(charter.radiusMMax)} of the incident`),
      fact('How many cameras', `${charter.cityCamerasMax} of the city, ${charter.privateCamerasMax} private`),
      fact('At the same time', `${charter.feedsPerOfficerMax} pictures an officer, ${charter.feedsMax} in all`),
      fact('At which hours', charter.hours === null ? 'at any hour' : `set hours, time of ${charter.hours.timeZone}`),
    ),
    element('p', { class: 'hash' }, 'Charter SHA-256 ', element('code', {}, charter.hash)),
  );
}

async function showCharter(): Promise<void> {
  const place = need('charter');
  try {
    place.replaceChildren(buildCharter(await new Api(null).call<Charter>('GET', '/v1/charter')));
  } catch (cause) {
    const isNone = cause instanceof ApiProblem && cause.status === 404;
    const text = isNone ? 'No charter is set. Nothing can be watched.' : problemText(cause);
    place.replaceChildren(element('p', { class: 'muted' }, text));
  }
}

async function showCheckpoint(): Promise<void> {
  const place = need('ledger');
  const response = await fetch('/checkpoint').catch(() => null);
  const note = response?.ok ? parseNote(await response.text()) : null;
  const checkpoint = note?.ok ? parseCheckpoint(note.value.text) : null;
  if (!checkpoint?.ok) {
    place.replaceChildren(element('p', { class: 'muted' }, 'The checkpoint cannot be read now.'));
    return;
  }
  const { size, root, origin } = checkpoint.value;
  place.replaceChildren(
    element('p', { class: 'big' }, element('strong', {}, size.toLocaleString('en')), ' entries'),
    element('p', { class: 'hash' }, 'Root ', element('code', {}, toBase64(root)), ' of ', element('code', {}, origin)),
  );
}

await Promise.all([showCharter(), showCheckpoint()]);
