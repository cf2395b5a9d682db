/*
 * What our routers speak: one H.264 codec and three for sound, and how a camera's packets and their producers are
 * described in them. Pure. Viewers are always offered constrained baseline: browsers decode what cameras send under that
 * name, while several refuse a stream that is honestly called High.
 */
import type { types } from 'mediasoup';
import type { AudioCodec } from '../app/ports/feed-sink.ts';

/** Payload type of every camera's RTP inside the server; any number would do, since the server makes the offers. */
export const H264_PAYLOAD_TYPE = 102;

/** What the ingest stamps and the router passes on under the id it gives viewers; any id would do on the way in. */
export const CAPTURE_TIME = { uri: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time', id: 10 } as const;

/** RFC 6184, 8.1: constrained baseline, level 3.1; packetisation mode 1 carries FU-A. */
export const h264Parameters = {
  'level-asymmetry-allowed': 1,
  'packetization-mode': 1,
  'profile-level-id': '42e01f',
} as const;

/** NACK with RTX, PLI and transport-cc towards viewers. */
const videoCodec = {
  kind: 'video',
  mimeType: 'video/H264',
  clockRate: 90_000,
  preferredPayloadType: H264_PAYLOAD_TYPE,
  parameters: h264Parameters,
  rtcpFeedback: [
    { type: 'nack' },
    { type: 'nack', parameter: 'pli' },
    { type: 'ccm', parameter: 'fir' },
    { type: 'transport-cc' },
  ],
} as const;

/** Under what name, clock and number each kind of sound travels; the numbers of G.711 are fixed (RFC 3551, 6). */
export const audioCodecs = {
  OPUS: { mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111 },
  PCMU: { mimeType: 'audio/PCMU', clockRate: 8_000, channels: 1, payloadType: 0 },
  PCMA: { mimeType: 'audio/PCMA', clockRate: 8_000, channels: 1, payloadType: 8 },
} as const satisfies Record<AudioCodec, object>;

/** RFC 7587: a lost packet of Opus can be made up from the next; browsers answer it in kind. */
export const opusParameters = { minptime: 10, useinbandfec: 1 } as const;

/** Our H.264 at a number of choice. */
export function buildVideoCodec(payloadType: number): types.RouterRtpCodecCapability {
  const { kind, mimeType, clockRate, parameters, rtcpFeedback } = videoCodec;
  const feedback = rtcpFeedback.map((one) => ({ ...one }));
  return {
    ...{ kind, mimeType, clockRate, preferredPayloadType: payloadType },
    parameters: { ...parameters },
    rtcpFeedback: feedback,
  };
}

/** One kind of sound at a number of choice. */
export function buildAudioCodec(codec: AudioCodec, payloadType: number): types.RouterRtpCodecCapability {
  const { mimeType, clockRate, channels } = audioCodecs[codec];
  return {
    ...{ kind: 'audio', mimeType, clockRate, channels, preferredPayloadType: payloadType },
    parameters: codec === 'OPUS' ? { ...opusParameters } : {},
    rtcpFeedback: [],
  };
}

/** A feed's own router. Sound comes first, so that no number given out by itself is one of its own. */
export const routerCodecs: types.RouterRtpCodecCapability[] = [
  ...(['OPUS', 'PCMU', 'PCMA'] as const).map((codec) => buildAudioCodec(codec, audioCodecs[codec].payloadType)),
  buildVideoCodec(H264_PAYLOAD_TYPE),
];

/**
 * Builds the description of a camera's one RTP stream. PLI alone is asked for: with NACK the worker would take a
 * replayed group of pictures for repairs and ask for packets that never were.
 */
export function buildProducerParameters(ssrc: number): types.RtpParameters {
  return {
    codecs: [
      {
        mimeType: 'video/H264',
        payloadType: H264_PAYLOAD_TYPE,
        clockRate: 90_000,
        parameters: { ...h264Parameters },
        rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
      },
    ],
    headerExtensions: [{ ...CAPTURE_TIME }],
    encodings: [{ ssrc }],
    rtcp: { cname: CNAME, reducedSize: true },
  };
}

/** Builds the description of a camera's sound. The same CNAME as the picture: the two belong together (RFC 7022). */
export function buildAudioProducerParameters(codec: AudioCodec, ssrc: number): types.RtpParameters {
  const { mimeType, clockRate, channels, payloadType } = audioCodecs[codec];
  const parameters = codec === 'OPUS' ? { ...opusParameters } : {};
  return {
    codecs: [{ mimeType, payloadType, clockRate, channels, parameters, rtcpFeedback: [] }],
    encodings: [{ ssrc }],
    rtcp: { cname: CNAME, reducedSize: true },
  };
}

const CNAME = 'sallyport';

/** Which of our kinds of sound a producer carries; null for none of them. */
export function audioCodecOf(producer: types.Producer): AudioCodec | null {
  const mimeType = producer.rtpParameters.codecs[0]?.mimeType.toLowerCase();
  const kinds = ['OPUS', 'PCMU', 'PCMA'] as const;
  return kinds.find((kind) => audioCodecs[kind].mimeType.toLowerCase() === mimeType) ?? null;
}
