/*
 * The API key a page works with: out of the address fragment, where it is removed from at once so that it is neither
 * seen over a shoulder nor kept in the history, or out of this tab's session storage. It never leaves the tab
 * otherwise.
 */

export type KeyRole = 'agency' | 'owner' | 'dispatch';
export type Fragment = { readonly key: string | null; readonly viewer: string | null };

const KEY = /^[\x21-\x7e]{1,200}$/;
const slot = (role: KeyRole): string => `sallyport-${role}-key`;
const VIEWER_SLOT = 'sallyport-viewer';
const VIEWER_DEFAULT = 'console';

/** Reads `#key=...&viewer=...`; what is not a printable key is none. */
export function parseFragment(hash: string): Fragment {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const key = fields.get('key');
  return { key: key !== null && KEY.test(key) ? key : null, viewer: fields.get('viewer') };
}

/** Takes the key out of the address, if there is one, and answers the key of this tab or null. */
export function takeKey(role: KeyRole): string | null {
  const { key, viewer } = parseFragment(location.hash);
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  if (key !== null) keepKey(role, key);
  if (viewer !== null) keepViewer(viewer);
  return sessionStorage.getItem(slot(role));
}

/** Starts the page anew when a link with another key is opened in the same tab. */
export function reloadOnNewKey(): void {
  addEventListener('hashchange', () => {
    if (parseFragment(location.hash).key !== null) location.reload();
  });
}

export function keepKey(role: KeyRole, key: string): void {
  sessionStorage.setItem(slot(role), key);
}

export function dropKey(role: KeyRole): void {
  sessionStorage.removeItem(slot(role));
}

export function keepViewer(viewer: string): void {
  sessionStorage.setItem(VIEWER_SLOT, viewer.slice(0, 120));
}

/** The officer's pseudonym, which goes into the token. */
export const keptViewer = (): string => sessionStorage.getItem(VIEWER_SLOT) || VIEWER_DEFAULT;
