/*
 * The conversation with one ONVIF device: sets itself by the device's clock, signs each request with a WS-Security
 * password digest, and where the device wants HTTP Digest instead, answers that. The password is never sent itself. Used
 * by the discovery and by whoever asks for key frames.
 */
import { Authenticator } from '../digest-auth.ts';
import { IngestFault } from '../ingest-fault.ts';
import { maskCredentials } from '../mask-credentials.ts';
import type { ClientSurroundings } from '../rtsp-client.ts';
import type { Credentials } from '../rtsp-url.ts';
import type { DeviceUrl } from './device-url.ts';
import { bodyOf, readFault, readTime, type SoapFault } from './soap-answers.ts';
import { type PostAnswer, postSoap } from './soap-post.ts';
import { askTime, buildEnvelope, type SoapRequest } from './soap-requests.ts';
import { parseXml, type XmlElement } from './xml-tree.ts';

/** `wss`: a token in the message; `http`: Digest on HTTP; `bare`: neither, as for strangers. */
type Manner = 'wss' | 'http' | 'bare';
export type DeviceAccount = { readonly credentials: Credentials | null; readonly certificateSha256: string | null };

const NONCE_BYTES = 18;
/** Token, none to be challenged, Digest, and Digest again with a newer nonce. */
const TRIES_MAX = 5;

export class DeviceTalk {
  readonly #account: DeviceAccount;
  readonly #surroundings: ClientSurroundings;
  readonly #signal: AbortSignal;
  readonly #authenticator: Authenticator;
  #manner: Manner;
  #clockOffsetMs = 0;

  constructor(account: DeviceAccount, surroundings: ClientSurroundings, signal: AbortSignal) {
    this.#account = account;
    this.#surroundings = surroundings;
    this.#signal = signal;
    this.#authenticator = new Authenticator(account.credentials, surroundings.randomness);
    this.#manner = account.credentials === null ? 'bare' : 'wss';
  }

  /** How far the device's clock is ahead of ours; 0 before `setClock`, and when the device keeps it to itself. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs;
  }

  /**
   * Learns the device's clock; a digest by any other is refused as a replay. A device that tells strangers nothing still
   * dates its answer. Throws only when there is no device.
   */
  async setClock(device: DeviceUrl): Promise<void> {
    const answer = await this.#post(device, askTime(), 'bare');
    const readable = answer.status === 200 ? bodyOf(parseXml(answer.text)) : undefined;
    const deviceMs = (readable && readTime(readable)) ?? answer.dateMs;
    if (deviceMs !== null) this.#clockOffsetMs = deviceMs - this.#surroundings.clock.nowMs();
  }

  /**
   * Asks, and answers with the element in the body. Throws `credentials-needed`, `credentials-wrong`, `not-onvif`,
   * `camera-refused` (a fault of the device, with its words) and what posting throws.
   */
  async ask(url: DeviceUrl, request: SoapRequest): Promise<XmlElement> {
    const tried = this.#authenticator.begin();
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const manner = this.#manner;
      const authorization = manner === 'http' ? this.#authenticator.authorize('POST', url.path, tried) : null;
      const answer = await this.#post(url, request, manner, authorization);
      if (answer.status === 401 && answer.challenges.length > 0) {
        const verdict = this.#authenticator.challenged(withoutOpenPassword(url, answer.challenges), tried);
        if (verdict !== 'retry') throw refusedCredentials(verdict);
        this.#manner = 'http';
        continue;
      }
      const body = readBody(answer);
      const fault = body === null ? bareFault(answer) : readFault(body);
      if (fault === null && body !== null) {
        this.#authenticator.accepted(tried);
        return body;
      }
      if (fault?.kind !== 'not-authorized') throw toRefusal(request, fault);
      // A device that knows no tokens may still challenge a request that brings none (ONVIF Core, 5.9.4).
      if (manner !== 'wss')
        throw refusedCredentials(this.#account.credentials ? 'credentials-wrong' : 'credentials-needed');
      this.#manner = 'bare';
    }
    throw refusedCredentials('credentials-wrong');
  }

  #post(
    url: DeviceUrl,
    request: SoapRequest,
    manner: Manner,
    authorization: string | null = null,
  ): Promise<PostAnswer> {
    const { credentials, certificateSha256 } = this.#account;
    const { randomness, clock } = this.#surroundings;
    const createdMs = clock.nowMs() + this.#clockOffsetMs;
    const token =
      manner === 'wss' && credentials ? { credentials, nonce: randomness.bytes(NONCE_BYTES), createdMs } : null;
    const body = buildEnvelope(request, token);
    const action = `${request.namespace}/${request.name}`;
    return postSoap({ url, certificateSha256, authorization, action, body }, this.#surroundings, this.#signal);
  }
}

/** Basic would show the password to everyone on the way; over TLS it may. */
function withoutOpenPassword({ scheme }: DeviceUrl, challenges: readonly string[]): readonly string[] {
  return scheme === 'https' ? challenges : challenges.filter((one) => !/^\s*basic\b/i.test(one));
}

/** Null where the answer holds no message at all. */
function readBody({ status, text }: PostAnswer): XmlElement | null {
  if (status === 200) {
    const body = bodyOf(parseXml(text));
    if (!body) throw new IngestFault('not-onvif', 'What answers there does not speak ONVIF: its message is empty.');
    return body;
  }
  try {
    return bodyOf(parseXml(text)) ?? null;
  } catch {
    return null;
  }
}

function bareFault({ status }: PostAnswer): SoapFault {
  if (status === 401 || status === 403) return { kind: 'not-authorized', text: String(status) };
  throw new IngestFault('not-onvif', `No ONVIF device answers there (HTTP status ${status}); check port and path.`);
}

function refusedCredentials(code: 'credentials-needed' | 'credentials-wrong'): IngestFault {
  return code === 'credentials-needed'
    ? new IngestFault(code, 'The camera asks for a user and password of its ONVIF interface.')
    : new IngestFault(
        code,
        'The camera refuses this user and password. Some cameras keep ONVIF users apart from their others, or have ONVIF switched off: look in its settings.',
      );
}

const toRefusal = ({ name }: SoapRequest, fault: SoapFault | null): IngestFault =>
  new IngestFault(
    'camera-refused',
    `The camera refused ${name}: ${maskCredentials(fault?.text ?? 'no reason given')}.`,
  );
