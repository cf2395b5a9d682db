/*
 * The ledger page: verifies the whole ledger in the browser, lists the newest entries in plain words, and goes on
 * reading as it grows.
 */
import { button, element, need } from './element.ts';
import { toEntryWords } from './entry-words.ts';
import {
  LedgerFault,
  type LedgerPlace,
  LedgerReading,
  type ReadEntry,
  type Seen,
  type Verified,
} from './ledger-reading.ts';
import { dateTimeText } from './time-words.ts';

const READ_EVERY_MS = 2_000;
const SEEN_SLOT = 'sallyport-ledger-seen';
const ANSWER_WITHIN_MS = 20_000;

async function read(path: string): Promise<Response> {
  const response = await fetch(path, { cache: 'no-cache', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}

const server: LedgerPlace = {
  readText: async (path) => (await read(path)).text(),
  readBytes: async (path) => new Uint8Array(await (await read(path)).arrayBuffer()),
};

/**
 * The verifier key a link may carry (`#log=`): whoever gave the link vouches for that log, so another one that this
 * browser saw here before is no contradiction.
 */
const vouchedKey = new URLSearchParams(location.hash.replace(/^#/, '')).get('log');

function recallSeen(): Seen | null {
  const seen = readSeen();
  return seen !== null && vouchedKey !== null && seen.key !== vouchedKey ? null : seen;
}

function readSeen(): Seen | null {
  try {
    const { key, size, root } = JSON.parse(localStorage.getItem(SEEN_SLOT) ?? 'null');
    return typeof key === 'string' && Number.isSafeInteger(size) && typeof root === 'string'
      ? { key, size, root }
      : null;
  } catch {
    return null;
  }
}

function showVerdict(verdict: 'verified' | 'false' | 'unknown', ...content: readonly (Node | string)[]): void {
  const place = need('verdict');
  // A status that says the same again would be read aloud again.
  const next = element('div', {}, ...content);
  if (place.dataset['verdict'] === verdict && place.textContent === next.textContent) return;
  place.dataset['verdict'] = verdict;
  place.replaceChildren(...next.childNodes);
}

function showVerified(verified: Verified): void {
  const { size, root, origin, containsSize, key } = verified;
  const earlier =
    containsSize === null
      ? 'This browser will remember it and notice any later change.'
      : `It still contains the ${containsSize.toLocaleString('en')} entries this browser saw before, unchanged.`;
  showVerdict(
    'verified',
    element('strong', {}, `Verified in this browser: ${size.toLocaleString('en')} entries`),
    element('p', { class: 'hash' }, 'Root ', element('code', {}, root)),
    element('p', { class: 'hash' }, 'Signed by ', element('code', {}, origin)),
    element('p', {}, earlier),
  );
  localStorage.setItem(SEEN_SLOT, JSON.stringify({ key, size, root } satisfies Seen));
}

function buildEntry({ index, text }: ReadEntry): HTMLElement {
  const { tone, text: words, atMs } = toEntryWords(text);
  const raw = element('details', {}, element('summary', {}, `entry ${index}`), element('code', {}, text));
  const time = atMs === null ? null : element('time', { datetime: new Date(atMs).toISOString() }, dateTimeText(atMs));
  return element('li', { 'data-tone': tone, 'data-index': String(index) }, time, element('p', {}, words), raw);
}

/** Adds what is new on top and lets go of what is past the newest 200; what is open for reading stays open. */
function showEntries(newest: readonly ReadEntry[]): void {
  const list = need('entries');
  const shownTo = Number(list.firstElementChild?.getAttribute('data-index') ?? -1);
  list.prepend(...newest.filter((entry) => entry.index > shownTo).map(buildEntry));
  while (list.children.length > newest.length) list.lastElementChild?.remove();
}

function showFault(fault: LedgerFault): void {
  // A programme that was set up anew has a new ledger: a person may decide that, the page may not.
  const forget = button('Forget what this browser saw before', 'button quiet', () => {
    localStorage.removeItem(SEEN_SLOT);
    location.reload();
  });
  const canForget = recallSeen() !== null;
  showVerdict(
    'false',
    element('strong', {}, 'Not verified'),
    element('p', {}, fault.message),
    ...(canForget ? [forget] : []),
  );
}

async function readOn(reading: LedgerReading): Promise<void> {
  try {
    const verified = await reading.readOn((done, size) => {
      if (size - done > 2_000) showVerdict('unknown', `Checking entry ${done} of ${size}.`);
    });
    if (vouchedKey !== null && verified.key !== vouchedKey)
      throw new LedgerFault('This is not the ledger the link names: another key signs it.');
    showVerified(verified);
    showEntries(verified.newest);
  } catch (cause) {
    if (cause instanceof LedgerFault) showFault(cause);
    else showVerdict('unknown', 'The ledger cannot be fetched now. Trying again.');
  }
  setTimeout(() => void readOn(reading), READ_EVERY_MS);
}

await readOn(new LedgerReading(server, recallSeen()));
