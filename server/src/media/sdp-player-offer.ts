/*
 * Reads the offer of a standard player that wants to be answered, and finds under which payload types it takes our
 * H.264 and our sound. Pure: text in, what a valve needs or a refusal out; never throws, whatever is sent. Called by valve.ts.
 */
import { limits } from '@sallyport/protocol/limits';
import type { types } from 'mediasoup';
import * as sdpTransform from 'sdp-transform';
import type { AudioCodec } from '../app/ports/feed-sink.ts';
import { audioCodecs } from './router-codecs.ts';
import { readOfferingPeer } from './sdp-security.ts';

/** One media section of the offer, as far as an answer must repeat it. */
export type OfferedSection = {
  readonly kind: string;
  readonly protocol: string;
  readonly mid: string;
  readonly payloads: string;
  /** Its first codec, for the section that is declined but must stay in the bundle; null when it has none. */
  readonly firstCodec: { readonly payloadType: number; readonly text: string } | null;
};

/** Under which numbers a player decodes our H.264. */
export type PayloadTypes = { readonly h264: number; readonly rtx: number | null };

/** A kind of sound and the player's number for it. */
export type PlayerSound = { readonly codec: AudioCodec; readonly payloadType: number };

export type PlayerOffer = {
  readonly sections: readonly OfferedSection[];
  /** Which of the sections takes the picture. */
  readonly videoAt: number;
  /** Which of the sections takes the sound; null when none does. */
  readonly audioAt: number | null;
  readonly payloadTypes: PayloadTypes;
  /** The kinds of sound it takes, under numbers of their own. */
  readonly sounds: readonly PlayerSound[];
  /** As offered; six hex digits. */
  readonly profileLevelId: string;
  readonly feedback: readonly types.RtcpFeedback[];
  readonly dtls: types.DtlsParameters;
  /** The part of DTLS that is ours: the active side opens the handshake. */
  readonly ourSetup: 'active' | 'passive';
};

export type ReadOffer =
  | { readonly ok: true; readonly offer: PlayerOffer }
  /** `malformed` is no offer at all; `unusable` is one that we cannot serve. */
  | { readonly ok: false; readonly fault: 'malformed' | 'unusable'; readonly refused: string };

type Session = sdpTransform.SessionDescription;
type Section = Session['media'][number];

/** More sections than any player sends; an answer repeats each. */
const SECTIONS_MAX = 8;
/** Of ours, what an answer may name: the rest needs header extensions whose numbers are the player's. */
const FEEDBACK = ['nack', 'nack pli', 'ccm fir'];
/** A line with one of these would not come back as one line. */
const UNSAFE = /[\r\n\0]/;

/** Parses a WHEP player's offer: exactly one video section that takes H.264 in packetisation mode 1. */
export function parsePlayerOffer(text: string): ReadOffer {
  if (Buffer.byteLength(text) > limits.sdpBytesMax) return malformed(`longer than ${limits.sdpBytesMax} bytes`);
  try {
    return readOffer(sdpTransform.parse(text));
  } catch {
    return malformed('not a session description');
  }
}

function readOffer(session: Session): ReadOffer {
  if (session.version !== 0 || !session.origin || session.media.length === 0) {
    return malformed('not a session description');
  }
  if (session.media.length > SECTIONS_MAX) return unusable(`more than ${SECTIONS_MAX} media sections`);
  const videos = session.media.filter((section) => section.type === 'video');
  if (videos.length !== 1) return unusable('needs exactly one video section');
  const [video] = videos;
  return video === undefined ? unusable('needs a video section') : readVideo(session, video);
}

function readVideo(session: Session, video: Section): ReadOffer {
  const direction = video.direction ?? session.direction ?? 'sendrecv';
  if (direction !== 'recvonly' && direction !== 'sendrecv') return unusable(`a=${direction} does not take the picture`);
  const peer = readOfferingPeer(session, video);
  if (!peer.ok) return unusable(peer.refused);
  const codec = findCodec(video);
  if (codec === null) return unusable('the player does not take H264 in packetization-mode 1');
  const sections = readSections(session);
  if (sections === null) return malformed('not a session description');
  return {
    ok: true,
    offer: {
      sections,
      videoAt: session.media.indexOf(video),
      ...findSounds(session, codec.payloadTypes),
      ...codec,
      feedback: readFeedback(video, codec.payloadTypes.h264),
      dtls: peer.dtls,
      ourSetup: peer.ourSetup,
    },
  };
}

/** Every section as an answer repeats it; null when one could not come back as it is. */
export function readSections(session: Session): readonly OfferedSection[] | null {
  const sections = session.media.map(toSection);
  const isUnsafe = ({ kind, protocol, mid, payloads }: OfferedSection) =>
    UNSAFE.test(`${kind}${protocol}${mid}${payloads}`);
  return sections.some(isUnsafe) ? null : sections;
}

/** Any profile will do: what cameras send is decoded under every one of them, the mode alone changes the packets. */
export function findCodec(video: Section): Pick<PlayerOffer, 'payloadTypes' | 'profileLevelId'> | null {
  const configs = new Map(video.fmtp.map(({ payload, config }) => [payload, config]));
  const matches = video.rtp.flatMap(({ payload, codec, rate }) => {
    const config = configs.get(payload) ?? '';
    if (codec.toUpperCase() !== 'H264' || rate !== 90_000 || !/(^|[;\s])packetization-mode=1\b/.test(config)) return [];
    const profileLevelId = /profile-level-id=([0-9a-fA-F]{6})\b/.exec(config)?.[1]?.toLowerCase() ?? '42001f';
    return [{ payload, profileLevelId }];
  });
  // Constrained baseline where it is offered: under that name every browser decodes.
  const chosen = matches.find(({ profileLevelId }) => profileLevelId.startsWith('42e0')) ?? matches[0];
  if (chosen === undefined || !isDynamic(chosen.payload)) return null;
  const { payload: h264, profileLevelId } = chosen;
  const rtx = video.rtp.find(
    ({ payload, codec }) =>
      codec.toLowerCase() === 'rtx' && new RegExp(`(^|[;\\s])apt=${h264}\\b`).test(configs.get(payload) ?? ''),
  );
  const isUsable = rtx !== undefined && isDynamic(rtx.payload) && rtx.payload !== h264;
  return { payloadTypes: { h264, rtx: isUsable ? rtx.payload : null }, profileLevelId };
}

/** The first audio section that takes a sound of ours. A number that the picture has too would be ambiguous. */
function findSounds(session: Session, { h264, rtx }: PayloadTypes): Pick<PlayerOffer, 'audioAt' | 'sounds'> {
  for (const [audioAt, section] of session.media.entries()) {
    if (section.type !== 'audio' || !takes(session, section)) continue;
    const sounds = toSounds(section).filter(({ payloadType }) => payloadType !== h264 && payloadType !== rtx);
    if (sounds.length > 0) return { audioAt, sounds };
  }
  return { audioAt: null, sounds: [] };
}

function takes(session: Session, section: Section): boolean {
  const direction = section.direction ?? session.direction ?? 'sendrecv';
  return ['recvonly', 'sendrecv'].includes(direction) && (section.port !== 0 || 'bundleOnly' in section);
}

/** Some players write Opus without its two channels. */
function toSounds({ rtp }: Section): readonly PlayerSound[] {
  const kinds = ['OPUS', 'PCMU', 'PCMA'] as const;
  return kinds.flatMap((codec) => {
    const { clockRate, payloadType: fixed } = audioCodecs[codec];
    const found = rtp.find((one) => one.codec.toUpperCase() === codec && one.rate === clockRate);
    const isUsable = found && (codec === 'OPUS' ? isDynamic(found.payload) : found.payload === fixed);
    return isUsable ? [{ codec, payloadType: found.payload }] : [];
  });
}

/** RFC 3551, 6. */
export const isDynamic = (payloadType: number): boolean =>
  Number.isInteger(payloadType) && payloadType >= 96 && payloadType <= 127;

export function readFeedback(video: Section, h264: number, wanted = FEEDBACK): types.RtcpFeedback[] {
  const offered = (video.rtcpFb ?? [])
    .filter(({ payload }) => String(payload) === '*' || Number(payload) === h264)
    .map(({ type, subtype }) => (subtype ? `${type} ${subtype}` : type));
  return wanted
    .filter((one) => offered.includes(one))
    .map((one) => {
      const [type = '', parameter] = one.split(' ');
      return parameter === undefined ? { type } : { type, parameter };
    });
}

function toSection(section: Section, at: number): OfferedSection {
  const [first] = section.rtp;
  const text = first && `${first.codec}/${first.rate}${first.encoding ? `/${first.encoding}` : ''}`;
  return {
    kind: section.type,
    protocol: section.protocol,
    mid: String(section.mid ?? at),
    payloads: String(section.payloads ?? ''),
    firstCodec: first && text ? { payloadType: first.payload, text } : null,
  };
}

function malformed(refused: string): ReadOffer {
  return { ok: false, fault: 'malformed', refused };
}

function unusable(refused: string): ReadOffer {
  return { ok: false, fault: 'unusable', refused };
}
