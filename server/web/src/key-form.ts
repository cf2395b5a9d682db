/*
 * Asks once for an API key where a page has none or the one it had was refused. People sign in by passkey later; a
 * key stays in this tab only.
 */
import { element } from './element.ts';
import { type KeyRole, keepKey, keepViewer, keptViewer } from './page-key.ts';

const words: Record<KeyRole, { readonly title: string; readonly text: string }> = {
  agency: { title: 'Agency key', text: 'Watching needs the key of an agency the charter names.' },
  owner: { title: 'Owner key', text: 'Open the link you were given, or enter the key that came with your camera.' },
  dispatch: { title: 'Dispatch key', text: 'Changing an incident needs a key of the dispatch system.' },
};

/** Builds the form; submitting keeps the key and starts the page anew. */
export function buildKeyForm(role: KeyRole, complaint: string | null): HTMLFormElement {
  const { title, text } = words[role];
  const key = element('input', {
    id: 'key',
    name: 'key',
    type: 'password',
    required: '',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const viewer = element('input', { id: 'viewer', name: 'viewer', maxlength: '120', value: keptViewer() });
  const form = element(
    'form',
    { class: 'card key-form' },
    element('h2', {}, title),
    element('p', { class: 'muted' }, `${text} It is kept in this tab only and gone when you close it.`),
    complaint === null ? null : element('p', { class: 'complaint', role: 'alert' }, complaint),
    element('label', { for: 'key' }, 'Key'),
    key,
    ...(role === 'agency' ? [element('label', { for: 'viewer' }, 'Your call sign'), viewer] : []),
    element('button', { class: 'button', type: 'submit' }, 'Continue'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keepKey(role, key.value.trim());
    if (role === 'agency') keepViewer(viewer.value.trim());
    location.reload();
  });
  return form;
}
