/*
 * From a camera's address and password to its streams: its clock, its media service, its profiles, the URL of each. Media2
 * is asked first, since the older service has no word for H.265; where it fails, the older one. Fulfils CameraDiscovery.
 */
import type {
  CameraDevice,
  CameraDiscovery,
  DiscoveryOutcome,
  OfferedStream,
} from '../../app/ports/camera-discovery.ts';
import { IngestFault, toIngestFault } from '../ingest-fault.ts';
import { limits } from '../limits.ts';
import type { ClientSurroundings } from '../rtsp-client.ts';
import { within } from '../within.ts';
import { DeviceTalk } from './device-talk.ts';
import { type DeviceUrl, formatDeviceUrl, parseDeviceAddress, resolveService, resolveStream } from './device-url.ts';
import { type MediaProfile, readMediaServices, readProfiles, readUri } from './soap-answers.ts';
import {
  askCapabilities,
  askProfiles,
  askServices,
  askSnapshotUri,
  askStreamUri,
  type MediaVersion,
  type SoapRequest,
} from './soap-requests.ts';
import type { XmlElement } from './xml-tree.ts';

type Media = { readonly version: MediaVersion; readonly url: DeviceUrl };
type Described = { readonly media: Media; readonly profiles: readonly MediaProfile[] };

export class OnvifDiscovery implements CameraDiscovery {
  readonly #surroundings: ClientSurroundings;

  constructor(surroundings: ClientSurroundings) {
    this.#surroundings = surroundings;
  }

  async discover(device: CameraDevice): Promise<DiscoveryOutcome> {
    const stop = new AbortController();
    const { clock } = this.#surroundings;
    const late = new IngestFault('timed-out', 'The camera took too long to say what streams it has.');
    try {
      const bounds = { clock, limitMs: limits.probeWithinMs, late, signal: stop.signal };
      return await within(this.#explore(device, stop.signal), bounds);
    } catch (thrown) {
      const fault = toIngestFault(thrown, 'camera-refused', 'The camera could not be asked.');
      return { ok: false, reason: fault.code, text: fault.message };
    } finally {
      stop.abort();
    }
  }

  async #explore(device: CameraDevice, signal: AbortSignal): Promise<DiscoveryOutcome> {
    const reading = parseDeviceAddress(device.address);
    if (!reading.ok) throw new IngestFault('bad-url', reading.text);
    const { credentials } = device;
    const talk = new DeviceTalk(device, this.#surroundings, signal);
    await talk.setClock(reading.url);
    const { media, profiles } = await describe(talk, reading.url);
    const streams: OfferedStream[] = [];
    for (const profile of profiles) {
      const { token, ...figures } = profile;
      const uri = await askOrNull(talk, media.url, askStreamUri(media.version, token));
      const url = uri === null ? null : resolveStream(reading.url, uri, credentials);
      if (url === null) continue;
      const snapshot = await askOrNull(talk, media.url, askSnapshotUri(media.version, token));
      const keyFrames = { serviceUrl: formatDeviceUrl(media.url), media: media.version, profile: token };
      streams.push({ ...figures, profile: token, url, hasSnapshot: snapshot !== null, keyFrames });
    }
    if (streams.length === 0)
      throw new IngestFault('not-found', 'The camera names no stream that could be pulled by RTSP; set one up on it.');
    return { ok: true, streams, clockOffsetMs: Math.round(talk.clockOffsetMs) };
  }
}

/** The first media service that names profiles; the last one's failure when none does. */
async function describe(talk: DeviceTalk, device: DeviceUrl): Promise<Described> {
  let failure = new IngestFault('not-found', 'The camera has no profile with video; set one up on it.');
  for (const media of await findMedia(talk, device)) {
    try {
      const profiles = readProfiles(await talk.ask(media.url, askProfiles(media.version)));
      if (profiles.length > 0) return { media, profiles };
    } catch (thrown) {
      failure = toIngestFault(thrown, 'camera-refused', 'The camera could not be asked.');
      if (failure.code.startsWith('credentials-') || failure.code === 'stopped') throw failure;
    }
  }
  throw failure;
}

/** A device that names no services is asked for its media where it was asked for everything else. */
async function findMedia(talk: DeviceTalk, device: DeviceUrl): Promise<readonly Media[]> {
  const services = readMediaServices(await askServicesOrCapabilities(talk, device));
  const found = (['ver20', 'ver10'] as const).flatMap((version) => {
    const xaddr = services[version];
    return xaddr === undefined ? [] : [{ version, url: resolveService(device, xaddr) }];
  });
  return found.length > 0 ? found : [{ version: 'ver10', url: device }];
}

async function askServicesOrCapabilities(talk: DeviceTalk, device: DeviceUrl): Promise<XmlElement> {
  try {
    const services = await talk.ask(device, askServices());
    if (Object.keys(readMediaServices(services)).length > 0) return services;
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
  }
  return talk.ask(device, askCapabilities());
}

/** Null where the device has none; anything but its refusal is thrown. */
async function askOrNull(talk: DeviceTalk, url: DeviceUrl, request: SoapRequest): Promise<string | null> {
  try {
    return readUri(await talk.ask(url, request));
  } catch (thrown) {
    if (isRefusal(thrown)) return null;
    throw thrown;
  }
}

const isRefusal = (thrown: unknown): boolean => thrown instanceof IngestFault && thrown.code === 'camera-refused';
