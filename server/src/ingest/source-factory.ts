/*
 * Makes camera sources, and asks cameras what they offer at enrolment. The face of ingest/ towards the use cases.
 */
import type { CameraDiscovery } from '../app/ports/camera-discovery.ts';
import type {
  CameraAddress,
  CameraProbe,
  CameraSource,
  CameraSourceFactory,
  ProbeOutcome,
} from '../app/ports/camera-source.ts';
import type { FeedSink } from '../app/ports/feed-sink.ts';
import { IngestFault, toIngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import { OnvifDiscovery } from './onvif/device-discovery.ts';
import { RtpTimeline } from './rtp-timeline.ts';
import { type ClientSurroundings, RtspClient } from './rtsp-client.ts';
import { RtspSource } from './rtsp-source.ts';
import { parseRtspUrl } from './rtsp-url.ts';
import { TranscoderSlots } from './transcoder-slots.ts';
import { chooseVideoTrack, listOffers } from './video-track.ts';
import { within } from './within.ts';

export class RtspSourceFactory implements CameraSourceFactory, CameraProbe {
  readonly #surroundings: ClientSurroundings;
  readonly #slots: TranscoderSlots;
  /** A sink outlives sources (a changed URL makes a new one), and its viewers know one sequence only. */
  readonly #timelines = new WeakMap<FeedSink, RtpTimeline>();

  /** `transcodersMax`: how many cameras of all this factory's sources may be transcoded at once. */
  constructor(surroundings: ClientSurroundings, transcodersMax: number = limits.transcodersMax) {
    this.#surroundings = surroundings;
    this.#slots = new TranscoderSlots(transcodersMax);
    this.discovery = new OnvifDiscovery(surroundings);
  }

  /** Finds the streams of ONVIF devices, by the same guard. */
  readonly discovery: CameraDiscovery;

  /** Transcoders that run now. */
  get transcodersActive(): number {
    return this.#slots.active;
  }

  open(address: CameraAddress): CameraSource {
    return new RtspSource(address, { ...this.#surroundings, slots: this.#slots }, (sink, clockRateHz) =>
      this.timelineOf(sink, clockRateHz),
    );
  }

  /** The one time line of a sink, for sources of another kind too. */
  timelineOf(sink: FeedSink, clockRateHz?: number): RtpTimeline {
    const timeline = this.#timelines.get(sink) ?? new RtpTimeline(this.#surroundings.randomness, clockRateHz);
    this.#timelines.set(sink, timeline);
    return timeline;
  }

  async probe(address: CameraAddress): Promise<ProbeOutcome> {
    const stop = new AbortController();
    const { clock } = this.#surroundings;
    const late = new IngestFault('timed-out', 'The camera took too long to say what it offers.');
    try {
      const bounds = { clock, limitMs: limits.probeWithinMs, late, signal: stop.signal };
      return await within(this.#describe(address, stop.signal), bounds);
    } catch (thrown) {
      const fault = toIngestFault(thrown, 'camera-refused', 'The camera could not be asked.');
      return { ok: false, reason: fault.code, text: fault.message };
    } finally {
      stop.abort();
    }
  }

  async #describe(address: CameraAddress, signal: AbortSignal): Promise<ProbeOutcome> {
    const reading = parseRtspUrl(address.url);
    if (!reading.ok) throw new IngestFault('bad-url', reading.text);
    const pin = address.certificateSha256 ?? null;
    const client = await RtspClient.open(reading.url, pin, this.#surroundings, signal);
    try {
      const { facts } = chooseVideoTrack(client.description);
      return { ok: true, tracks: listOffers(client.description), facts };
    } finally {
      await client.close();
    }
  }
}
