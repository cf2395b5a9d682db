/*
 * One publisher's stay at its camera, from the reserved place to the recorded end. Holds the order of things: the
 * connection is made (nobody can use it yet), its start is durable, then its answer may go out; closed, then the end is
 * durable, then the publisher is told. Ending has one way and cannot fail. Made by publisher-registry.ts.
 */
import { limits } from '@sallyport/protocol/limits';
import type { PublisherEndReason } from '@sallyport/protocol/reasons';
import type { PublisherEvent } from '@sallyport/protocol/session-events';
import type { Clock, Timer } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { PublisherConnection, PublisherMaker } from './ports/publisher.ts';
import type { EntryAppender } from './ports/store.ts';
import type { Publisher } from './publisher-evidence.ts';
import { SessionEvents } from './session-events.ts';

export type PublicationDeps = {
  readonly store: EntryAppender;
  readonly maker: PublisherMaker;
  readonly clock: Clock;
  readonly log: Log;
};

export type PublicationEvents = {
  /** It takes nothing any more. */
  readonly ending: (publication: Publication) => void;
  /** All of it is closed and on record; its place is free. */
  readonly ended: (publication: Publication) => void;
};

type Ending = { readonly reason: PublisherEndReason; readonly done: Promise<void> };

export class Publication {
  readonly publisher: Publisher;
  readonly events = new SessionEvents<PublisherEvent>();
  readonly #deps: PublicationDeps;
  readonly #signals: PublicationEvents;
  #connection: PublisherConnection | null = null;
  #opening: Promise<unknown> = Promise.resolve();
  #ending: Ending | null = null;
  #sinceMs: number | null = null;
  #connecting: Timer | null = null;
  readonly #end = Promise.withResolvers<PublisherEndReason>();

  constructor(publisher: Publisher, deps: PublicationDeps, signals: PublicationEvents) {
    this.publisher = publisher;
    this.#deps = deps;
    this.#signals = signals;
  }

  /** The connection while it stands and its start is on record. */
  get connection(): PublisherConnection | null {
    return this.#ending === null && this.#sinceMs !== null ? this.#connection : null;
  }

  get sinceMs(): number | null {
    return this.#ending === null ? this.#sinceMs : null;
  }

  /** True from the moment ending was asked for. */
  get ending(): boolean {
    return this.#ending !== null;
  }

  /** Resolves after everything, when the publisher is to be told. */
  get ended(): Promise<PublisherEndReason> {
    return this.#end.promise;
  }

  /** Makes the connection and records it. Null when it ended meanwhile; rejects when it cannot be, and leaves nothing. */
  open(offer: string, opening: { readonly remoteAddress: string }): Promise<PublisherConnection | null> {
    // Its end has not waited for this, and would leave it open.
    if (this.ending) return Promise.resolve(null);
    const step = this.#open(offer, opening);
    this.#opening = step.catch(() => undefined);
    return step;
  }

  /** Never rejects; the first reason stands. Resolves when the end is on record. */
  end(reason: PublisherEndReason): Promise<void> {
    if (this.#ending === null) {
      const done = Promise.withResolvers<void>();
      this.#ending = { reason, done: done.promise };
      void this.#close(reason).then(done.resolve);
      this.#signals.ending(this);
    }
    return this.#ending.done;
  }

  async #open(offer: string, opening: { readonly remoteAddress: string }): Promise<PublisherConnection | null> {
    const { store, maker, clock } = this.#deps;
    const { cameraId, scheme, keyId } = this.publisher;
    const connection = await maker.openPublisher(cameraId, offer);
    this.#connection = connection;
    if (this.ending) return null;
    const nowMs = clock.nowMs();
    await store.append({ draft: { type: 'publisher.connected', cameraId, scheme, keyId }, opening }, nowMs);
    this.#sinceMs = nowMs;
    if (this.ending) return null;
    this.#connecting = clock.after(limits.connectWithinMs, () => void this.end('connection-lost'));
    connection.onConnected(() => this.#connecting?.cancel());
    connection.onLost((why) => void this.end(why));
    return connection;
  }

  async #close(reason: PublisherEndReason): Promise<void> {
    const { store, clock, log } = this.#deps;
    const { cameraId } = this.publisher;
    this.#connecting?.cancel();
    await this.#connection?.close();
    await this.#opening;
    await this.#connection?.close();
    if (this.#sinceMs !== null) {
      const draft = { type: 'publisher.disconnected', cameraId, reason } as const;
      await store.append({ draft, opening: null }, clock.nowMs()).catch((failure) => {
        log.error({ cameraId, reason, failure: String(failure) }, 'the end of a publisher is not on record');
      });
      log.info({ cameraId, reason }, 'publisher disconnected');
    }
    this.#signals.ended(this);
    this.#end.resolve(reason);
  }
}
