/*
 * Answers a camera's challenges: Basic (RFC 7617) and Digest (RFC 2617 and 7616: MD5, SHA-256, SHA-512-256, their
 * `-sess` forms, qop `auth`, stale nonces), and decides when a 401 is final. One Authenticator per connection.
 * Touches nothing outside but the random bytes it is given.
 */
import { createHash } from 'node:crypto';
import type { Randomness } from '../app/ports/randomness.ts';
import { type Challenge, parseChallenges } from './auth-challenge.ts';
import { limits } from './limits.ts';
import type { Credentials } from './rtsp-url.ts';

/** Strongest first; the name as RFC 7616 registers it, and as node:crypto knows it. */
const ALGORITHMS = [
  { name: 'SHA-256', hash: 'sha256' },
  { name: 'SHA-512-256', hash: 'sha512-256' },
  { name: 'MD5', hash: 'md5' },
] as const;

/** A multiple of three, so that base64 needs no padding. */
const CNONCE_BYTES = 15;

type DigestScheme = {
  readonly kind: 'digest';
  readonly rank: number;
  readonly hash: string;
  readonly session: 'sess' | 'plain';
  /** As the camera wrote it; absent when it wrote none. */
  readonly algorithm: string | null;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  readonly qop: 'auth' | null;
  readonly userhash: 'hashed' | 'plain';
  readonly stale: 'stale' | 'fresh';
};
type Scheme = DigestScheme | { readonly kind: 'basic'; readonly rank: number };

/** One request's tries; given back with each 401 to that request. */
export type AuthTry = { sentNonce: string | null; sentAnything: 'yes' | 'no'; staleRetries: number };

export type AuthVerdict = 'retry' | 'credentials-needed' | 'credentials-wrong';

export class Authenticator {
  readonly #credentials: Credentials | null;
  readonly #randomness: Randomness;
  #scheme: Scheme | null = null;
  #nonceCount = 0;
  /** The nonce of the last request the camera accepted: when that one is refused later, it has grown old. */
  #acceptedNonce: string | null = null;

  constructor(credentials: Credentials | null, randomness: Randomness) {
    this.#credentials = credentials;
    this.#randomness = randomness;
  }

  /** The start of one request's tries. */
  begin(): AuthTry {
    return { sentNonce: null, sentAnything: 'no', staleRetries: 0 };
  }

  /** The Authorization header for a request, or null before the first challenge. Counts the nonce. */
  authorize(method: string, uri: string, tried: AuthTry): string | null {
    const credentials = this.#credentials;
    const scheme = this.#scheme;
    if (!credentials || !scheme) return null;
    tried.sentAnything = 'yes';
    if (scheme.kind === 'basic') {
      return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64')}`;
    }
    tried.sentNonce = scheme.nonce;
    this.#nonceCount += 1;
    const cnonce = Buffer.from(this.#randomness.bytes(CNONCE_BYTES)).toString('base64');
    return formatDigest(scheme, credentials, method, uri, this.#nonceCount, cnonce);
  }

  /** Says that the camera accepted a request; its nonce is known good. */
  accepted(tried: AuthTry): void {
    if (tried.sentNonce !== null) this.#acceptedNonce = tried.sentNonce;
  }

  /**
   * Takes the challenges of a 401 and says whether to send the request again. A proper answer that is refused with a
   * new nonce and without `stale` is final, unless that nonce had been good before (cameras forget to say stale).
   */
  challenged(wwwAuthenticate: readonly string[], tried: AuthTry): AuthVerdict {
    if (!this.#credentials) return 'credentials-needed';
    const scheme = chooseScheme(parseChallenges(wwwAuthenticate));
    if (!scheme) return 'credentials-wrong';
    if (tried.sentAnything === 'yes') {
      const aged = tried.sentNonce !== null && tried.sentNonce === this.#acceptedNonce;
      const stale = scheme.kind === 'digest' && scheme.stale === 'stale';
      const renewed = scheme.kind === 'digest' && scheme.nonce !== tried.sentNonce;
      if (!renewed || !(aged || stale) || tried.staleRetries >= limits.staleRetriesMax) return 'credentials-wrong';
      tried.staleRetries += 1;
    }
    this.#scheme = scheme;
    this.#nonceCount = 0;
    return 'retry';
  }
}

/** The strongest challenge that can be answered: SHA-256 before MD5 before Basic. */
function chooseScheme(challenges: readonly Challenge[]): Scheme | null {
  let best: Scheme | null = null;
  for (const challenge of challenges) {
    const scheme: Scheme | null =
      challenge.scheme === 'basic' ? { kind: 'basic', rank: ALGORITHMS.length } : readDigest(challenge.parameters);
    if (scheme && (!best || scheme.rank < best.rank)) best = scheme;
  }
  return best;
}

function readDigest(parameters: ReadonlyMap<string, string>): DigestScheme | null {
  const algorithm = parameters.get('algorithm') || null;
  const [, name, sess] = /^(.*?)(-sess)?$/i.exec(algorithm ?? 'MD5') ?? [];
  const plainName = name?.toUpperCase().replace(/^SHA(256|512)/, 'SHA-$1');
  const rank = ALGORITHMS.findIndex((known) => known.name === plainName);
  const nonce = parameters.get('nonce');
  const offered = parameters.get('qop');
  const qop =
    offered === undefined
      ? []
      : offered
          .toLowerCase()
          .split(/[\s,]+/)
          .filter((word) => word !== '');
  // Only `auth-int` on offer cannot be answered; an empty list means the old form without qop.
  const answerable = qop.length === 0 || qop.includes('auth');
  const found = ALGORITHMS[rank];
  if (!found || nonce === undefined || !answerable) return null;
  return {
    kind: 'digest',
    rank,
    hash: found.hash,
    session: sess === undefined ? 'plain' : 'sess',
    algorithm,
    realm: parameters.get('realm') ?? '',
    nonce,
    opaque: parameters.get('opaque') ?? null,
    qop: qop.includes('auth') ? 'auth' : null,
    userhash: parameters.get('userhash')?.toLowerCase() === 'true' ? 'hashed' : 'plain',
    stale: parameters.get('stale')?.toLowerCase() === 'true' ? 'stale' : 'fresh',
  };
}

/** RFC 7616, 3.4.1 to 3.4.6. Values are stripped of control characters, so that none can add a header line. */
function formatDigest(
  scheme: DigestScheme,
  credentials: Credentials,
  method: string,
  uri: string,
  count: number,
  cnonce: string,
): string {
  const hash = (text: string): string => createHash(scheme.hash).update(text, 'utf8').digest('hex');
  const nc = count.toString(16).padStart(8, '0');
  const secret = hash(`${credentials.username}:${scheme.realm}:${credentials.password}`);
  const ha1 = scheme.session === 'sess' ? hash(`${secret}:${scheme.nonce}:${cnonce}`) : secret;
  const ha2 = hash(`${method}:${uri}`);
  const middle = scheme.qop === null ? scheme.nonce : `${scheme.nonce}:${nc}:${cnonce}:${scheme.qop}`;
  const username =
    scheme.userhash === 'hashed' ? hash(`${credentials.username}:${scheme.realm}`) : credentials.username;
  const fields = [
    `username=${quote(username)}`,
    `realm=${quote(scheme.realm)}`,
    `nonce=${quote(scheme.nonce)}`,
    `uri=${quote(uri)}`,
    `response="${hash(`${ha1}:${middle}:${ha2}`)}"`,
  ];
  if (scheme.algorithm !== null) fields.push(`algorithm=${scheme.algorithm}`);
  if (scheme.opaque !== null) fields.push(`opaque=${quote(scheme.opaque)}`);
  if (scheme.qop !== null) fields.push(`qop=${scheme.qop}`, `nc=${nc}`);
  if (scheme.qop !== null || scheme.session === 'sess') fields.push(`cnonce="${cnonce}"`);
  if (scheme.userhash === 'hashed') fields.push('userhash=true');
  return `Digest ${fields.join(', ')}`;
}

const quote = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this takes out
  `"${text.replace(/[\u0000-\u001f\u007f]/g, '').replace(/["\\]/g, '\\$&')}"`;
