/*
 * Takes a publisher's packets out of its router into this process, where the source relays them. The consumers here hang
 * on a direct transport, which has no address and reaches nobody; every viewer is behind a valve. While no tap is open the
 * producers are paused, and the worker throws away what arrives; sound is let out only where somebody may hear it.
 * Opened by publisher.ts.
 */
import type { types } from 'mediasoup';
import type { PublisherTap, TapOutlet } from '../app/ports/publisher.ts';

export type TapParts = {
  readonly router: types.Router;
  readonly picture: types.Producer;
  readonly sound: types.Producer | null;
  /** Called when a tap could not be shut: nothing short of the connection's end is left. */
  readonly onStuck: () => void;
  /** Resolves true when the promise resolved in time. */
  readonly within: (promise: Promise<unknown>) => Promise<boolean>;
};

export class MediaPublisherTap implements PublisherTap {
  readonly payloadType: number;
  readonly soundPayloadType: number | null;
  readonly consumerIds: readonly string[];
  readonly #parts: TapParts;
  readonly #transport: types.DirectTransport;
  readonly #picture: types.Consumer;
  #closed: Promise<void> | null = null;

  private constructor(
    parts: TapParts,
    transport: types.DirectTransport,
    picture: types.Consumer,
    sound: types.Consumer | null,
  ) {
    this.#parts = parts;
    this.#transport = transport;
    this.#picture = picture;
    this.payloadType = payloadTypeOf(picture);
    this.soundPayloadType = sound && payloadTypeOf(sound);
    this.consumerIds = sound === null ? [picture.id] : [picture.id, sound.id];
  }

  /** Opens the tap and lets the producers through. Rejects with what the worker answers; nothing is left open then. */
  static async open(parts: TapParts, outlet: TapOutlet): Promise<MediaPublisherTap> {
    const { router, picture, sound } = parts;
    const transport = await router.createDirectTransport();
    const isHeard = sound !== null && outlet.sound !== null;
    try {
      // Header extensions are of the publisher's leg; whoever reads these packets has no use for them.
      const rtpCapabilities = { ...router.rtpCapabilities, headerExtensions: [] };
      const take = ({ id }: types.Producer) => transport.consume({ producerId: id, rtpCapabilities, paused: false });
      const seen = await take(picture);
      const heard = isHeard ? await take(sound) : null;
      const tap = new MediaPublisherTap(parts, transport, seen, heard);
      seen.on('rtp', (packet) => {
        if (tap.#closed === null) outlet.picture(packet);
      });
      heard?.on('rtp', (packet) => {
        if (tap.#closed === null) outlet.sound?.(packet);
      });
      await Promise.all([picture.resume(), isHeard ? sound.resume() : undefined]);
      return tap;
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  requestKeyFrame(): void {
    if (this.#closed === null) this.#picture.requestKeyFrame().catch(() => undefined);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { picture, sound, within, onStuck } = this.#parts;
    const pausing = [picture, sound].map((one) => (one === null || one.closed ? undefined : one.pause()));
    const isPaused = await within(Promise.all(pausing));
    this.#transport.close();
    if (!isPaused) onStuck();
  }
}

const payloadTypeOf = ({ rtpParameters }: types.Consumer): number => rtpParameters.codecs[0]?.payloadType ?? 0;
