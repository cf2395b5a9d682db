/*
 * Reads a publisher's offer (WHIP): what of it is taken, and how mediasoup is to describe what will come. Pure: text in,
 * producer parameters or a refusal out; never throws, whatever is sent. Called by publisher.ts.
 */
import { limits } from '@sallyport/protocol/limits';
import type { types } from 'mediasoup';
import * as sdpTransform from 'sdp-transform';
import { audioCodecs, h264Parameters, opusParameters } from './router-codecs.ts';
import { findCodec, isDynamic, type OfferedSection, readFeedback, readSections } from './sdp-player-offer.ts';
import { readOfferingPeer } from './sdp-security.ts';

/** One section of the offer that will send. */
export type SendingSection = {
  /** Which of the offer's sections it is. */
  readonly at: number;
  /** What mediasoup is told: payload types, extensions and sources are the publisher's, the profile is ours. */
  readonly rtp: types.RtpParameters;
  /** As offered; an answer repeats it (RFC 6184, 8.2.2). Six hex digits; null for sound. */
  readonly profileLevelId: string | null;
  /** Simulcast layers in the order of the offer; empty without simulcast. */
  readonly rids: readonly string[];
};

export type PublisherOffer = {
  readonly sections: readonly OfferedSection[];
  readonly video: SendingSection;
  /** Opus, where the publisher sends it; else null. */
  readonly sound: SendingSection | null;
  readonly dtls: types.DtlsParameters;
  /** The part of DTLS that is ours: the active side opens the handshake. */
  readonly ourSetup: 'active' | 'passive';
  readonly isMixed: boolean;
};

export type ReadPublisherOffer =
  | { readonly ok: true; readonly offer: PublisherOffer }
  /** `malformed` is no offer at all; `unusable` is one that we cannot take. */
  | { readonly ok: false; readonly fault: 'malformed' | 'unusable'; readonly refused: string };

type Session = sdpTransform.SessionDescription;
type Section = Session['media'][number];

const SECTIONS_MAX = 8;
/** Layers of simulcast; browsers send three at most. */
const RIDS_MAX = 4;
const RID = /^[A-Za-z0-9_-]{1,16}$/;
const H264_RATE = 90_000;
/** What we ask for of a publisher; the rest of its list is not ours. */
const FEEDBACK = ['nack', 'nack pli', 'ccm fir', 'transport-cc', 'goog-remb'];
const SSRC_MAX = 0xffff_ffff;
/** Header extensions the media server makes use of; others would only be carried along. */
const EXTENSIONS = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
];

/** Parses an offer with exactly one video section that sends H.264 in packetisation mode 1. */
export function parsePublisherOffer(text: string): ReadPublisherOffer {
  if (Buffer.byteLength(text) > limits.sdpBytesMax) return malformed(`longer than ${limits.sdpBytesMax} bytes`);
  try {
    return readOffer(sdpTransform.parse(text));
  } catch {
    return malformed('not a session description');
  }
}

function readOffer(session: Session): ReadPublisherOffer {
  if (session.version !== 0 || !session.origin || session.media.length === 0) {
    return malformed('not a session description');
  }
  if (session.media.length > SECTIONS_MAX) return unusable(`more than ${SECTIONS_MAX} media sections`);
  const count = (kind: string) => session.media.filter(({ type }) => type === kind).length;
  if (count('video') !== 1) return unusable('needs exactly one video section');
  if (count('audio') > 1) return unusable('takes at most one audio section');
  const idle = session.media.find((section) => isMedia(section) && !sends(section, session));
  if (idle) return unusable(`a=${idle.direction ?? session.direction} in the ${idle.type} section: a publisher sends`);
  const video = session.media.find(({ type }) => type === 'video');
  return video === undefined ? unusable('needs a video section') : readVideo(session, video);
}

const isMedia = ({ type }: Section): boolean => type === 'video' || type === 'audio';

function sends(section: Section, session: Session): boolean {
  const direction = section.direction ?? session.direction ?? 'sendrecv';
  return direction === 'sendonly' || direction === 'sendrecv';
}

function readVideo(session: Session, video: Section): ReadPublisherOffer {
  const peer = readOfferingPeer(session, video);
  if (!peer.ok) return unusable(peer.refused);
  const sections = readSections(session);
  if (sections === null) return malformed('not a session description');
  const at = session.media.indexOf(video);
  const sending = readSending(video, at, sections[at]?.mid ?? String(at));
  if (typeof sending === 'string') return unusable(sending);
  return {
    ok: true,
    offer: {
      sections,
      video: sending,
      sound: readSound(session, sections),
      dtls: peer.dtls,
      ourSetup: peer.ourSetup,
      isMixed: 'extmapAllowMixed' in session || 'extmapAllowMixed' in video,
    },
  };
}

/** Some publishers write Opus without its two channels; a number that the picture has too would be ambiguous. */
function readSound(session: Session, sections: readonly OfferedSection[]): SendingSection | null {
  const at = session.media.findIndex(({ type }) => type === 'audio');
  const section = session.media[at];
  if (section === undefined || (section.port === 0 && !('bundleOnly' in section))) return null;
  const { mimeType, clockRate, channels } = audioCodecs.OPUS;
  const opus = section.rtp.find(({ codec, rate }) => codec.toUpperCase() === 'OPUS' && rate === clockRate);
  const taken = new Set(
    session.media.filter((one) => one !== section).flatMap(({ rtp }) => rtp.map((one) => one.payload)),
  );
  if (opus === undefined || !isDynamic(opus.payload) || taken.has(opus.payload)) return null;
  const codec = { mimeType, payloadType: opus.payload, clockRate, channels, parameters: { ...opusParameters } };
  const rtp: types.RtpParameters = {
    mid: sections[at]?.mid ?? String(at),
    codecs: [{ ...codec, rtcpFeedback: [] }],
    headerExtensions: readExtensions(section),
    encodings: [readSource(section, null)],
    rtcp: { cname: readCname(section), reducedSize: true },
  };
  return { at, rtp, profileLevelId: null, rids: [] };
}

function readSending(video: Section, at: number, mid: string): SendingSection | string {
  const codec = findCodec(video);
  if (codec === null) return 'the publisher does not send H264 in packetization-mode 1';
  const { profileLevelId } = codec;
  const { h264: payloadType, rtx } = codec.payloadTypes;
  const rids = readRids(video);
  const encodings = rids.length > 0 ? inOrder(rids, video).map((rid) => ({ rid })) : [readSource(video, rtx)];
  const h264 = {
    mimeType: 'video/H264',
    payloadType,
    clockRate: H264_RATE,
    // Whatever the profile: every viewer is offered this one, and decodes what comes under it.
    parameters: { ...h264Parameters },
    rtcpFeedback: readFeedback(video, payloadType, FEEDBACK),
  };
  const resend = {
    mimeType: 'video/rtx',
    payloadType: rtx ?? 0,
    clockRate: H264_RATE,
    parameters: { apt: payloadType },
  };
  const rtp: types.RtpParameters = {
    mid,
    codecs: rtx === null ? [h264] : [h264, resend],
    headerExtensions: readExtensions(video),
    encodings,
    rtcp: { cname: readCname(video), reducedSize: true },
  };
  return { at, rtp, profileLevelId, rids };
}

/** RFC 8853: the layers that are sent; of alternatives the first. */
function readRids(video: Section): readonly string[] {
  if (video.simulcast?.dir1 !== 'send') return [];
  const sent = new Set((video.rids ?? []).filter(({ direction }) => direction === 'send').map(({ id }) => String(id)));
  const listed = sdpTransform
    .parseSimulcastStreamList(video.simulcast.list1)
    .flatMap(([first]) => (first === undefined ? [] : [String(first.scid)]));
  const known = [...new Set(listed)].filter((rid) => sent.has(rid) && RID.test(rid));
  return known.length < 2 ? [] : known.slice(0, RIDS_MAX);
}

/** Names that publishers give their layers, worst first. */
const NAMED = [
  ['q', 'h', 'f'],
  ['l', 'm', 'h'],
  ['lo', 'mi', 'hi'],
  ['low', 'mid', 'high'],
  ['0', '1', '2', '3'],
];

/**
 * The worst layer first, as mediasoup wants them: by the sizes the offer states, else by the names layers are given, else
 * as they are listed.
 */
function inOrder(rids: readonly string[], video: Section): readonly string[] {
  const widths = rids.map((rid) => {
    const params = (video.rids ?? []).find(({ id }) => String(id) === rid)?.params ?? '';
    return Number(/(?:^|;)max-width=(\d{1,5})\b/.exec(params)?.[1] ?? Number.NaN);
  });
  if (widths.every((width) => Number.isFinite(width))) {
    return rids
      .map((rid, at) => ({ rid, width: widths[at] ?? 0 }))
      .sort(byWidth)
      .map(({ rid }) => rid);
  }
  const names = NAMED.find((list) => rids.every((rid) => list.includes(rid.toLowerCase())));
  const rank = (rid: string): number => names?.indexOf(rid.toLowerCase()) ?? 0;
  return [...rids].sort((a, b) => rank(a) - rank(b));
}

const byWidth = (a: { readonly width: number }, b: { readonly width: number }): number => a.width - b.width;

/** The stream's own number where the offer tells it (RFC 5576); else it is learnt by the mid extension. */
function readSource(video: Section, rtx: number | null): types.RtpEncodingParameters {
  const groups = (video.ssrcGroups ?? [])
    .filter(({ semantics }) => semantics === 'FID')
    .map(({ ssrcs }) => String(ssrcs).split(' ').map(Number));
  const resent = new Map(groups.map(([first = 0, second = 0]) => [first, second]));
  const repairs = new Set(resent.values());
  const ssrc = (video.ssrcs ?? []).map(({ id }) => Number(id)).find((one) => isSsrc(one) && !repairs.has(one));
  if (ssrc === undefined) return {};
  const repair = resent.get(ssrc);
  return rtx !== null && repair !== undefined && isSsrc(repair) ? { ssrc, rtx: { ssrc: repair } } : { ssrc };
}

const isSsrc = (ssrc: number): boolean => Number.isInteger(ssrc) && ssrc > 0 && ssrc <= SSRC_MAX;

function readExtensions(video: Section): types.RtpHeaderExtensionParameters[] {
  const known = (video.ext ?? []).filter(({ uri, value }) => EXTENSIONS.includes(uri) && value >= 1 && value <= 255);
  const taken = new Map(known.map(({ uri, value }) => [value, uri]));
  return [...taken].map(([id, uri]) => ({
    uri: uri as types.RtpHeaderExtensionUri,
    id,
    encrypt: false,
    parameters: {},
  }));
}

function readCname(video: Section): string {
  const value = (video.ssrcs ?? []).find(({ attribute }) => attribute === 'cname')?.value ?? '';
  return /^[\x21-\x7e]{1,255}$/.test(value) ? value : 'publisher';
}

function malformed(refused: string): ReadPublisherOffer {
  return { ok: false, fault: 'malformed', refused };
}

function unusable(refused: string): ReadPublisherOffer {
  return { ok: false, fault: 'unusable', refused };
}
