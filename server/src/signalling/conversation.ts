/*
 * What is said on one control connection, apart from the socket it is said over: hears messages, has their rows
 * answered, and ends every session of the connection with it. Used by a connection; never throws into it.
 */
import type { ClientMessage } from '@sallyport/protocol/client-message';
import type { SessionId } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { ServerMessage } from '@sallyport/protocol/server-message';
import type { Clock } from '../app/ports/clock.ts';
import type { Log } from '../app/ports/log.ts';
import type { SignallingBounds } from './bounds.ts';
import { FeedList } from './feed-list.ts';
import { type Row, rows, type SignalTelemetry, type Talk, type ViewerKeeper } from './requests.ts';
import { buildError } from './wire-error.ts';

export type ConversationDeps = {
  readonly keeper: ViewerKeeper;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry: SignalTelemetry;
  /** The URL every proof on this connection must name. */
  readonly htu: string;
  readonly bounds: SignallingBounds;
};

export class Conversation {
  readonly #deps: ConversationDeps;
  readonly #talk: Talk;
  readonly #feeds = new FeedList(limits.feedsPerConnectionMax);
  #inFlight = 0;
  #ended: Promise<void> | null = null;

  /** `say` MUST NOT throw; it is not called any more after `end()`. */
  constructor(deps: ConversationDeps, remoteAddress: string, say: (message: ServerMessage) => void) {
    this.#deps = deps;
    const { keeper, clock, telemetry, htu } = deps;
    this.#talk = {
      keeper,
      clock,
      telemetry,
      htu,
      remoteAddress,
      feeds: this.#feeds,
      say: (message) => {
        if (this.#ended === null) say(message);
      },
      isOver: () => this.#ended !== null,
    };
  }

  /** Answers one message; resolves when its answer has been said. Never rejects; says nothing after `end()`. */
  async hear(message: ClientMessage): Promise<void> {
    if (this.#ended !== null) return;
    const about = {
      id: 'id' in message ? message.id : null,
      sessionId: 'sessionId' in message ? message.sessionId : null,
    };
    // A leave is always heard: it closes, and each session can be left but once.
    if (message.type !== 'leave' && this.#inFlight >= this.#deps.bounds.requestsInFlightMax) {
      this.#talk.say(buildError('rate-limited', about));
      return;
    }
    this.#inFlight += 1;
    try {
      // The table gives every type the row for exactly its message; the compiler cannot follow that through the index.
      await (rows[message.type] as Row<ClientMessage['type']>)(this.#talk, message);
    } catch (failure) {
      this.#deps.log.error({ type: message.type, failure: String(failure) }, 'a message could not be answered');
      this.#talk.say(buildError('fault', about));
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** The connection is gone: all its sessions end with `connection-lost`, joins in flight when they arrive. Idempotent. */
  end(): Promise<void> {
    if (this.#ended === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ended = promise;
      void Promise.all(this.#feeds.takeSessions().map((sessionId) => this.#leave(sessionId))).then(() => resolve());
    }
    return this.#ended;
  }

  async #leave(sessionId: SessionId): Promise<void> {
    try {
      await this.#deps.keeper.leave(sessionId, 'connection-lost');
    } catch (failure) {
      this.#deps.log.error({ sessionId, failure: String(failure) }, 'a session could not be left');
    }
  }
}
