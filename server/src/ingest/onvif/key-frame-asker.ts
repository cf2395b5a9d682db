/*
 * Asks an ONVIF camera for a key frame (SetSynchronizationPoint) while it is pulled: beside the replay, which shows what
 * is cached, and never waited for. One question at a time, at a pace, and for a long while none after a refusal. One per
 * run of a source.
 */
import type { CameraAddress } from '../../app/ports/camera-source.ts';
import { toIngestFault } from '../ingest-fault.ts';
import { limits } from '../limits.ts';
import type { ClientSurroundings } from '../rtsp-client.ts';
import { parseRtspUrl } from '../rtsp-url.ts';
import { DeviceTalk } from './device-talk.ts';
import { type DeviceUrl, parseDeviceAddress } from './device-url.ts';
import { askSynchronizationPoint, type SoapRequest } from './soap-requests.ts';

export class KeyFrameAsker {
  readonly #url: DeviceUrl;
  readonly #request: SoapRequest;
  readonly #talk: DeviceTalk;
  readonly #surroundings: ClientSurroundings;
  readonly #signal: AbortSignal;
  #clockSet: 'yes' | 'no' = 'no';
  #state: 'free' | 'asking' = 'free';
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  private constructor(
    url: DeviceUrl,
    request: SoapRequest,
    talk: DeviceTalk,
    surroundings: ClientSurroundings,
    signal: AbortSignal,
  ) {
    this.#url = url;
    this.#request = request;
    this.#talk = talk;
    this.#surroundings = surroundings;
    this.#signal = signal;
  }

  /** Null when the camera was not enrolled by ONVIF. When the signal fires, what is under way is cut. */
  static of(address: CameraAddress, surroundings: ClientSurroundings, signal: AbortSignal): KeyFrameAsker | null {
    const door = address.keyFrames;
    const stream = parseRtspUrl(address.url);
    const service = door && parseDeviceAddress(door.serviceUrl);
    if (!door || !stream.ok || !service?.ok) return null;
    const account = { credentials: stream.url.credentials, certificateSha256: address.certificateSha256 ?? null };
    const talk = new DeviceTalk(account, surroundings, signal);
    const request = askSynchronizationPoint(door.media, door.profile);
    return new KeyFrameAsker(service.url, request, talk, surroundings, signal);
  }

  /** Questions the camera has said yes to. */
  get count(): number {
    return this.#count;
  }

  /**
   * A key frame would be welcome. Never rejects; whoever passes on frames MUST NOT wait for it. `not-now`: nothing was
   * asked, since it is too soon, or one question is under way.
   */
  async ask(): Promise<'agreed' | 'refused' | 'not-now'> {
    const { clock } = this.#surroundings;
    const nowMs = clock.monotonicMs();
    if (this.#state === 'asking' || nowMs < this.#notBeforeMs || this.#signal.aborted) return 'not-now';
    this.#state = 'asking';
    this.#notBeforeMs = nowMs + limits.syncPointEveryMs;
    try {
      await this.#asked();
      this.#count += 1;
      return 'agreed';
    } catch (thrown) {
      const fault = toIngestFault(thrown, 'camera-refused', 'The camera could not be asked.');
      if (fault.needsPerson || fault.code === 'camera-refused')
        this.#notBeforeMs = clock.monotonicMs() + limits.syncPointRefusedMs;
      this.#clockSet = 'no';
      return 'refused';
    } finally {
      this.#state = 'free';
    }
  }

  async #asked(): Promise<void> {
    if (this.#clockSet === 'no') await this.#talk.setClock(this.#url);
    this.#clockSet = 'yes';
    await this.#talk.ask(this.#url, this.#request);
  }
}
