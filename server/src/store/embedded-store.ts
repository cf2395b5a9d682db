/* What the embedded store offers beyond the port. Type only. */
import type { SessionId } from '@sallyport/protocol/ids';
import type { Store } from '../app/ports/store.ts';
import type { SessionProof } from './commands/ledger-commands.ts';

export interface EmbeddedStore extends Store {
  /** Sessions that a crash had left open and that this start ended. */
  readonly crashedSessions: number;
  /** Proofs of a session's start and end under the newest checkpoint; null for an unknown session. */
  proveSession(sessionId: SessionId): Promise<SessionProof | null>;
}
