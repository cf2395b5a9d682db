/*
 * Routers that carry one camera's feed under a player's own payload types: the worker cannot rewrite them for a viewer.
 * Pipes feed them, one for the picture and one for the sound where a valve may carry it; a pipe ends in a router of ours
 * and reaches no viewer, only a valve does. Owned by feed.ts.
 */
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import { mediaLimits } from './limits.ts';
import { buildAudioCodec, buildVideoCodec } from './router-codecs.ts';
import type { PayloadTypes, PlayerSound } from './sdp-player-offer.ts';
import { acquireWithin } from './within.ts';

/** Where a valve consumes: a router and the producers in it. */
export type Tap = {
  readonly router: types.Router;
  readonly producerId: string;
  /** Null where no sound is to be had. */
  readonly audioProducerId: string | null;
};

/** A router of a feed beside its own, and the consumers in the feed's own that lead to it. */
export type Branch = { readonly router: types.Router; readonly pipeConsumerIds: ReadonlySet<string> };

type Making = (codecs: types.RouterRtpCodecCapability[]) => Promise<types.Router>;
type Options = {
  readonly clock: Clock;
  readonly router: types.Router;
  readonly producer: types.Producer;
  readonly make: Making;
};
type Standing = {
  readonly router: types.Router;
  readonly producerId: string;
  readonly pipeConsumerIds: Set<string>;
  /** By the id of the feed's producer of sound, which may be replaced: the producer here. */
  readonly sounds: Map<string, Promise<string>>;
};

export class PayloadRouters {
  readonly #options: Options;
  readonly #standing = new Map<string, Promise<Standing>>();
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * The tap with these payload types; null when there are as many as may be, or it cannot be had. `audio` is the feed's
   * producer of the sound for this valve; where it cannot be piped the tap has the picture alone. Does not reject.
   */
  async tap(video: PayloadTypes, sound: PlayerSound | null, audio: types.Producer | null): Promise<Tap | null> {
    const key = [video.h264, video.rtx ?? '-', sound === null ? '-' : `${sound.codec}:${sound.payloadType}`].join('/');
    let opening = this.#standing.get(key);
    if (opening === undefined) {
      if (this.#isClosed || this.#standing.size >= mediaLimits.payloadRoutersPerFeedMax) return null;
      opening = this.#open(key, buildPayloadCodecs(video, sound));
      this.#standing.set(key, opening);
      opening.catch(() => this.#standing.delete(key));
    }
    const standing = await opening.catch(() => null);
    if (standing === null) return null;
    const { router, producerId } = standing;
    const audioProducerId = sound === null || audio === null ? null : await this.#pipeSound(standing, audio);
    return { router, producerId, audioProducerId };
  }

  /** The branches that stand now, with the pipes that were being laid when this was asked. */
  async list(): Promise<readonly Branch[]> {
    const settled = await Promise.allSettled(this.#standing.values());
    const all = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.allSettled(all.flatMap(({ sounds }) => [...sounds.values()]));
    return all;
  }

  /** Closes every router; nothing is opened afterwards. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const standing of this.#standing.values()) {
      void standing.then(
        ({ router }) => router.close(),
        () => undefined,
      );
    }
  }

  async #open(key: string, codecs: types.RouterRtpCodecCapability[]): Promise<Standing> {
    const { clock, make, producer } = this.#options;
    const making = make(codecs);
    const router = await acquireWithin(clock, mediaLimits.requestMs, 'making a router', making, (late) => late.close());
    router.observer.on('close', () => this.#standing.delete(key));
    const pipeConsumerIds = new Set<string>();
    try {
      const { id } = await this.#pipe(producer, router, pipeConsumerIds);
      return { router, producerId: id, pipeConsumerIds, sounds: new Map() };
    } catch (error) {
      router.close();
      throw error;
    }
  }

  /** Null when it cannot be laid. */
  async #pipeSound({ router, sounds, pipeConsumerIds }: Standing, audio: types.Producer): Promise<string | null> {
    let laying = sounds.get(audio.id);
    if (laying === undefined) {
      const forget = () => sounds.delete(audio.id);
      laying = this.#pipe(audio, router, pipeConsumerIds).then((end) => {
        end.observer.on('close', forget);
        return end.id;
      });
      laying.catch(forget);
      sounds.set(audio.id, laying);
    }
    return laying.catch(() => null);
  }

  /** Leads one producer of the feed into `router`; answers its end there. */
  async #pipe(producer: types.Producer, router: types.Router, pipeConsumerIds: Set<string>): Promise<types.Producer> {
    const { clock, router: from } = this.#options;
    const piping = from.pipeToRouter({
      producerId: producer.id,
      router,
      // Both routers are of one worker, where an id can stand but once.
      keepId: false,
      listenInfo: { protocol: 'udp', ip: '127.0.0.1', recvBufferSize: mediaLimits.sinkReceiveBytes },
    });
    const pipe = await acquireWithin(clock, mediaLimits.requestMs, 'piping a feed', piping, () => undefined);
    const { pipeConsumer, pipeProducer } = pipe;
    if (pipeConsumer === undefined || pipeProducer === undefined) throw new Error('the pipe has no ends');
    pipeConsumerIds.add(pipeConsumer.id);
    pipeConsumer.observer.on('close', () => pipeConsumerIds.delete(pipeConsumer.id));
    return pipeProducer;
  }
}

/** The order in which mediasoup gives out payload types that nobody asked for, RTX among them. */
const automaticPool = [...Array.from({ length: 28 }, (_, at) => 100 + at), 96, 97, 98, 99];

/** Our codecs at the numbers that are wanted; codecs nobody uses push RTX to its number. */
export function buildPayloadCodecs(
  { h264, rtx }: PayloadTypes,
  sound: PlayerSound | null = null,
): types.RouterRtpCodecCapability[] {
  const taken = [h264, sound?.payloadType];
  const before = rtx === null ? [] : automaticPool.slice(0, automaticPool.indexOf(rtx));
  const fillers = before
    .filter((one) => !taken.includes(one))
    .map((preferredPayloadType) => ({
      kind: 'audio' as const,
      mimeType: 'audio/CN' as const,
      clockRate: 8_000,
      preferredPayloadType,
    }));
  const audio = sound === null ? [] : [buildAudioCodec(sound.codec, sound.payloadType)];
  return [...fillers, ...audio, buildVideoCodec(h264)];
}
