/*
 * Routers that carry one camera's feed under a player's own payload types: the worker cannot rewrite them for a viewer.
 * Pipes feed them; a pipe ends in a router of ours and reaches no viewer, only a valve does. Owned by feed.ts.
 */
import type { types } from 'mediasoup';
import type { Clock } from '../app/ports/clock.ts';
import { mediaLimits } from './limits.ts';
import { routerCodecs } from './router-codecs.ts';
import type { PayloadTypes } from './sdp-player-offer.ts';
import { acquireWithin } from './within.ts';

/** Where a valve consumes: a router and the producer in it. `pipeConsumerId` is null for the feed's own router. */
export type Tap = {
  readonly router: types.Router;
  readonly producerId: string;
  readonly pipeConsumerId: string | null;
};

type Making = (codecs: types.RouterRtpCodecCapability[]) => Promise<types.Router>;
type Options = {
  readonly clock: Clock;
  readonly router: types.Router;
  readonly producer: types.Producer;
  readonly make: Making;
};

export class PayloadRouters {
  readonly #options: Options;
  readonly #taps = new Map<string, Promise<Tap>>();
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The tap with these payload types; null when there are as many as may be, or it cannot be had. Does not reject. */
  async tap({ h264, rtx }: PayloadTypes): Promise<Tap | null> {
    const key = `${h264}/${rtx ?? '-'}`;
    let tap = this.#taps.get(key);
    if (tap === undefined) {
      if (this.#isClosed || this.#taps.size >= mediaLimits.payloadRoutersPerFeedMax) return null;
      tap = this.#open(key, { h264, rtx });
      this.#taps.set(key, tap);
      tap.catch(() => this.#taps.delete(key));
    }
    return tap.catch(() => null);
  }

  /** The taps that stand now. */
  async list(): Promise<readonly Tap[]> {
    const settled = await Promise.allSettled(this.#taps.values());
    return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  /** Closes every router; nothing is opened afterwards. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const tap of this.#taps.values()) {
      void tap.then(
        ({ router }) => router.close(),
        () => undefined,
      );
    }
  }

  async #open(key: string, payloadTypes: PayloadTypes): Promise<Tap> {
    const { clock, make, router: from, producer } = this.#options;
    const making = make(buildPayloadCodecs(payloadTypes));
    const router = await acquireWithin(clock, mediaLimits.requestMs, 'making a router', making, (late) => late.close());
    router.observer.on('close', () => this.#taps.delete(key));
    try {
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
      return { router, producerId: pipeProducer.id, pipeConsumerId: pipeConsumer.id };
    } catch (error) {
      router.close();
      throw error;
    }
  }
}

/** The order in which mediasoup gives out payload types that nobody asked for, RTX among them. */
const automaticPool = [...Array.from({ length: 28 }, (_, at) => 100 + at), 96, 97, 98, 99];

/** Our H.264 at the number that is wanted; codecs nobody uses push RTX to its number. */
export function buildPayloadCodecs({ h264, rtx }: PayloadTypes): types.RouterRtpCodecCapability[] {
  const video = routerCodecs.map((codec) => ({ ...codec, preferredPayloadType: h264 }));
  const before = rtx === null ? [] : automaticPool.slice(0, automaticPool.indexOf(rtx)).filter((one) => one !== h264);
  const fillers = before.map((preferredPayloadType) => ({
    kind: 'audio' as const,
    mimeType: 'audio/CN' as const,
    clockRate: 8_000,
    preferredPayloadType,
  }));
  return [...fillers, ...video];
}
