/*
 * Consent: the owner gives, pauses, resumes and withdraws; nobody else can, whatever their role. Each stop resolves only
 * after every valve it concerns has answered.
 */
import { canonicalJson } from '@sallyport/protocol/canonical-json';
import type { ConsentInput, ConsentRecord, StopOutcome } from '@sallyport/protocol/consent-record';
import { buildId, type CameraId, type ConsentId, ID_RANDOM_BYTES } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import { sha256Hex } from '@sallyport/protocol/sha256';
import type { Actor } from './actor.ts';
import { buildReceipt, type ConsentReceipt } from './consent-receipt.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';
import { done, type Outcome, refuse } from './outcome.ts';
import type { Clock, MonotonicMs } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { CameraStore, CharterStore, ConsentStore, LedgerReader, StoredCamera } from './ports/store.ts';
import type { Telemetry } from './ports/telemetry.ts';

export type ConsentsDeps = {
  readonly store: ConsentStore & CameraStore & CharterStore & LedgerReader;
  readonly keeper: GateKeeper;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly telemetry: Telemetry;
  readonly publicUrl: string;
};

export type ConsentGiven = { readonly record: ConsentRecord; readonly receipt: ConsentReceipt };

const unknown = refuse('not-found', 'There is no such camera or consent among yours.');
const inForce = ['given', 'renewed'] as const;

export class Consents {
  readonly #deps: ConsentsDeps;

  constructor(deps: ConsentsDeps) {
    this.#deps = deps;
  }

  /** The owner signs. Answers the record and its receipt, with the ledger's proof in it. */
  async give(cameraId: CameraId, input: ConsentInput, actor: Actor): Promise<Outcome<ConsentGiven>> {
    const { store, keeper, clock, randomness } = this.#deps;
    const camera = await this.#own(cameraId, actor);
    if (camera === null) return unknown;
    if (camera.state !== 'enrolled') return refuse('conflict', 'This camera has been withdrawn; enrol it again first.');
    const nowMs = clock.nowMs();
    const charter = await store.readCharter();
    if (charter === null) return refuse('conflict', 'There is no charter yet that a consent could be given under.');
    const asked = input.validUntilMs ?? nowMs + limits.consentValidityMsDefault;
    if (asked <= nowMs) return refuse('bad-request', 'validUntilMs is in the past.');
    const validUntilMs = Math.min(asked, charter.endsAtMs, nowMs + limits.consentValidityMsMax);
    if (validUntilMs <= nowMs) return refuse('conflict', 'The charter has ended; there is nothing to consent to.');
    const id = buildId('con', randomness.bytes(ID_RANDOM_BYTES));
    const terms = { ...input, id, cameraId, ownerId: camera.ownerId, givenAtMs: nowMs, validUntilMs };
    const hash = sha256Hex(canonicalJson(terms));
    const record: ConsentRecord = { ...terms, state: 'given', hash };
    const draft = { type: 'consent.given', cameraId, consentId: id, hash, validUntilMs, mode: input.mode } as const;
    const { index } = await store.addConsent(record, { draft, opening: { ownerId: camera.ownerId } });
    await keeper.settle({ cameraId });
    const proof = await store.proof(index);
    return done({
      record,
      receipt: buildReceipt(record, { proof, createdAtMs: nowMs, publicUrl: this.#deps.publicUrl }),
    });
  }

  async readNewest(cameraId: CameraId, actor: Actor): Promise<Outcome<{ readonly items: readonly ConsentRecord[] }>> {
    if ((await this.#own(cameraId, actor)) === null) return unknown;
    const consent = await this.#deps.store.readNewestConsent(cameraId);
    return done({ items: consent === null ? [] : [consent] });
  }

  /** For good: to share again the owner signs anew. */
  async withdraw(id: ConsentId, actor: Actor, askedAt: MonotonicMs): Promise<Outcome<StopOutcome>> {
    const { store, clock } = this.#deps;
    const consent = await store.readConsent(id);
    if (consent === null || consent.ownerId !== actor.ownerId) return unknown;
    const draft = { type: 'consent.withdrawn', cameraId: consent.cameraId, consentId: id } as const;
    const entry = { draft, opening: { by: actor.id } };
    const moved = await store.moveConsent(id, [...inForce, 'paused'], 'withdrawn', clock.nowMs(), entry);
    if (moved === 'unknown') return unknown;
    if ('refused' in moved && moved.refused.state !== 'withdrawn')
      return refuse('conflict', `This consent is ${moved.refused.state}; there is nothing to withdraw.`);
    return done(await this.#stop(consent.cameraId, askedAt));
  }

  /** Pauses or resumes the camera's newest consent. Repeating either changes nothing. */
  async setSharing(
    cameraId: CameraId,
    wish: 'paused' | 'shared',
    actor: Actor,
    askedAt: MonotonicMs,
  ): Promise<Outcome<StopOutcome & { readonly paused: boolean }>> {
    const { store, clock } = this.#deps;
    if ((await this.#own(cameraId, actor)) === null) return unknown;
    const consent = await store.readNewestConsent(cameraId);
    if (consent === null) return refuse('conflict', 'No consent has been given for this camera.');
    const paused = wish === 'paused';
    const target = { cameraId, consentId: consent.id };
    const draft = { type: paused ? 'consent.paused' : 'consent.resumed', ...target } as const;
    const from = paused ? inForce : (['paused'] as const);
    const entry = { draft, opening: { by: actor.id } };
    const moved = await store.moveConsent(consent.id, from, paused ? 'paused' : 'given', clock.nowMs(), entry);
    if (moved === 'unknown') return unknown;
    if ('refused' in moved && !isAlready(moved.refused.state, wish))
      return refuse('conflict', `The consent is ${moved.refused.state}; sign a new one to share this camera again.`);
    return done({ paused, ...(await this.#stop(cameraId, askedAt)) });
  }

  async #stop(cameraId: CameraId, askedAt: MonotonicMs): Promise<StopOutcome> {
    const { sessionsEnded, lastDarkAt } = await this.#deps.keeper.settle({ cameraId });
    const darkMs = lastDarkAt === null ? 0 : Math.max(0, Math.round((lastDarkAt - askedAt) * 10) / 10);
    if (lastDarkAt !== null) this.#deps.telemetry.darkTook(darkMs);
    return { sessionsEnded, darkMs };
  }

  async #own(cameraId: CameraId, actor: Actor): Promise<StoredCamera | null> {
    const camera = await this.#deps.store.readCamera(cameraId);
    return camera !== null && actor.ownerId !== null && camera.ownerId === actor.ownerId ? camera : null;
  }
}

const isAlready = (state: ConsentRecord['state'], wish: 'paused' | 'shared'): boolean =>
  wish === 'paused' ? state === 'paused' : state === 'given' || state === 'renewed';
