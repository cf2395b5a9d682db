/*
 * Writes the answer to a publisher's offer: what is taken is received, everything else is declined and stays in the
 * bundle. Pure; called by publisher.ts with the parameters of its transport.
 */
import { type TransportParts, toCodecLines, toTransportLines } from './sdp-offer.ts';
import { nameProfile, toDeclined } from './sdp-player-answer.ts';
import type { OfferedSection } from './sdp-player-offer.ts';
import type { PublisherOffer, SendingSection } from './sdp-publisher-offer.ts';

export type PublisherAnswerParts = TransportParts & {
  /** Session id of the `o=` line: digits, at most 18 (RFC 8866, 5.2). */
  readonly originId: string;
};

/** Builds the answer. Throws TypeError when the transport has no SHA-256 fingerprint, which mediasoup does not let happen. */
export function buildPublisherAnswer(offer: PublisherOffer, parts: PublisherAnswerParts): string {
  const shared = toTransportLines(parts, offer.ourSetup);
  const taken = (at: number): SendingSection | null =>
    [offer.video, offer.sound].find((sending) => sending?.at === at) ?? null;
  const bundled = offer.sections.filter(({ firstCodec }, at) => taken(at) !== null || firstCodec !== null);
  return [
    'v=0',
    `o=- ${parts.originId} 1 IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${bundled.map(({ mid }) => mid).join(' ')}`,
    ...(offer.isMixed ? ['a=extmap-allow-mixed'] : []),
    ...(parts.ice.iceLite ? ['a=ice-lite'] : []),
    'a=ice-options:trickle',
    ...offer.sections.flatMap((section, at) => {
      const sending = taken(at);
      return sending === null ? toDeclined(section, shared) : toTaken(section, sending, shared);
    }),
    '',
  ].join('\r\n');
}

function toTaken(
  section: OfferedSection,
  { rtp, rids, profileLevelId }: SendingSection,
  shared: readonly string[],
): string[] {
  const codecs = rtp.codecs.map((codec) => (profileLevelId === null ? codec : nameProfile(codec, profileLevelId)));
  return [
    `m=${section.kind} 9 ${section.protocol} ${codecs.map(({ payloadType }) => payloadType).join(' ')}`,
    ...shared,
    `a=mid:${section.mid}`,
    'a=recvonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...codecs.flatMap(toCodecLines),
    ...(rtp.headerExtensions ?? []).map(({ id, uri }) => `a=extmap:${id} ${uri}`),
    ...rids.map((rid) => `a=rid:${rid} recv`),
    ...(rids.length === 0 ? [] : [`a=simulcast:recv ${rids.join(';')}`]),
  ];
}
