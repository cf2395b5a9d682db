/*
 * A ledger entry in plain words. Pure. A new type of entry does not compile until it has its sentence.
 */
import type { LedgerEntry } from '@sallyport/protocol/ledger-entry';
import { lengthText, shortId, wordText } from './time-words.ts';

/** How an entry is coloured: something opens, something closes, something is refused, or a fact. */
export type EntryTone = 'opens' | 'closes' | 'refuses' | 'fact';
export type EntryWords = { readonly tone: EntryTone; readonly text: string };

const opens = (text: string): EntryWords => ({ tone: 'opens', text });
const closes = (text: string): EntryWords => ({ tone: 'closes', text });
const refuses = (text: string): EntryWords => ({ tone: 'refuses', text });
const fact = (text: string): EntryWords => ({ tone: 'fact', text });

const camera = ({ cameraId }: { readonly cameraId: string }): string => `camera ${shortId(cameraId)}`;
const incident = ({ incidentId }: { readonly incidentId: string }): string => `incident ${shortId(incidentId)}`;
const session = ({ sessionId }: { readonly sessionId: string }): string => `view ${shortId(sessionId)}`;

type Denied = Extract<LedgerEntry, { type: 'session.denied' }>;
const denialWords = ({ agency, cameraId, code, count }: Denied): string => {
  const who = agency ?? 'Somebody';
  const what = cameraId === null ? 'a camera' : camera({ cameraId });
  return `${who} was refused ${what}: ${wordText(code)}${count > 1 ? `, ${count} times` : ''}.`;
};

function sessionWords(entry: Extract<LedgerEntry, { type: 'session.started' | 'session.ended' }>): EntryWords {
  if (entry.type === 'session.ended') {
    return closes(`The ${session(entry)} of ${camera(entry)} ended: ${wordText(entry.reason)}.`);
  }
  const { agency, incidentType, audio } = entry;
  const place = `${camera(entry)} for ${incident(entry)} (${wordText(incidentType)})`;
  return opens(`${agency} began to watch ${audio ? 'and hear ' : ''}${place}: ${session(entry)}.`);
}

type Interrupted = Extract<LedgerEntry, { type: 'camera.interrupted' }>;
const interruptedWords = (entry: Interrupted): string => {
  const { lostAtMs, backAtMs, count } = entry;
  const often = count > 1 ? `, ${count} times` : '';
  if (backAtMs === null) return `The ${camera(entry)} was lost while it was watched${often}, and given up.`;
  const span = lengthText(Math.max(1_000, backAtMs - lostAtMs));
  return `The ${camera(entry)} was away while it was watched${often}: ${count > 1 ? 'within' : 'for'} ${span}.`;
};

type Issued = Extract<LedgerEntry, { type: 'token.issued' }>;
const tokenWords = (entry: Issued): string => {
  const [cameraId] = entry.cameraIds;
  const isOne = cameraId !== undefined && entry.cameraIds.length === 1;
  const what = isOne ? camera({ cameraId }) : `${entry.cameraIds.length} cameras`;
  const life = lengthText(entry.expiresAtMs - entry.atMs);
  return `${entry.agency} received a token for ${what} and ${incident(entry)}, good for ${life}.`;
};

type Fed = Extract<LedgerEntry, { type: 'publish-token.issued' | `publisher.${string}` }>;
function publisherWords(entry: Fed): EntryWords {
  switch (entry.type) {
    case 'publish-token.issued':
      return fact(
        `A token to feed ${camera(entry)} was given out, good for ${lengthText(entry.expiresAtMs - entry.atMs)}.`,
      );
    case 'publisher.connected':
      return fact(`A ${entry.scheme === 'key' ? 'box with a key' : 'publisher'} connected to feed ${camera(entry)}.`);
    case 'publisher.disconnected':
      return fact(`Who fed ${camera(entry)} disconnected: ${wordText(entry.reason)}.`);
  }
}

type Consent = Extract<LedgerEntry, { consentId: string; type: `consent.${string}` }>;
const consentVerbs: Readonly<Record<Consent['type'], string>> = {
  'consent.given': 'gave consent',
  'consent.renewed': 'renewed the consent',
  'consent.resumed': 'shares it again',
  'consent.paused': 'paused sharing',
  'consent.withdrawn': 'withdrew the consent',
  'consent.refused': 'said no',
  'consent.revoked': 'had the consent revoked',
  'consent.expired': 'let the consent run out',
};
const consentWords = (entry: Consent): string => `The owner of ${camera(entry)} ${consentVerbs[entry.type]}.`;

/** Says what an entry means, without names: the ledger has none. */
export function entryWords(entry: LedgerEntry): EntryWords {
  switch (entry.type) {
    case 'session.started':
    case 'session.ended':
      return sessionWords(entry);
    case 'session.denied':
      return refuses(denialWords(entry));
    case 'token.issued':
      return fact(tokenWords(entry));
    case 'consent.given':
    case 'consent.renewed':
    case 'consent.resumed':
      return opens(consentWords(entry));
    case 'consent.paused':
    case 'consent.withdrawn':
    case 'consent.refused':
    case 'consent.revoked':
    case 'consent.expired':
      return closes(consentWords(entry));
    case 'incident.opened':
      return opens(`The ${incident(entry)} was opened: ${wordText(entry.incidentType)}, within ${entry.radiusM} m.`);
    case 'incident.updated':
      return fact(`The ${incident(entry)} was updated: ${wordText(entry.incidentType)}, within ${entry.radiusM} m.`);
    case 'incident.closed':
      return closes(`The ${incident(entry)} was closed.`);
    case 'charter.set':
      return opens('The council’s charter was set.');
    case 'charter.ended':
      return closes('The charter ended.');
    case 'camera.enrolled':
      return fact(`A ${entry.ownership === 'city' ? 'city' : 'private'} camera was enrolled: ${camera(entry)}.`);
    case 'camera.withdrawn':
      return closes(`The ${camera(entry)} was taken out of the programme.`);
    case 'camera.interrupted':
      return fact(interruptedWords(entry));
    case 'node.started':
      return fact(
        entry.crashedSessions === 0
          ? 'The server started.'
          : `The server started after a crash that ended ${entry.crashedSessions} views.`,
      );
    case 'node.stopped':
      return fact('The server stopped.');
    case 'publish-token.issued':
    case 'publisher.connected':
    case 'publisher.disconnected':
      return publisherWords(entry);
    case 'key.rotated':
      return fact(`A key was rotated: ${wordText(entry.purpose)}.`);
    case 'admin.changed':
      return fact(`An administrator changed something: ${wordText(entry.what)}.`);
    case 'audit.read':
      return fact(`Records were read for an audit: ${wordText(entry.what)}.`);
  }
}

/** Reads an entry's text; what this page does not know is shown as it stands. */
export function toEntryWords(text: string): EntryWords & { readonly atMs: number | null } {
  try {
    const entry = JSON.parse(text) as LedgerEntry;
    const words: EntryWords | undefined = entryWords(entry);
    return { ...(words ?? fact(text.slice(0, 200))), atMs: Number.isSafeInteger(entry.atMs) ? entry.atMs : null };
  } catch {
    return { ...fact(text.slice(0, 200)), atMs: null };
  }
}
