/*
 * Writes the answer to a player's own offer: the picture in its video section, the sound in an audio section where it is
 * served, everything else declined. Pure; called by valve.ts with the parameters of consumers whose payload types are
 * already the player's.
 */
import type { types } from 'mediasoup';
import { type OfferParts, toCodecLines, toSourceLines, toTransportLines } from './sdp-offer.ts';
import type { OfferedSection, PlayerOffer } from './sdp-player-offer.ts';

/**
 * Builds the answer. A declined section stays in the bundle as `a=inactive`: browsers fail when the first section of
 * a bundle is rejected. Throws TypeError when the transport has no SHA-256 fingerprint.
 */
export function buildPlayerAnswer(offer: PlayerOffer, parts: OfferParts): string {
  const shared = toTransportLines(parts, offer.ourSetup);
  const { videoAt, audioAt } = offer;
  const bundled = offer.sections.filter(({ firstCodec }, at) => at === videoAt || firstCodec !== null);
  return [
    'v=0',
    `o=- ${parts.originId} 1 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${bundled.map(({ mid }) => mid).join(' ')}`,
    ...(parts.ice.iceLite ? ['a=ice-lite'] : []),
    'a=ice-options:trickle',
    `a=msid-semantic: WMS ${parts.streamId}`,
    ...offer.sections.flatMap((section, at) =>
      toSection(section, at === videoAt ? toVideo(offer, parts) : at === audioAt ? parts.audio : null, parts, shared),
    ),
    '',
  ].join('\r\n');
}

/** The section as it is served; declined where there is nothing for it. */
function toSection(
  section: OfferedSection,
  rtp: types.RtpParameters | null,
  { streamId }: OfferParts,
  shared: readonly string[],
): string[] {
  if (rtp === null) return toDeclined(section, shared);
  return [
    `m=${section.kind} 9 ${section.protocol} ${rtp.codecs.map(({ payloadType }) => payloadType).join(' ')}`,
    ...shared,
    `a=mid:${section.mid}`,
    'a=sendonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...rtp.codecs.flatMap(toCodecLines),
    ...(rtp.headerExtensions ?? []).map(({ id, uri }) => `a=extmap:${id} ${uri}`),
    ...toSourceLines(section.kind === 'audio' ? 'audio' : 'video', rtp, streamId),
  ];
}

function toVideo({ profileLevelId }: PlayerOffer, { video }: OfferParts): types.RtpParameters {
  return { ...video, codecs: video.codecs.map((codec) => nameProfile(codec, profileLevelId)) };
}

/** An answer names the profile that was offered (RFC 6184, 8.2.2). */
export function nameProfile(codec: types.RtpCodecParameters, profileLevelId: string): types.RtpCodecParameters {
  if (codec.mimeType.toLowerCase() !== 'video/h264') return codec;
  return { ...codec, parameters: { ...codec.parameters, 'profile-level-id': profileLevelId } };
}

export function toDeclined(
  { kind, protocol, mid, payloads, firstCodec }: OfferedSection,
  shared: readonly string[],
): string[] {
  if (firstCodec === null) return [`m=${kind} 0 ${protocol} ${payloads}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`];
  const { payloadType, text } = firstCodec;
  return [
    `m=${kind} 9 ${protocol} ${payloadType}`,
    ...shared,
    `a=mid:${mid}`,
    'a=inactive',
    'a=rtcp-mux',
    `a=rtpmap:${payloadType} ${text}`,
  ];
}
