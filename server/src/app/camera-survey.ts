/*
 * Looks at a camera before it is enrolled: finds the stream of an ONVIF device, asks the camera what it offers, and says
 * what that means. Plays nothing and stores nothing. Used by the cameras' use case and by the page that shows streams.
 */
import type { DeviceInput, OnvifInput, RtspTransport } from '@sallyport/protocol/camera';
import type { CameraOffer, DeviceView } from '@sallyport/protocol/camera-offer';
import type { CameraId } from '@sallyport/protocol/ids';
import { appBounds } from './bounds.ts';
import { buildAddress } from './camera-address.ts';
import { adviseOnCamera, viewTracks } from './enrolment-advice.ts';
import { done, type Outcome, type Refusal, refuse } from './outcome.ts';
import type { CameraDevice, CameraDiscovery, DiscoveryOutcome, OfferedStream } from './ports/camera-discovery.ts';
import type { CameraSecrets } from './ports/camera-secrets.ts';
import type { CameraAddress, CameraProbe, SourceFaultCode } from './ports/camera-source.ts';
import { chooseStream } from './stream-choice.ts';

export type SurveyDeps = {
  readonly probe: CameraProbe;
  readonly discovery: CameraDiscovery;
  readonly secrets: CameraSecrets;
};

/** Where a camera's pictures come from, as the operator says it. One of the two is given. */
export type SourceInput = {
  readonly rtspUrl?: string | undefined;
  readonly onvif?: OnvifInput | undefined;
  readonly certificateSha256?: string | undefined;
  readonly rtspTransport?: RtspTransport | undefined;
};
export type Surveyed = { readonly address: CameraAddress; readonly offer: CameraOffer };

/** A camera that is only switched off or busy may be enrolled; one that needs a person to mend something may not. */
const passingFaults: ReadonlySet<SourceFaultCode> = new Set([
  'unreachable',
  'timed-out',
  'name-unknown',
  'camera-refused',
  'connection-lost',
]);

type Found = {
  readonly address: CameraAddress;
  readonly stream: OfferedStream | null;
  readonly better: OfferedStream | null;
};

export class CameraSurvey {
  readonly #deps: SurveyDeps;
  #discoveries = 0;

  constructor(deps: SurveyDeps) {
    this.#deps = deps;
  }

  /** The streams of an ONVIF device, and which one to take. */
  async discover(input: DeviceInput): Promise<Outcome<DeviceView>> {
    const found = await this.#ask(toDevice(input, input.certificateSha256));
    if (!found.ok) return found;
    const { streams, clockOffsetMs } = found.value;
    const choice = chooseStream(streams);
    if (choice === null) return refuse('camera-not-asked', 'The camera names no stream.');
    const { stream: best, why } = choice;
    return done({
      streams: streams.map(({ url, hasSnapshot, keyFrames: _, ...figures }) => ({
        ...figures,
        rtspUrl: this.#deps.secrets.mask(url),
        snapshot: hasSnapshot,
        recommended: figures.profile === best.profile,
      })),
      recommended: { profile: best.profile, why },
      clockOffsetMs,
      advice: [
        ...(Math.abs(clockOffsetMs) > appBounds.clockOffsetAdviceMs
          ? ["The camera's clock is wrong: let it set itself by a time server (NTP)."]
          : []),
        ...adviseOnCamera({ url: best.url, tracks: [], stream: best, better: null }),
      ],
    });
  }

  /**
   * Finds the address to pull and what is offered there. A camera that is switched off may pass, unseen, and the offer says
   * so; an ONVIF device must answer, since it alone knows its streams.
   */
  async survey(cameraId: CameraId, source: SourceInput): Promise<Outcome<Surveyed>> {
    const found = await this.#find(cameraId, source);
    if (!found.ok) return found;
    const { address, stream, better } = found.value;
    const probed = await this.#deps.probe.probe(address);
    if (!probed.ok && !passingFaults.has(probed.reason))
      return refuse('camera-url-refused', explainRefusal(probed.reason, probed.text, stream));
    const tracks = probed.ok ? viewTracks(probed.tracks, stream) : [];
    const advice = adviseOnCamera({ url: address.url, tracks, stream, better });
    const offer: CameraOffer = {
      reached: probed.ok,
      reason: probed.ok ? null : probed.reason,
      text: probed.ok
        ? null
        : `${probed.text} It was enrolled unseen: nobody has checked its path, password or codec. Look at its health once it is on.`,
      tracks,
      profile: stream?.profile ?? null,
      snapshot: stream?.hasSnapshot ?? null,
      advice,
    };
    return done({ address, offer });
  }

  async #find(cameraId: CameraId, { rtspUrl, onvif, ...travel }: SourceInput): Promise<Outcome<Found>> {
    if (onvif === undefined)
      return done({ address: buildAddress(cameraId, { url: rtspUrl ?? '', ...travel }), stream: null, better: null });
    const found = await this.#ask(toDevice(onvif, travel.certificateSha256));
    if (!found.ok) return found;
    const { streams } = found.value;
    const best = chooseStream(streams)?.stream;
    const stream = onvif.profile === undefined ? best : streams.find(({ profile }) => profile === onvif.profile);
    if (!stream) {
      const named = streams.map(({ profile }) => profile).join(', ');
      return refuse('camera-not-asked', `The camera has no such profile; it has ${named}.`);
    }
    const isBetter = best !== undefined && best.profile !== stream.profile && best.codec === 'H264';
    const address = buildAddress(cameraId, { url: stream.url, keyFrames: stream.keyFrames, ...travel });
    return done({ address, stream, better: isBetter && stream.codec !== 'H264' ? best : null });
  }

  async #ask(device: CameraDevice): Promise<Outcome<Extract<DiscoveryOutcome, { ok: true }>>> {
    if (this.#discoveries >= appBounds.discoveriesMax)
      return refuse('rate-limited', 'Too many cameras are being asked at once; wait a few seconds and try again.');
    this.#discoveries += 1;
    try {
      const found = await this.#deps.discovery.discover(device);
      return found.ok ? done(found) : toRefusal(found.reason, found.text);
    } finally {
      this.#discoveries -= 1;
    }
  }
}

/** Several makers keep the users of ONVIF apart from those of the streams. */
const explainRefusal = (reason: SourceFaultCode, text: string, stream: OfferedStream | null): string =>
  stream !== null && reason.startsWith('credentials-')
    ? `${text} The ONVIF user is no user of its streams: make one of the same name and password, or enrol by \`rtspUrl\`.`
    : text;

const toRefusal = (reason: SourceFaultCode, text: string): Refusal =>
  refuse(reason === 'not-allowed' || reason === 'bad-url' ? 'camera-url-refused' : 'camera-not-asked', text);

function toDevice({ address, username, password }: OnvifInput, certificateSha256: string | undefined): CameraDevice {
  return {
    address,
    credentials: username === undefined ? null : { username, password: password ?? '' },
    certificateSha256: certificateSha256 ?? null,
  };
}
