/*
 * Standard publishers (WHIP): one session each, held by whoever knows its unguessable name. Judges the credential, asks
 * the registry for the camera's place, and puts every refusal on record. Called by the WHIP routes of the HTTP edge.
 */
import type { DenialCode } from '@sallyport/protocol/reasons';
import type { PublisherEvent } from '@sallyport/protocol/session-events';
import type { DenialRecorder } from './gate/denial-recorder.ts';
import type { Brought } from './gate/viewer-evidence.ts';
import { readIceCredentials } from './ice-credentials.ts';
import type { Clock } from './ports/clock.ts';
import type { PublisherMaker } from './ports/publisher.ts';
import type { Randomness } from './ports/randomness.ts';
import type { Publication } from './publication.ts';
import type { PublisherJudge } from './publisher-evidence.ts';
import type { Connected, PublisherRegistry } from './publisher-registry.ts';
import { type BookedSession, type Patched, SessionBook } from './session-book.ts';
import type { SessionEvents } from './session-events.ts';

export type WhipDeps = {
  readonly judge: PublisherJudge;
  readonly registry: PublisherRegistry;
  readonly offers: Pick<PublisherMaker, 'checkPublisherOffer'>;
  readonly denials: DenialRecorder;
  readonly clock: Clock;
  readonly randomness: Randomness;
};

export type Published =
  | { readonly how: 'answer'; readonly secret: string; readonly tag: string; readonly sdp: string }
  | { readonly how: 'bad-offer'; readonly fault: 'malformed' | 'unusable'; readonly detail: string }
  | { readonly how: 'denied'; readonly code: DenialCode; readonly freshNonce: string | null }
  /** Nothing is wrong with the request; it may come again. */
  | { readonly how: 'stopping' | 'overloaded' };

type Session = BookedSession<PublisherEvent> & { readonly publication: Publication };

/** What the registry found against a publisher, as the ledger says it; null where the fault is ours. */
const denials: Readonly<Record<Exclude<Connected['how'], 'connected'>, DenialCode | null>> = {
  'key-revoked': 'token-untrusted',
  'no-camera': 'camera-withdrawn',
  'not-published': 'camera-not-published',
  busy: 'publisher-busy',
  full: null,
  stopping: null,
  ended: null,
  failed: null,
};

export class WhipPublishers {
  readonly #deps: WhipDeps;
  readonly #book: SessionBook<PublisherEvent, Session>;

  constructor(deps: WhipDeps) {
    this.#deps = deps;
    this.#book = new SessionBook(deps.clock, deps.randomness);
  }

  /** Lets a publisher feed the camera; when it answers, the start is on record. */
  async publish(brought: Omit<Brought, 'playerOffer'>, sdp: string, remoteAddress: string): Promise<Published> {
    const { judge, offers, registry, clock } = this.#deps;
    const judged = await judge.judge(brought, clock.nowMs());
    if (!judged.ok) {
      const { code, tokenHash, freshNonce } = judged;
      if (freshNonce === null) await this.#record(brought, code, { remoteAddress, tokenHash });
      return { how: 'denied', code, freshNonce };
    }
    const checked = offers.checkPublisherOffer(sdp);
    if (!checked.ok) return { how: 'bad-offer', fault: checked.fault, detail: checked.refused };
    const connected = await registry.connect(judged.publisher, sdp, remoteAddress);
    if (connected.how === 'connected') return this.#bookSession(connected, sdp);
    const code = denials[connected.how];
    if (code === null) return { how: connected.how === 'stopping' ? 'stopping' : 'overloaded' };
    await this.#record(brought, code, { remoteAddress, keyId: judged.publisher.keyId });
    return { how: 'denied', code, freshNonce: null };
  }

  /** Hears an ICE fragment, as SessionBook says. */
  async patch(cameraId: string, secret: string, fragment: string, tag: string | null): Promise<Patched> {
    const publication = this.#book.find(cameraId, secret)?.publication;
    return this.#book.patch(cameraId, secret, fragment, tag, {
      recheck: async () => undefined,
      restart: async () => (await publication?.connection?.restartIce()) ?? null,
    });
  }

  /** Ends the session; resolves when it is closed and on record. `gone` when nobody knows it, or no longer. */
  async end(cameraId: string, secret: string): Promise<'ended' | 'gone'> {
    const session = this.#book.find(cameraId, secret);
    if (session === null) return 'gone';
    await session.publication.end('left');
    return 'ended';
  }

  has(cameraId: string, secret: string): boolean {
    return this.#book.has(cameraId, secret);
  }

  /** What there is to hear of the session, open or lately ended; null when nobody knows it. */
  events(cameraId: string, secret: string): SessionEvents<PublisherEvent> | null {
    return this.#book.find(cameraId, secret)?.events ?? null;
  }

  #bookSession({ publication, answer }: Extract<Connected, { how: 'connected' }>, sdp: string): Published {
    const secret = this.#book.drawSecret();
    const tag = this.#book.drawTag();
    const { cameraId } = publication.publisher;
    const { events } = publication;
    const ice = readIceCredentials(sdp);
    const session: Session = { cameraId, events, ice, tag, state: 'running', publication };
    this.#book.add(secret, session);
    void publication.ended.then((reason) => this.#book.end(secret, session, { type: 'cut', reason }));
    return { how: 'answer', secret, tag, sdp: answer };
  }

  #record({ cameraId }: Pick<Brought, 'cameraId'>, code: DenialCode, opening: Readonly<Record<string, string | null>>) {
    const note = { stage: 'publish', cameraId, incidentId: null, agency: null, code } as const;
    return this.#deps.denials.record(note, opening);
  }
}
