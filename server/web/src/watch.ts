/*
 * The viewer page: takes the agency's key and the incident from the address, or asks for them, and starts the wall.
 */
import { Api } from './api.ts';
import { element, need } from './element.ts';
import { buildKeyForm } from './key-form.ts';
import { dropKey, reloadOnNewKey, takeKey } from './page-key.ts';
import { Wall } from './wall.ts';
import { parseWallAddress } from './wall-address.ts';

const place = need('wall');
const side = need('side');

function askForKey(complaint: string | null): void {
  dropKey('agency');
  side.replaceChildren();
  place.dataset['columns'] = 'form';
  place.replaceChildren(buildKeyForm('agency', complaint));
}

function askForIncident(): void {
  const field = element('input', { id: 'incident', name: 'incident', required: '', pattern: 'inc_[a-z2-7]{26}' });
  place.dataset['columns'] = 'form';
  // A plain GET form: the browser itself puts ?incident=... into the address.
  place.replaceChildren(
    element(
      'form',
      { class: 'card key-form', method: 'get' },
      element('h2', {}, 'Which incident?'),
      element('p', { class: 'muted' }, 'Pictures are shown for an open incident only.'),
      element('label', { for: 'incident' }, 'Incident'),
      field,
      element('button', { class: 'button', type: 'submit' }, 'Show nearby cameras'),
    ),
  );
}

function start(): void {
  reloadOnNewKey();
  const key = takeKey('agency');
  const { incidentId, cameraIds } = parseWallAddress(location.search);
  if (key === null) askForKey(null);
  else if (incidentId === null) askForIncident();
  else new Wall({ api: new Api(key), incidentId, place, side, onKeyRefused: askForKey }).start(cameraIds);
}

start();
