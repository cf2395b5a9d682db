/*
 * The charter: read by everybody, set by the operator. A new charter replaces the old one, and every gate is decided
 * again, since a token names the charter it was issued under.
 */
import { canonicalJson } from '@sallyport/protocol/canonical-json';
import type { Charter, CharterInput } from '@sallyport/protocol/charter';
import { buildId, ID_RANDOM_BYTES } from '@sallyport/protocol/ids';
import { sha256Hex } from '@sallyport/protocol/sha256';
import type { GateKeeper } from './gate/gate-keeper.ts';
import { done, type Outcome, refuse } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { CharterStore, EntryAppender } from './ports/store.ts';

export type ChartersDeps = {
  readonly store: CharterStore & EntryAppender;
  readonly keeper: GateKeeper;
  readonly clock: Clock;
  readonly randomness: Randomness;
};

export class Charters {
  readonly #deps: ChartersDeps;

  constructor(deps: ChartersDeps) {
    this.#deps = deps;
  }

  async read(): Promise<Outcome<Charter>> {
    const charter = await this.#deps.store.readCharter();
    return charter ? done(charter) : refuse('not-found', 'No charter has been set; nothing can be watched.');
  }

  /** Sets a new charter. Its cap does not remove cameras; it refuses the next one. */
  async put(input: CharterInput): Promise<Outcome<Charter>> {
    const { store, keeper, clock, randomness } = this.#deps;
    const nowMs = clock.nowMs();
    if (input.endsAtMs <= nowMs)
      return refuse('bad-request', 'endsAtMs is in the past; a charter must end later than now.');
    const id = buildId('chr', randomness.bytes(ID_RANDOM_BYTES));
    const charter: Charter = { ...input, id, hash: sha256Hex(canonicalJson(input)), setAtMs: nowMs };
    const { hash, startsAtMs, endsAtMs } = charter;
    const draft = { type: 'charter.set', charterId: id, hash, startsAtMs, endsAtMs } as const;
    await store.putCharter(charter, { draft, opening: { title: charter.title } });
    await keeper.settle('all');
    return done(charter);
  }
}
