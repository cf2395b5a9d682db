/*
 * Reads what the server says. Written by hand because the schema's library is larger than the whole SDK; the types
 * come from the schema, and a property test holds both to the same answers. Pure; called by the signal channel.
 */
import type { ServerMessage } from '@sallyport/protocol/server-message';
import { PROTOCOL_VERSION } from '@sallyport/protocol/wire-version';
import { clientLimits } from './client-limits.ts';

export type Hello = Extract<ServerMessage, { type: 'hello' }>;
export type Offer = Extract<ServerMessage, { type: 'offer' }>;
export type Ice = Extract<ServerMessage, { type: 'ice' }>;
export type Gate = Extract<ServerMessage, { type: 'gate' }>;
export type Refusal = Extract<ServerMessage, { type: 'error' }>;

/** `unknown` is a message of a newer server and harmless; `malformed` is doubt, and doubt closes. */
export type Parsed = ServerMessage | 'unknown' | 'malformed';

type Fields = { readonly [name: string]: unknown };
type SessionId = Offer['sessionId'];
type Reason = NonNullable<Gate['reason']>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isInt = (value: unknown): value is number => Number.isSafeInteger(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isIntOrNull = (value: unknown): value is number | null => value === null || isInt(value);
const isTextOrAbsent = (value: unknown): value is string | undefined => value === undefined || isText(value);
const isSessionId = (value: unknown): value is SessionId => isText(value) && /^ses_[a-z2-7]{26}$/.test(value);

const reasons: Readonly<Record<Reason, true>> = {
  'token-invalid': true,
  'token-expired': true,
  'proof-invalid': true,
  'programme-closed': true,
  'incident-closed': true,
  'not-available': true,
  'over-budget': true,
  left: true,
  'connection-lost': true,
  'server-stopped': true,
  fault: true,
};
/** True for the coarse words the wire may use. */
export const isWireReason = (value: unknown): value is Reason => isText(value) && Object.hasOwn(reasons, value);

function toIceServer(value: unknown): Hello['iceServers'][number] | null {
  if (!isFields(value)) return null;
  const { urls, username, credential } = value;
  if (!Array.isArray(urls) || !urls.every(isText) || !isTextOrAbsent(username) || !isTextOrAbsent(credential)) {
    return null;
  }
  return { urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) };
}

function toHello({ protocolVersion, nonce, htu, limits, iceServers }: Fields): Parsed {
  if (protocolVersion !== PROTOCOL_VERSION || !isText(nonce) || !isText(htu)) return 'malformed';
  if (!isFields(limits) || !Array.isArray(iceServers)) return 'malformed';
  const { feedsMax, messageBytesMax, answerWithinMs } = limits;
  if (!isInt(feedsMax) || !isInt(messageBytesMax) || !isInt(answerWithinMs)) return 'malformed';
  const servers = iceServers.map(toIceServer);
  if (!servers.every((server) => server !== null)) return 'malformed';
  const bounds = { feedsMax, messageBytesMax, answerWithinMs };
  return { type: 'hello', protocolVersion, nonce, htu, limits: bounds, iceServers: servers };
}

function toOffer({ id, sessionId, sdp, untilMs, leftMs }: Fields): Parsed {
  if (!isInt(id) || !isSessionId(sessionId) || !isText(sdp) || !isInt(untilMs) || !isInt(leftMs)) return 'malformed';
  return { type: 'offer', id, sessionId, sdp, untilMs, leftMs };
}

const isIceText = (value: unknown, charsMin: number): value is string =>
  isText(value) && value.length >= charsMin && /^[A-Za-z0-9+/]{4,256}$/.test(value);

function toIce({ id, sessionId, ufrag, pwd }: Fields): Parsed {
  if (!isInt(id) || !isSessionId(sessionId) || !isIceText(ufrag, 4) || !isIceText(pwd, 22)) return 'malformed';
  return { type: 'ice', id, sessionId, ufrag, pwd };
}

function toGate({ sessionId, state, reason, untilMs, leftMs }: Fields): Parsed {
  if (!isSessionId(sessionId) || (state !== 'open' && state !== 'closed')) return 'malformed';
  if (!(reason === null || isWireReason(reason)) || !isIntOrNull(untilMs) || !isIntOrNull(leftMs)) return 'malformed';
  return { type: 'gate', sessionId, state, reason, untilMs, leftMs };
}

function toRefusal({ id, sessionId, code, detail, nonce }: Fields): Parsed {
  if (!isIntOrNull(id) || !(sessionId === null || isSessionId(sessionId))) return 'malformed';
  if (!isText(code) || !isText(detail) || !(nonce === null || isText(nonce))) return 'malformed';
  return { type: 'error', id, sessionId, code, detail, nonce };
}

/** Parses one text message of the control connection. Never throws; fields it does not know are dropped. */
export function parseServerMessage(text: string): Parsed {
  if (text.length > clientLimits.messageCharsMax) return 'malformed';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'malformed';
  }
  if (!isFields(value) || !isText(value['type'])) return 'malformed';
  switch (value['type']) {
    case 'hello':
      return toHello(value);
    case 'offer':
      return toOffer(value);
    case 'ice':
      return toIce(value);
    case 'gate':
      return toGate(value);
    case 'error':
      return toRefusal(value);
    default:
      return 'unknown';
  }
}
