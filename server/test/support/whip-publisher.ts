/*
 * A standard publisher as a test drives it: WHIP by fetch alone, with proofs made outside of the server, and the events
 * of its session read as a stream.
 */
import { makeProof, makeViewerKey, type ViewerKey } from './possession.ts';
import type { Townsfolk } from './town.ts';
import { ask, type Reply } from './whep-player.ts';

export type Heard = { readonly event: string; readonly data: Record<string, unknown> };

/** Enrols a camera that is published; answers its id. Without consent nobody can watch it. */
export async function enrolPublished(folk: Townsfolk, change: object = {}): Promise<string> {
  const { ownerId } = folk;
  const enrolment = { name: 'Phone', ownership: 'private', ownerId, place: { lat: 32.2992, lon: -90.1848 } };
  return String((await folk.operator.must('POST', '/v1/cameras', { ...enrolment, publish: true, ...change }))['id']);
}

/** The owner makes a publish key; answers its text and id. */
export async function makePublishKey(folk: Townsfolk, cameraId: string): Promise<{ id: string; text: string }> {
  const made = await folk.owner.must('POST', `/v1/cameras/${cameraId}/publish-keys`, { label: 'box' });
  return { id: String(made['id']), text: String(made['publishKey']) };
}

/** What a POST differs in from a publisher's that does everything right. */
export type WhipChange = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly htu?: string;
  readonly nonce?: string;
  readonly key?: ViewerKey;
};

export class WhipPublisher {
  readonly key: ViewerKey;
  readonly #url: string;

  private constructor(url: string, key: ViewerKey) {
    this.#url = url;
    this.key = key;
  }

  static async make(url: string): Promise<WhipPublisher> {
    return new WhipPublisher(url, await makeViewerKey());
  }

  endpoint(cameraId: string): string {
    return `${this.#url}/v1/whip/${cameraId}`;
  }

  /** The owner's token for this publisher's key. */
  async token(folk: Townsfolk, cameraId: string, change: object = {}): Promise<string> {
    const request = { jkt: this.key.jkt, ...change };
    return String((await folk.owner.must('POST', `/v1/cameras/${cameraId}/publish-tokens`, request))['token']);
  }

  /** Posts an offer with a token and a proof of the nonce the endpoint gives out. */
  async post(cameraId: string, token: string, offer: string, change: WhipChange = {}): Promise<Reply> {
    const endpoint = this.endpoint(cameraId);
    const { headers } = await ask(endpoint, 'HEAD');
    const nonce = change.nonce ?? headers.get('dpop-nonce') ?? '';
    const proof = await makeProof(change.key ?? this.key, {
      ...{ accessToken: token, htu: change.htu ?? endpoint, nonce, nowMs: Date.now(), htm: 'POST' },
    });
    const own = { 'content-type': 'application/sdp', authorization: `DPoP ${token}`, dpop: proof };
    return ask(endpoint, 'POST', { headers: { ...own, ...change.headers }, body: offer });
  }

  /** Posts an offer with a publish key, as an encoder does. */
  postWithKey(cameraId: string, publishKey: string, offer: string): Promise<Reply> {
    const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${publishKey}` };
    return ask(this.endpoint(cameraId), 'POST', { headers, body: offer });
  }

  sessionUrl({ headers }: Reply): string {
    return new URL(headers.get('location') ?? '', this.#url).href;
  }
}

/** Reads a session's events as they come. */
export class EventReader {
  readonly heard: Heard[] = [];
  /** Comments seen: the heart beat. */
  comments = 0;
  status = 0;
  contentType = '';
  isOver = false;
  readonly #abort = new AbortController();
  readonly #waiters = new Set<() => void>();

  /** Opens the stream; resolves when the headers are there. */
  static async open(sessionUrl: string): Promise<EventReader> {
    const reader = new EventReader();
    const answer = await fetch(`${sessionUrl}/events`, { signal: reader.#abort.signal });
    reader.status = answer.status;
    reader.contentType = answer.headers.get('content-type') ?? '';
    void reader.#read(answer.body);
    return reader;
  }

  /** Waits until what was heard fits; rejects after 20 s. */
  async until(fits: (heard: readonly Heard[]) => boolean): Promise<readonly Heard[]> {
    const late = AbortSignal.timeout(20_000);
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (fits(this.heard)) resolve();
      };
      this.#waiters.add(look);
      late.addEventListener('abort', () => reject(new Error(`heard only ${JSON.stringify(this.heard)}`)));
      look();
    });
    return this.heard;
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array> | null): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        const parts = text.split('\n\n');
        text = parts.pop() ?? '';
        for (const part of parts) this.#take(part);
      }
    } catch {
      // Aborted by the test, or cut by the server: either way it is over.
    }
    this.isOver = true;
    for (const look of this.#waiters) look();
  }

  #take(part: string): void {
    if (part.startsWith(':')) this.comments += 1;
    const event = /^event: (.+)$/m.exec(part)?.[1];
    const data = /^data: (.+)$/m.exec(part)?.[1];
    if (event !== undefined) this.heard.push({ event, data: JSON.parse(data ?? 'null') });
    for (const look of this.#waiters) look();
  }
}
