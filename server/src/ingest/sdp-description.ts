/*
 * Session descriptions as cameras write them (RFC 8866, RFC 2326 appendix C): media, formats, control URLs.
 * Pure, tolerant and bounded: any text gives a description, perhaps an empty one; nothing throws.
 */
import { limits } from './limits.ts';

export type SdpFormat = {
  readonly payloadType: number;
  /** Upper case, for example `H264`. */
  readonly codec: string;
  readonly clockRateHz: number;
  /** 1 where nothing is said. */
  readonly channels: number;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
};

export type SdpMedia = {
  /** Lower case: `video`, `audio`, `application`. */
  readonly kind: string;
  /** For example `RTP/AVP`. */
  readonly protocol: string;
  readonly control: string | null;
  /** In the camera's order of preference. */
  readonly formats: readonly SdpFormat[];
};

export type SdpDescription = { readonly control: string | null; readonly media: readonly SdpMedia[] };

/** Payload types that need no rtpmap (RFC 3551, table 4 and 5), the ones cameras use. */
type FormatMap = readonly [codec: string, clockRateHz: number, channels: number];
const STATIC_FORMATS: ReadonlyMap<number, FormatMap> = new Map([
  [0, ['PCMU', 8_000, 1]],
  [8, ['PCMA', 8_000, 1]],
  [26, ['JPEG', 90_000, 1]],
]);

type Draft = {
  readonly kind: string;
  readonly protocol: string;
  readonly payloadTypes: readonly number[];
  readonly maps: Map<number, FormatMap>;
  readonly parameters: Map<number, ReadonlyMap<string, string>>;
  control: string | null;
};

/** Reads a session description; lines that make no sense are passed over. */
export function parseSdp(text: string): SdpDescription {
  let control: string | null = null;
  const drafts: Draft[] = [];
  for (const line of text.split(/\r\n|\n|\r/, limits.sdpLinesMax)) {
    const draft = drafts.at(-1);
    const trimmed = line.trim();
    if (/^m=/i.test(trimmed)) {
      if (drafts.length >= limits.sdpMediaMax) break;
      drafts.push(readMediaLine(trimmed));
    } else if (/^a=control:/i.test(trimmed)) {
      const value = trimmed.slice('a=control:'.length).trim();
      if (draft) draft.control ??= value;
      else control ??= value;
    } else if (draft) {
      readFormatLine(draft, trimmed);
    }
  }
  for (const draft of drafts) takeStrayLines(draft, drafts);
  return { control, media: drafts.map(toMedia) };
}

/** Some cameras write the format lines of one media under another, which has no such format. */
function takeStrayLines(draft: Draft, all: readonly Draft[]): void {
  for (const type of draft.payloadTypes) {
    const strangers = all.filter((other) => other !== draft && !other.payloadTypes.includes(type));
    const map = strangers.map((other) => other.maps.get(type)).find((one) => one !== undefined);
    const parameters = strangers.map((other) => other.parameters.get(type)).find((one) => one !== undefined);
    if (map && !draft.maps.has(type)) draft.maps.set(type, map);
    if (parameters && !draft.parameters.has(type)) draft.parameters.set(type, parameters);
  }
}

function readMediaLine(line: string): Draft {
  const [kind = '', , protocol = '', ...formats] = line.slice(2).trim().split(/\s+/);
  const payloadTypes = formats.filter((word) => /^\d{1,3}$/.test(word)).map(Number);
  return {
    kind: kind.toLowerCase(),
    protocol: protocol.toUpperCase(),
    payloadTypes: payloadTypes.filter((type) => type < 128).slice(0, limits.sdpFormatsMax),
    maps: new Map(),
    parameters: new Map(),
    control: null,
  };
}

function readFormatLine(draft: Draft, line: string): void {
  const map = /^a=rtpmap:\s*(\d{1,3})\s+([^\s/]+)\s*\/\s*(\d{1,9})(?:\s*\/\s*(\d{1,2}))?/i.exec(line);
  if (map) {
    if (draft.maps.size < limits.sdpFormatsMax) {
      draft.maps.set(Number(map[1]), [(map[2] ?? '').toUpperCase(), Number(map[3]), Number(map[4] ?? 1)]);
    }
    return;
  }
  const fmtp = /^a=fmtp:\s*(\d{1,3})\s+(.*)$/i.exec(line);
  if (fmtp && draft.parameters.size < limits.sdpFormatsMax) {
    draft.parameters.set(Number(fmtp[1]), readParameters(fmtp[2] ?? ''));
  }
}

/** Values may hold `=`, as base64 does. */
function readParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of text.split(';', 64)) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '') parameters.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return parameters;
}

/** A format without an rtpmap, told by parameters that only H.264 has (RFC 6184, 8.1). */
function guessFormat(kind: string, parameters: ReadonlyMap<string, string>): FormatMap | null {
  const isH264 = parameters.has('sprop-parameter-sets') || parameters.has('packetization-mode');
  return kind === 'video' && isH264 ? ['H264', 90_000, 1] : null;
}

function toMedia(draft: Draft): SdpMedia {
  const formats: SdpFormat[] = [];
  for (const payloadType of draft.payloadTypes) {
    const parameters = draft.parameters.get(payloadType) ?? new Map<string, string>();
    const map = draft.maps.get(payloadType) ?? STATIC_FORMATS.get(payloadType) ?? guessFormat(draft.kind, parameters);
    if (!map) continue;
    formats.push({ payloadType, codec: map[0], clockRateHz: map[1], channels: map[2], parameters });
  }
  return { kind: draft.kind, protocol: draft.protocol, control: draft.control, formats };
}
