/* Owners: added by the operator, who hands them their key; later they join by an invite link. */
import { buildId, ID_RANDOM_BYTES } from '@sallyport/protocol/ids';
import type { Owner, OwnerInput } from '@sallyport/protocol/owner';
import type { Actor } from './actor.ts';
import type { ApiKeyDesk } from './api-key-desk.ts';
import { done, type Outcome } from './outcome.ts';
import type { Clock } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { OwnerStore } from './ports/store.ts';

export type OwnersDeps = {
  readonly store: OwnerStore;
  readonly keys: ApiKeyDesk;
  readonly clock: Clock;
  readonly randomness: Randomness;
};

export class Owners {
  readonly #deps: OwnersDeps;

  constructor(deps: OwnersDeps) {
    this.#deps = deps;
  }

  /** Adds an owner with a key of their own; the key's text is in this answer and nowhere else. */
  async add(input: OwnerInput, actor: Actor): Promise<Outcome<Owner & { readonly apiKey: string }>> {
    const { store, keys, clock, randomness } = this.#deps;
    const owner: Owner = {
      id: buildId('own', randomness.bytes(ID_RANDOM_BYTES)),
      ...input,
      createdAtMs: clock.nowMs(),
    };
    const draft = { type: 'admin.changed', what: 'owner-added', keyId: actor.id } as const;
    await store.addOwner(owner, { draft, opening: { ownerId: owner.id, name: owner.name } });
    const key = await keys.create({ role: 'owner', label: owner.name, agency: null, ownerId: owner.id }, actor.id);
    return done({ ...owner, apiKey: key.text });
  }
}
