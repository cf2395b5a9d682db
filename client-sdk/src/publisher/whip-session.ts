/*
 * One WHIP session over HTTP (RFC 9725), with a possession proof (RFC 9449) on its first request: post, restart, end.
 * Knows no media; a publish connection uses it. Every failure is a PublishFault.
 */
import { browserClock } from '../client-clock.ts';
import { clientLimits } from '../client-limits.ts';
import { buildProof } from '../possession-proof.ts';
import type { ViewerKey } from '../viewer-key.ts';
import { codeToReason, PublishFault } from './publish-refusal.ts';
import { type IceCredentials, readCredentials } from './sdp-fragment.ts';
import { readWhipLinks, type WhipLinks } from './whip-link.ts';

export type WhipPlace = {
  /** `/v1/whip/{cameraId}` of the server, absolute; also the `htu` of the proof. */
  readonly endpoint: string;
  readonly key: ViewerKey;
  readonly token: string;
};

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(clientLimits.httpWithinMs), cache: 'no-store' });
  } catch (cause) {
    throw new PublishFault('server-unreachable', 0, { cause });
  }
}

/** Reads a refusal (RFC 9457); what comes from something in between may have no body that says more. */
async function toFault(response: Response): Promise<PublishFault & { readonly code: unknown }> {
  const problem: unknown = await response.json().catch(() => null);
  const code = typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : null;
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1_000, clientLimits.backOffMostMs) : 0;
  return Object.assign(new PublishFault(codeToReason(code, response.status), retryAfterMs), { code });
}

export class WhipSession {
  readonly answerSdp: string;
  readonly links: WhipLinks;
  readonly #url: string;
  #tag: string;

  private constructor(response: Response, answerSdp: string) {
    this.answerSdp = answerSdp;
    this.#url = new URL(response.headers.get('location') ?? '', response.url).href;
    this.#tag = response.headers.get('etag') ?? '*';
    this.links = readWhipLinks(response.headers.get('link'), response.url);
  }

  /** Offers; answers once the server has taken it. A nonce is fetched first, and once more when it was replaced. */
  static async open(place: WhipPlace, offerSdp: string): Promise<WhipSession> {
    const greeted = await send(place.endpoint, { method: 'HEAD' });
    let nonce = greeted.headers.get('dpop-nonce') ?? '';
    for (let triesLeft = 2; ; triesLeft -= 1) {
      const response = await WhipSession.#post(place, offerSdp, nonce);
      if (response.status === 201) return new WhipSession(response, await response.text());
      const fault = await toFault(response);
      if (fault.code !== 'use-nonce' || triesLeft <= 1) throw fault;
      nonce = response.headers.get('dpop-nonce') ?? '';
    }
  }

  static async #post({ endpoint, key, token }: WhipPlace, body: string, nonce: string): Promise<Response> {
    const wallMs = browserClock.wallMs();
    const proof = await buildProof({ key, token, htm: 'POST', htu: endpoint, nonce, wallMs });
    const headers = { 'content-type': SDP, authorization: `DPoP ${token}`, dpop: proof };
    return send(endpoint, { method: 'POST', headers, body });
  }

  /** Restarts ICE with a fragment of the new offer; answers the server's credentials. */
  async restart(fragment: string): Promise<IceCredentials> {
    const headers = { 'content-type': FRAGMENT, 'if-match': this.#tag };
    const response = await send(this.#url, { method: 'PATCH', headers, body: fragment });
    if (response.status !== 200) throw await toFault(response);
    const ice = readCredentials(await response.text());
    if (ice === null) throw new PublishFault('not-understood');
    this.#tag = response.headers.get('etag') ?? '*';
    return ice;
  }

  /** Ends it, also from a page that is going. Never rejects: a session nobody ends is ended by its silence. */
  async end(): Promise<void> {
    await fetch(this.#url, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  }
}
