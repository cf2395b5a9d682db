/*
 * Takes a publisher's packets out of its router into this process, where the source relays them. The one consumer here
 * hangs on a direct transport, which has no address and reaches nobody; every viewer is behind a valve. While no tap is
 * open the producers are paused, and the worker throws away what arrives. Opened by publisher.ts.
 */
import type { types } from 'mediasoup';
import type { PublisherTap } from '../app/ports/publisher.ts';

export type TapParts = {
  readonly router: types.Router;
  readonly producer: types.Producer;
  /** Called when a tap could not be shut: nothing short of the connection's end is left. */
  readonly onStuck: () => void;
  /** Resolves true when the promise resolved in time. */
  readonly within: (promise: Promise<unknown>) => Promise<boolean>;
};

export class MediaPublisherTap implements PublisherTap {
  readonly payloadType: number;
  readonly consumerId: string;
  readonly #parts: TapParts;
  readonly #transport: types.DirectTransport;
  readonly #consumer: types.Consumer;
  #closed: Promise<void> | null = null;

  private constructor(parts: TapParts, transport: types.DirectTransport, consumer: types.Consumer) {
    this.#parts = parts;
    this.#transport = transport;
    this.#consumer = consumer;
    this.payloadType = consumer.rtpParameters.codecs[0]?.payloadType ?? 0;
    this.consumerId = consumer.id;
  }

  /** Opens the tap and lets the producer through. Rejects with what the worker answers; nothing is left open then. */
  static async open(parts: TapParts, onPacket: (packet: Uint8Array) => void): Promise<MediaPublisherTap> {
    const { router, producer } = parts;
    const transport = await router.createDirectTransport();
    try {
      // Header extensions are of the publisher's leg; whoever reads these packets has no use for them.
      const rtpCapabilities = { ...router.rtpCapabilities, headerExtensions: [] };
      // Of simulcast the best layer that arrives: there is no bandwidth to spare in front of this process.
      const preferredLayers = { spatialLayer: (producer.rtpParameters.encodings?.length ?? 1) - 1 };
      const options = { producerId: producer.id, rtpCapabilities, preferredLayers, paused: false };
      const consumer = await transport.consume(options);
      const tap = new MediaPublisherTap(parts, transport, consumer);
      consumer.on('rtp', (packet) => {
        if (tap.#closed === null) onPacket(packet);
      });
      await producer.resume();
      return tap;
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  requestKeyFrame(): void {
    if (this.#closed === null) this.#consumer.requestKeyFrame().catch(() => undefined);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { producer, within, onStuck } = this.#parts;
    const isPaused = producer.closed || (await within(producer.pause()));
    this.#transport.close();
    if (!isPaused) onStuck();
  }
}
