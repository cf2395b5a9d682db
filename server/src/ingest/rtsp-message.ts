/*
 * RTSP messages (RFC 2326) as values: reading the head of one, writing requests and answers. Pure.
 * Reads what cameras get slightly wrong: versions, spaces, lower case, LF alone, folded lines.
 */
import { limits } from './limits.ts';

/** Names in lower case; one entry per header line. */
export type RtspHeaders = ReadonlyMap<string, readonly string[]>;

export type RtspResponse = {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
};

/** A request from the camera to us. */
export type RtspRequest = {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
};

/** Interleaved binary data (RFC 2326, 10.12). */
export type RtspFrame = { readonly kind: 'frame'; readonly channel: number; readonly payload: Buffer };

export type RtspItem = RtspResponse | RtspRequest | RtspFrame;

/** A message before its body came. */
export type RtspHead =
  | (Omit<RtspResponse, 'body'> & { readonly bodyBytes: number })
  | (Omit<RtspRequest, 'body'> & { readonly bodyBytes: number });

const STATUS_LINE = /^RTSP\/?\s*\d*(?:\.\d+)?\s+(\d{3})(?!\d)\s*(.*)$/i;
const REQUEST_LINE = /^([A-Z_]{3,24})\s+(\S+)\s+RTSP\//i;

/** Reads a head (start line and headers, without the empty line); null when it is not one. */
export function parseHead(text: string): RtspHead | null {
  const lines = text.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const start = (lines[0] ?? '').trim();
  const headers = readHeaders(lines.slice(1));
  const lengthText = headers.get('content-length')?.[0] ?? '0';
  if (!/^\d{1,9}$/.test(lengthText)) return null;
  const bodyBytes = Number(lengthText);
  const status = STATUS_LINE.exec(start);
  if (status) return { kind: 'response', status: Number(status[1]), reason: status[2] ?? '', headers, bodyBytes };
  const request = REQUEST_LINE.exec(start);
  if (!request) return null;
  return { kind: 'request', method: (request[1] ?? '').toUpperCase(), uri: request[2] ?? '', headers, bodyBytes };
}

function readHeaders(lines: readonly string[]): RtspHeaders {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const held = headers.get(name);
    if (held) held.push(value);
    else headers.set(name, [value]);
  }
  return headers;
}

/** The first header of that name (lower case), or null. */
export function headerOf(message: { readonly headers: RtspHeaders }, name: string): string | null {
  return message.headers.get(name)?.[0] ?? null;
}

/** The CSeq as a number; null when missing or unreadable, which some cameras send. */
export function cseqOf(message: { readonly headers: RtspHeaders }): number | null {
  const text = headerOf(message, 'cseq');
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Writes a request without body. Control characters in any part become spaces: no value can add a line. */
export function formatRequest(
  method: string,
  uri: string,
  headers: readonly (readonly [name: string, value: string])[],
): string {
  return formatLines([`${method} ${uri.replace(/\s/g, '%20')} RTSP/1.0`, ...headers.map(([n, v]) => `${n}: ${v}`)]);
}

/** Writes our answer to a request of the camera, repeating its CSeq and session as they came. */
export function formatAnswer(request: RtspRequest, status: '200 OK' | '501 Not Implemented'): string {
  const echoed = [['CSeq', headerOf(request, 'cseq')] as const, ['Session', headerOf(request, 'session')] as const];
  const lines = echoed.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value.slice(0, 256)}`]));
  return formatLines([`RTSP/1.0 ${status}`, ...lines]);
}

const formatLines = (lines: readonly string[]): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this takes out
  `${lines.map((line) => line.replace(/[\u0000-\u001f\u007f]/g, ' ')).join('\r\n')}\r\n\r\n`;

export type SessionHeader = { readonly id: string; readonly timeoutMs: number };

/** Reads `Session: <id> [; timeout=<seconds>]` (12.37); null without an id. */
export function parseSession(value: string | null): SessionHeader | null {
  const [id = '', ...options] = (value ?? '').split(';').map((part) => part.trim());
  if (id === '') return null;
  const seconds = options.map((option) => /^timeout\s*=\s*"?(\d{1,6})/i.exec(option)?.[1]).find((text) => text);
  return {
    id,
    timeoutMs: seconds === undefined || Number(seconds) === 0 ? limits.sessionTimeoutMs : Number(seconds) * 1_000,
  };
}

export type TransportHeader = {
  readonly lower: 'tcp' | 'udp';
  /** Channels of RTP and RTCP; null when the camera named none. */
  readonly channels: readonly [rtp: number, rtcp: number] | null;
  /** UDP ports the camera sends from and listens on; null when it named none that can be used. */
  readonly serverPorts: readonly [rtp: number, rtcp: number] | null;
  /** Where its packets come from, when that is another place than its RTSP; as it stands, not checked. */
  readonly source: string | null;
  readonly cast: 'unicast' | 'multicast';
};

/** Reads the camera's Transport answer (12.39); a missing one is what was asked for. */
export function parseTransport(value: string | null, asked: TransportHeader['lower'] = 'tcp'): TransportHeader {
  const text = value ?? '';
  const channels = readPair(text, 'interleaved', 255);
  const serverPorts = readPair(text, 'server_port', 65_535);
  const tcp = value === null ? asked === 'tcp' : channels !== null || /^\s*RTP\/\w+\/TCP/i.test(text);
  return {
    lower: tcp ? 'tcp' : 'udp',
    channels,
    serverPorts: serverPorts?.includes(0) ? null : serverPorts,
    source: /;\s*source\s*=\s*"?\[?([^;"\]\s]+)/i.exec(text)?.[1] ?? null,
    cast: /;\s*multicast\b/i.test(text) ? 'multicast' : 'unicast',
  };
}

/** Reads `name=first[-second]`; the second is the first and one where it is left out. */
function readPair(text: string, name: string, most: number): readonly [number, number] | null {
  const pair = new RegExp(`\\b${name}\\s*=\\s*"?(\\d{1,5})(?:\\s*-\\s*(\\d{1,5}))?`, 'i').exec(text);
  if (!pair) return null;
  const first = Number(pair[1]);
  const second = Number(pair[2] ?? first + 1);
  return first <= most && second <= most ? [first, second] : null;
}
