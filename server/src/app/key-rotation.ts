/* Rotation of the key that signs consent tokens, by the operator; the ledger names the new key. */
import type { Actor } from './actor.ts';
import { done, type Outcome, refuse } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { EntryAppender } from './ports/store.ts';
import type { TokenKeys } from './ports/token-port.ts';

export type KeyRotationDeps = {
  readonly keys: Pick<TokenKeys, 'rotate'>;
  readonly store: EntryAppender;
  readonly clock: Clock;
};

export class KeyRotation {
  readonly #deps: KeyRotationDeps;

  constructor(deps: KeyRotationDeps) {
    this.#deps = deps;
  }

  /** Signs with a new key from now on. Tokens of the key before stay valid until they expire. */
  async rotate(actor: Actor): Promise<Outcome<{ readonly kid: string; readonly previousKid: string }>> {
    const { keys, store, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const outcome = await keys.rotate(nowMs);
    if (!outcome.rotated)
      return refuse('conflict', 'As many keys as the ring holds still have living tokens; try again in 15 minutes.');
    const { kid, previousKid } = outcome;
    const draft = { type: 'key.rotated', key: kid, purpose: 'consent-token' } as const;
    await store.append({ draft, opening: { by: actor.id, previousKid } }, nowMs);
    return done({ kid, previousKid });
  }
}
