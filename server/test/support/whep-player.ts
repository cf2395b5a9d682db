/*
 * A standard player as a test drives it: WHEP by fetch alone, with proofs made outside of the server.
 */
import { makeProof, makeViewerKey, type ViewerKey } from './possession.ts';

export type Reply = { readonly status: number; readonly headers: Headers; readonly text: string };

/** What a request differs in from a player's that does everything right. */
export type Change = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly htu?: string;
  readonly key?: ViewerKey;
};

export async function ask(
  url: string,
  method: string,
  change: { headers?: object; body?: string } = {},
): Promise<Reply> {
  const headers = change.headers as Record<string, string> | undefined;
  const answer = await fetch(url, {
    method,
    ...(headers === undefined ? {} : { headers }),
    ...(change.body === undefined ? {} : { body: change.body }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

export class WhepPlayer {
  readonly key: ViewerKey;
  readonly #url: string;

  private constructor(url: string, key: ViewerKey) {
    this.#url = url;
    this.key = key;
  }

  static async make(url: string): Promise<WhepPlayer> {
    return new WhepPlayer(url, await makeViewerKey());
  }

  endpoint(cameraId: string): string {
    return `${this.#url}/v1/whep/${cameraId}`;
  }

  /** Posts an offer with a proof of the nonce the endpoint gives out. */
  async post(cameraId: string, token: string, offer: string, change: Change = {}): Promise<Reply> {
    const endpoint = this.endpoint(cameraId);
    const { headers } = await ask(endpoint, 'HEAD');
    const nonce = headers.get('dpop-nonce') ?? '';
    const htu = change.htu ?? endpoint;
    const proof = await makeProof(change.key ?? this.key, {
      ...{ accessToken: token, htu, nonce, nowMs: Date.now(), htm: 'POST' },
    });
    const own = { 'content-type': 'application/sdp', authorization: `DPoP ${token}`, dpop: proof };
    return ask(`${endpoint}${change.query ?? ''}`, 'POST', { headers: { ...own, ...change.headers }, body: offer });
  }

  /** The URL of the session an answer names. */
  sessionUrl({ headers }: Reply): string {
    return new URL(headers.get('location') ?? '', this.#url).href;
  }
}
