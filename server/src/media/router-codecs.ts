/*
 * What our routers speak: one H.264 codec, and how a camera's packets and their producer are described in it. Pure.
 * Viewers are always offered constrained baseline: browsers decode what cameras send under that name, while several
 * refuse a stream that is honestly called High.
 */
import type { types } from 'mediasoup';

/** Payload type of every camera's RTP inside the server; any number would do, since the server makes the offers. */
export const H264_PAYLOAD_TYPE = 102;

/** RFC 6184, 8.1: constrained baseline, level 3.1; packetisation mode 1 carries FU-A. */
const h264Parameters = {
  'level-asymmetry-allowed': 1,
  'packetization-mode': 1,
  'profile-level-id': '42e01f',
} as const;

/** The router's codecs; NACK with RTX, PLI and transport-cc towards viewers. */
export const routerCodecs: types.RouterRtpCodecCapability[] = [
  {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    preferredPayloadType: H264_PAYLOAD_TYPE,
    parameters: { ...h264Parameters },
    rtcpFeedback: [
      { type: 'nack' },
      { type: 'nack', parameter: 'pli' },
      { type: 'ccm', parameter: 'fir' },
      { type: 'transport-cc' },
    ],
  },
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
    encodings: [{ ssrc }],
    rtcp: { cname: 'sallyport', reducedSize: true },
  };
}
