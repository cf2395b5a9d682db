/*
 * What ONVIF devices answer, read into plain figures: time, services, profiles of both media services, URIs, faults.
 * Tolerant, since devices leave out what they please: a figure that cannot be read is null. Pure; tested as tables.
 */
import { limits } from '../limits.ts';
import { MEDIA_NAMESPACES, type MediaVersion } from './soap-requests.ts';
import { findChild, listChildren, textAt, type XmlElement } from './xml-tree.ts';

export type SoapFault = { readonly kind: 'not-authorized' | 'other'; readonly text: string };

/** A profile that has a video encoder. */
export type MediaProfile = {
  readonly token: string;
  readonly name: string;
  /** As an SDP names it, upper case; null when the device does not say. */
  readonly codec: string | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  readonly framesPerSecond: number | null;
  readonly bitsPerSecond: number | null;
  readonly keyFrameEveryMs: number | null;
  readonly hasAudio: boolean;
};

const FAULT_CHARS_MAX = 120;
/** Names of codecs in ONVIF's two media services, and those of an SDP. */
const CODECS: Readonly<Record<string, string>> = { MPEG4: 'MP4V-ES', 'MPV4-ES': 'MP4V-ES', HEVC: 'H265' };

/** The one element in the body, whatever it is. */
export const bodyOf = (envelope: XmlElement): XmlElement | undefined => findChild(envelope, 'Body')?.children[0];

/** The fault an answer is, in SOAP 1.2 or 1.1; null when it is none. */
export function readFault(answer: XmlElement): SoapFault | null {
  if (answer.name !== 'Fault') return null;
  const said = textAt(answer, 'Reason', 'Text') ?? textAt(answer, 'faultstring') ?? 'no reason given';
  const codes = [textAt(answer, 'Code', 'Subcode', 'Value'), textAt(answer, 'Code', 'Subcode', 'Subcode', 'Value')];
  const words = [...codes, textAt(answer, 'faultcode'), said].join(' ');
  const isAuthority = /not ?authori[sz]ed|unauthori[sz]ed|failed ?(authentication|check)|authority/i.test(words);
  return {
    kind: isAuthority ? 'not-authorized' : 'other',
    text: said.replace(/[^\x20-\x7e]/g, '').slice(0, FAULT_CHARS_MAX),
  };
}

/** The device's clock in UTC, ms since the epoch; null when it does not say. */
export function readTime(answer: XmlElement): number | null {
  const utc = findChild(answer, 'SystemDateAndTime', 'UTCDateTime');
  const number = (part: string, field: string): number => Number(textAt(utc, part, field) ?? Number.NaN);
  const timeMs = Date.UTC(
    number('Date', 'Year'),
    number('Date', 'Month') - 1,
    number('Date', 'Day'),
    number('Time', 'Hour'),
    number('Time', 'Minute'),
    number('Time', 'Second'),
  );
  return Number.isFinite(timeMs) ? timeMs : null;
}

/** Addresses of the media services, by GetServices or by the older GetCapabilities. */
export function readMediaServices(answer: XmlElement): Partial<Record<MediaVersion, string>> {
  const found: Partial<Record<MediaVersion, string>> = {};
  for (const service of listChildren(answer, 'Service')) {
    const xaddr = textAt(service, 'XAddr');
    const namespace = textAt(service, 'Namespace')?.replace(/\/$/, '');
    for (const version of ['ver10', 'ver20'] as const)
      if (namespace === MEDIA_NAMESPACES[version] && xaddr !== null) found[version] ??= xaddr;
  }
  const capabilities = findChild(answer, 'Capabilities');
  const older = textAt(capabilities, 'Media', 'XAddr');
  if (older !== null) found.ver10 ??= older;
  const newer = textAt(capabilities, 'Extension', 'Media2', 'XAddr');
  if (newer !== null) found.ver20 ??= newer;
  return found;
}

/** The profiles that send pictures, in the device's order; sixteen at most. */
export function readProfiles(answer: XmlElement): readonly MediaProfile[] {
  return listChildren(answer, 'Profiles')
    .flatMap((profile) => readProfile(profile) ?? [])
    .slice(0, limits.onvifProfilesMax);
}

function readProfile(profile: XmlElement): MediaProfile | null {
  const token = profile.attributes['token'] ?? '';
  const configurations = findChild(profile, 'Configurations');
  const encoder = findChild(configurations, 'VideoEncoder') ?? findChild(profile, 'VideoEncoderConfiguration');
  if (!encoder || token === '' || token.length > limits.onvifTokenCharsMax) return null;
  const audio = findChild(configurations, 'AudioEncoder') ?? findChild(profile, 'AudioEncoderConfiguration');
  const rate = findChild(encoder, 'RateControl');
  const framesPerSecond = positive(textAt(rate, 'FrameRateLimit'));
  const kilobits = positive(textAt(rate, 'BitrateLimit'));
  const gop = positive(
    encoder.attributes['GovLength'] ?? textAt(encoder, 'H264', 'GovLength') ?? textAt(encoder, 'MPEG4', 'GovLength'),
  );
  const encoding = textAt(encoder, 'Encoding')?.toUpperCase() ?? null;
  return {
    token,
    name: (textAt(profile, 'Name') ?? token).slice(0, limits.onvifTokenCharsMax),
    codec: encoding === null ? null : (CODECS[encoding] ?? encoding).slice(0, 16),
    widthPx: positive(textAt(encoder, 'Resolution', 'Width')),
    heightPx: positive(textAt(encoder, 'Resolution', 'Height')),
    framesPerSecond,
    bitsPerSecond: kilobits === null ? null : kilobits * 1_000,
    keyFrameEveryMs: gop === null || framesPerSecond === null ? null : Math.round((gop * 1_000) / framesPerSecond),
    hasAudio: audio !== undefined,
  };
}

/** The URI an answer to GetStreamUri or GetSnapshotUri holds. */
export const readUri = (answer: XmlElement): string | null =>
  textAt(answer, 'MediaUri', 'Uri') ?? textAt(answer, 'Uri');

function positive(text: string | undefined | null): number | null {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : null;
}
