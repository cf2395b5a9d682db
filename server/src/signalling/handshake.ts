/*
 * Judges a request for the control connection before anything is set up for it. Pure; one table shows the order, the
 * first row that objects decides. Browsers cannot read the status of a failed handshake, therefore a page of another
 * protocol version is let in just far enough to hear the close code that tells it not to come back.
 */
import type { CloseName } from '@sallyport/protocol/close-codes';
import { SUBPROTOCOL } from '@sallyport/protocol/server-message';

export const SIGNAL_PATH = '/v1/signal';
const OUR_SUBPROTOCOLS = /^sallyport\.v\d{1,4}$/;

export type Handshake = {
  readonly method: string;
  /** Path and query as requested. */
  readonly target: string;
  readonly upgrade: string;
  readonly version: string;
  /** Absent for programs that are no browsers; they cannot be led here by a foreign page. */
  readonly origin: string | undefined;
  readonly subprotocols: readonly string[];
};

/** How crowded it is when the request arrives. */
export type Crowd = { readonly isFull: boolean; readonly isPartingFull: boolean };

export type Refusal = {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
};
export type Welcome =
  | { readonly kind: 'accept' }
  /** The upgrade is made and the connection closed at once, so that a browser learns why. */
  | { readonly kind: 'turn-away'; readonly close: CloseName }
  | ({ readonly kind: 'refuse' } & Refusal);

type Row = readonly [name: string, objection: (asked: Handshake, rules: Rules) => Refusal | null];
type Rules = { readonly origins: ReadonlySet<string>; readonly crowd: Crowd };

const rows: readonly Row[] = [
  ['path', ({ target }) => (target.split('?', 1)[0] === SIGNAL_PATH ? null : { status: 404, text: 'not found' })],
  ['method', ({ method }) => (method === 'GET' ? null : { status: 405, text: 'use GET', headers: { allow: 'GET' } })],
  [
    'websocket',
    ({ upgrade, version }) =>
      upgrade.toLowerCase() === 'websocket' && version === '13'
        ? null
        : {
            status: 426,
            text: 'WebSocket version 13',
            headers: { upgrade: 'websocket', 'sec-websocket-version': '13' },
          },
  ],
  [
    'origin',
    ({ origin }, { origins }) =>
      origin === undefined || origins.has(origin) ? null : { status: 403, text: 'this origin is not allowed' },
  ],
  [
    'subprotocol',
    ({ subprotocols }) =>
      chooseSubprotocol(subprotocols) !== null ? null : { status: 400, text: `offer the subprotocol ${SUBPROTOCOL}` },
  ],
  [
    'crowd',
    (asked, { crowd }) =>
      crowd.isPartingFull && (crowd.isFull || !speaksOurs(asked))
        ? { status: 503, text: 'too many connections', headers: { 'retry-after': '5' } }
        : null,
  ],
];

const speaksOurs = ({ subprotocols }: Handshake): boolean => subprotocols.includes(SUBPROTOCOL);

/** The subprotocol to answer with: this version where it is offered, else another version of ours, else none. */
export function chooseSubprotocol(offered: readonly string[]): string | null {
  return offered.find((one) => one === SUBPROTOCOL) ?? offered.find((one) => OUR_SUBPROTOCOLS.test(one)) ?? null;
}

/** Decides what becomes of a request. `origins` are the allowed ones as browsers write them. */
export function judgeHandshake(asked: Handshake, origins: ReadonlySet<string>, crowd: Crowd): Welcome {
  for (const [, objection] of rows) {
    const refusal = objection(asked, { origins, crowd });
    if (refusal !== null) return { kind: 'refuse', ...refusal };
  }
  if (!speaksOurs(asked)) return { kind: 'turn-away', close: 'wrongProtocol' };
  return crowd.isFull ? { kind: 'turn-away', close: 'tooManyConnections' } : { kind: 'accept' };
}

/** The origins a page may come from: the server's own and the listed ones. */
export function buildOrigins(publicUrl: string, allowedOrigins: readonly string[]): ReadonlySet<string> {
  return new Set([publicUrl, ...allowedOrigins].map((url) => new URL(url).origin));
}

/** The refusal as HTTP/1.1 bytes; the connection ends with it. */
export function buildRefusal({ status, text, headers = {} }: Refusal): string {
  const fields = { connection: 'close', 'content-type': 'text/plain', 'content-length': text.length, ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_TEXTS[status] ?? 'Refused'}`, ...lines, '', text].join('\r\n');
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  426: 'Upgrade Required',
  503: 'Service Unavailable',
};
