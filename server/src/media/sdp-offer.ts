/*
 * Writes the SDP offer for one valve from mediasoup's own parameters, so that payload types, RTX, header extensions
 * and transport-cc stay the router's: the worker cannot rewrite them for a viewer. Pure; called by valve.ts.
 */
import type { types } from 'mediasoup';

/** The media sections' identifications (RFC 8843). */
export const VIDEO_MID = '0';
export const AUDIO_MID = '1';

/** What mediasoup says of a transport. */
export type TransportParts = {
  readonly ice: types.IceParameters;
  readonly candidates: readonly types.IceCandidate[];
  readonly fingerprints: readonly types.DtlsFingerprint[];
};

export type OfferParts = TransportParts & {
  readonly video: types.RtpParameters;
  /** Null for a picture without sound. */
  readonly audio: types.RtpParameters | null;
  /** Session id of the `o=` line: digits, at most 18 (RFC 8866, 5.2). */
  readonly originId: string;
  /** Names the media stream of both in the page (RFC 8830); printable, no spaces. */
  readonly streamId: string;
};

/**
 * Builds the offer: a send-only video section and, where there is sound, one for it, bundled; ICE-lite, `actpass`, all
 * candidates inside. Throws TypeError when the transport has no SHA-256 fingerprint or a consumer no SSRC, which
 * mediasoup does not let happen.
 */
export function buildOffer(parts: OfferParts): string {
  const shared = toTransportLines(parts, 'actpass');
  const { video, audio, streamId } = parts;
  return [
    'v=0',
    `o=- ${parts.originId} 1 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${audio === null ? VIDEO_MID : `${VIDEO_MID} ${AUDIO_MID}`}`,
    'a=extmap-allow-mixed',
    ...(parts.ice.iceLite ? ['a=ice-lite'] : []),
    `a=msid-semantic: WMS ${streamId}`,
    ...toSection('video', VIDEO_MID, video, shared, streamId),
    ...(audio === null ? [] : toSection('audio', AUDIO_MID, audio, shared, streamId)),
    '',
  ].join('\r\n');
}

function toSection(
  kind: types.MediaKind,
  mid: string,
  rtp: types.RtpParameters,
  shared: readonly string[],
  streamId: string,
) {
  return [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${rtp.codecs.map((codec) => codec.payloadType).join(' ')}`,
    ...shared,
    `a=mid:${mid}`,
    'a=sendonly',
    'a=rtcp-mux',
    'a=rtcp-mux-only',
    'a=rtcp-rsize',
    ...rtp.codecs.flatMap(toCodecLines),
    ...(rtp.headerExtensions ?? []).map((extension) => `a=extmap:${extension.id} ${extension.uri}`),
    ...toSourceLines(kind, rtp, streamId),
  ];
}

/** What every section says of the one transport. Throws TypeError when it has no SHA-256 fingerprint. */
export function toTransportLines(
  { ice, candidates, fingerprints }: TransportParts,
  setup: 'actpass' | 'active' | 'passive',
): readonly string[] {
  const fingerprint = fingerprints.find((one) => one.algorithm === 'sha-256');
  if (!fingerprint) throw new TypeError('the transport has no sha-256 fingerprint');
  return [
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    `a=ice-ufrag:${ice.usernameFragment}`,
    `a=ice-pwd:${ice.password}`,
    ...candidates.map(toCandidateLine),
    'a=end-of-candidates',
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    `a=setup:${setup}`,
  ];
}

/** RFC 8839, 5.1; TCP candidates carry their type (RFC 6544). */
function toCandidateLine(candidate: types.IceCandidate): string {
  const tcpType = candidate.tcpType ? ` tcptype ${candidate.tcpType}` : '';
  const address = `${candidate.address} ${candidate.port}`;
  return `a=candidate:${candidate.foundation} 1 ${candidate.protocol} ${candidate.priority} ${address} typ ${candidate.type}${tcpType}`;
}

/** RFC 8866, 6.6 and 6.15; RFC 4585, 4.2. */
export function toCodecLines(codec: types.RtpCodecParameters): string[] {
  const name = codec.mimeType.split('/')[1] ?? '';
  const channels = (codec.channels ?? 1) > 1 ? `/${codec.channels}` : '';
  const parameters = Object.entries(codec.parameters ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  return [
    `a=rtpmap:${codec.payloadType} ${name}/${codec.clockRate}${channels}`,
    ...(parameters.length > 0 ? [`a=fmtp:${codec.payloadType} ${parameters.join(';')}`] : []),
    ...(codec.rtcpFeedback ?? []).map(
      (feedback) =>
        `a=rtcp-fb:${codec.payloadType} ${feedback.type}${feedback.parameter ? ` ${feedback.parameter}` : ''}`,
    ),
  ];
}

/** RFC 5576 and RFC 8830; players that ignore the mid extension find the stream by its SSRC. */
export function toSourceLines(kind: types.MediaKind, rtp: types.RtpParameters, streamId: string): string[] {
  const encoding = rtp.encodings?.[0];
  if (encoding?.ssrc === undefined) throw new TypeError('the consumer has no SSRC');
  const cname = rtp.rtcp?.cname ?? 'sallyport';
  const ssrcs = encoding.rtx ? [encoding.ssrc, encoding.rtx.ssrc] : [encoding.ssrc];
  return [
    `a=msid:${streamId} ${kind}`,
    ...(encoding.rtx ? [`a=ssrc-group:FID ${encoding.ssrc} ${encoding.rtx.ssrc}`] : []),
    ...ssrcs.map((ssrc) => `a=ssrc:${ssrc} cname:${cname}`),
  ];
}
