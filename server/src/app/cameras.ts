/*
 * Cameras: enrolled by operator or vendor within the charter's caps, shown to whom they concern, changed, withdrawn.
 * The feed's URL is checked and probed before anything is stored, sealed at once, and only ever shown masked.
 */
import type { CameraInput, CameraPatch, CameraView, DeviceInput } from '@sallyport/protocol/camera';
import type { CameraHealth } from '@sallyport/protocol/camera-health';
import type { DeviceView } from '@sallyport/protocol/camera-offer';
import { buildId, type CameraId, ID_RANDOM_BYTES } from '@sallyport/protocol/ids';
import { limits } from '@sallyport/protocol/limits';
import type { Actor } from './actor.ts';
import { mayChange, mayKnow } from './camera-access.ts';
import { sealAddress, unsealAddress } from './camera-address.ts';
import { toCameraHealth } from './camera-health.ts';
import type { CameraSurvey } from './camera-survey.ts';
import type { FeedPool } from './feed-pool.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';
import { done, type Outcome, refuse } from './outcome.ts';
import type { CameraSecrets } from './ports/camera-secrets.ts';
import type { Clock } from './ports/clock.ts';
import type { Randomness } from './ports/randomness.ts';
import type { CameraStore, CharterStore, OwnerStore, StoredCamera } from './ports/store.ts';
import type { PublisherRegistry } from './publisher-registry.ts';

export type CamerasDeps = {
  readonly store: CameraStore & CharterStore & OwnerStore;
  readonly survey: CameraSurvey;
  readonly secrets: CameraSecrets;
  readonly feeds: FeedPool;
  readonly keeper: GateKeeper;
  readonly publishers: Pick<PublisherRegistry, 'cut' | 'sinceMs'>;
  readonly clock: Clock;
  readonly randomness: Randomness;
};

const unknown = refuse('not-found', 'There is no such camera, or this key may not know it.');

export class Cameras {
  readonly #deps: CamerasDeps;

  constructor(deps: CamerasDeps) {
    this.#deps = deps;
  }

  async enrol(input: CameraInput, actor: Actor): Promise<Outcome<CameraView>> {
    const { store, survey, secrets, clock, randomness } = this.#deps;
    const charter = await store.readCharter();
    if (charter === null)
      return refuse('conflict', 'Set a charter first (PUT /v1/charter): it says how many cameras there may be.');
    if ((await store.readOwner(input.ownerId)) === null)
      return refuse('conflict', 'There is no such owner; add them first (POST /v1/owners).');
    const id = buildId('cam', randomness.bytes(ID_RANDOM_BYTES));
    const { rtspUrl, onvif, certificateSha256, rtspTransport, publish, ...shown } = input;
    const where = { rtspUrl, onvif, certificateSha256, rtspTransport };
    const surveyed = publish === undefined ? await survey.survey(id, where) : null;
    if (surveyed?.ok === false) return surveyed;
    const nowMs = clock.nowMs();
    const camera: StoredCamera = {
      ...shown,
      id,
      state: 'enrolled',
      enrolledAtMs: nowMs,
      sealedUrl: surveyed && sealAddress(secrets, surveyed.value.address),
      enrolledBy: actor.id,
    };
    const cap = input.ownership === 'city' ? charter.cityCamerasMax : charter.privateCamerasMax;
    const draft = { type: 'camera.enrolled', cameraId: id, ownership: input.ownership } as const;
    const opening = { name: input.name, ownerId: input.ownerId, ...input.place };
    const added = await store.addCamera(camera, cap, { draft, opening });
    if (added === 'cap-reached')
      return refuse('cap-reached', `The charter allows ${cap} ${input.ownership} cameras and they are all enrolled.`);
    const view = this.#show(camera, actor);
    return done(surveyed === null ? view : { ...view, offer: surveyed.value.offer });
  }

  /** The streams of an ONVIF device, for whoever is about to enrol it. */
  discover(input: DeviceInput): Promise<Outcome<DeviceView>> {
    return this.#deps.survey.discover(input);
  }

  async list(actor: Actor): Promise<Outcome<{ readonly items: readonly CameraView[] }>> {
    const filter = {
      ownerId: actor.role === 'owner' ? actor.ownerId : null,
      enrolledBy: actor.role === 'vendor' ? actor.id : null,
      ownership: null,
      limit: limits.pageSizeMax,
    };
    const cameras = await this.#deps.store.listCameras(filter);
    return done({ items: cameras.filter((one) => mayKnow(one, actor)).map((one) => this.#show(one, actor)) });
  }

  async read(id: CameraId, actor: Actor): Promise<Outcome<CameraView>> {
    const camera = await this.#known(id, actor);
    return camera ? done(this.#show(camera, actor)) : unknown;
  }

  /** How the camera's pull is doing now, and what to change. Asks the camera nothing. */
  async health(id: CameraId, actor: Actor): Promise<Outcome<CameraHealth>> {
    const camera = await this.#known(id, actor);
    if (!camera) return unknown;
    return done(toCameraHealth(this.#deps.feeds.status(id), this.#sourceOf(camera)));
  }

  #sourceOf({ id, sealedUrl }: StoredCamera): CameraHealth['source'] {
    if (sealedUrl === null) return 'whip';
    const address = unsealAddress(this.#deps.secrets, id, sealedUrl);
    return address && (address.keyFrames ? 'onvif' : 'rtsp');
  }

  async change(id: CameraId, patch: CameraPatch, actor: Actor): Promise<Outcome<CameraView>> {
    const { store, survey, secrets, feeds, keeper } = this.#deps;
    const camera = await this.#known(id, actor);
    if (camera === null) return unknown;
    const { name, place, ...source } = patch;
    const isMoved = source.rtspUrl !== undefined || source.onvif !== undefined;
    if (isMoved && camera.sealedUrl === null)
      return refuse('conflict', 'This camera is published to the server and has no address; enrol one to be pulled.');
    const surveyed = isMoved ? await survey.survey(id, source) : null;
    if (surveyed?.ok === false) return surveyed;
    const address = surveyed?.value.address ?? null;
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(place === undefined ? {} : { place }),
      ...(address === null ? {} : { sealedUrl: sealAddress(secrets, address) }),
    };
    const draft = { type: 'admin.changed', what: 'camera', keyId: actor.id } as const;
    const opening = { cameraId: id, changed: Object.keys(patch).sort().join(' ') };
    const changed = await store.changeCamera(id, change, { draft, opening });
    if (changed === 'unknown') return unknown;
    await keeper.settle({ cameraId: id });
    if (address !== null) await feeds.refresh(id);
    const shown = this.#show(changed.value, actor);
    return done(surveyed === null ? shown : { ...shown, offer: surveyed.value.offer });
  }

  /** Takes the camera out for good; whoever watches or feeds it is cut before this resolves. */
  async withdraw(id: CameraId, actor: Actor): Promise<Outcome<CameraView>> {
    const { store, keeper, publishers, clock } = this.#deps;
    if ((await this.#known(id, actor)) === null) return unknown;
    const draft = { type: 'camera.withdrawn', cameraId: id } as const;
    const withdrawn = await store.withdrawCamera(id, clock.nowMs(), { draft, opening: { by: actor.id } });
    if (withdrawn === 'unknown') return unknown;
    await Promise.all([keeper.settle({ cameraId: id }), publishers.cut(id, 'camera-withdrawn')]);
    return done(this.#show(withdrawn.value, actor));
  }

  async #known(id: CameraId, actor: Actor): Promise<StoredCamera | null> {
    const camera = await this.#deps.store.readCamera(id);
    return camera !== null && mayKnow(camera, actor) ? camera : null;
  }

  #show(camera: StoredCamera, actor: Actor): CameraView {
    const { secrets, feeds, publishers } = this.#deps;
    const { sealedUrl, enrolledBy: _, ...shown } = camera;
    const source = feeds.status(camera.id)?.state ?? { name: 'idle' };
    const isPublished = sealedUrl === null;
    const sinceMs = publishers.sinceMs(camera.id);
    const address = isPublished || !mayChange(camera, actor) ? null : unsealAddress(secrets, camera.id, sealedUrl);
    return {
      ...shown,
      source: {
        kind: isPublished ? 'published' : 'pulled',
        state: source.name,
        reason: 'reason' in source ? source.reason : null,
      },
      publisher: isPublished ? { connected: sinceMs !== null, sinceMs } : null,
      ...(address === null ? {} : { rtspUrl: secrets.mask(address.url) }),
    };
  }
}
