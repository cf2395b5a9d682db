/*
 * Reads the server's SDP offer and writes the answer of a viewer that takes all of it. Pure; throws OfferFault with what
 * is missing, since a harness that guesses measures something else.
 */
import type { ExtensionIds } from './rtp-header.ts';

const CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';
const TRANSPORT_SEQUENCE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

export class OfferFault extends Error {
  override readonly name = 'OfferFault';
}

type Section = { readonly kind: string; readonly mid: string; readonly lines: readonly string[] };

export type Offer = {
  readonly fragment: string;
  readonly password: string;
  /** Of the server's certificate, as SDP writes it. */
  readonly fingerprint: string;
  /** Where to send, by UDP. */
  readonly address: string;
  readonly port: number;
  readonly ssrc: number;
  /** Of retransmissions; null when none are offered. */
  readonly repairSsrc: number | null;
  readonly extensions: ExtensionIds;
  readonly sections: readonly Section[];
};

export function readOffer(sdp: string): Offer {
  const lines = sdp.split(/\r?\n/);
  const one = (pattern: RegExp, what: string): RegExpExecArray => {
    const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
    if (!found) throw new OfferFault(`the offer has no ${what}`);
    return found;
  };
  const sections = readSections(lines);
  const video = sections.find(({ kind }) => kind === 'video');
  if (!video) throw new OfferFault('the offer has no video');
  const [, address = '', port] = one(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ /i, 'UDP candidate');
  const { ssrc, repairSsrc } = readSources(video.lines);
  return {
    fragment: one(/^a=ice-ufrag:(\S+)/, 'ICE user fragment')[1] ?? '',
    password: one(/^a=ice-pwd:(\S+)/, 'ICE password')[1] ?? '',
    fingerprint: (one(/^a=fingerprint:sha-256 (\S+)/i, 'SHA-256 fingerprint')[1] ?? '').toUpperCase(),
    address,
    port: Number(port),
    ssrc,
    repairSsrc,
    extensions: {
      transportSequence: extensionId(video.lines, TRANSPORT_SEQUENCE),
      captureTime: extensionId(video.lines, CAPTURE_TIME),
    },
    sections,
  };
}

function readSections(lines: readonly string[]): readonly Section[] {
  const sections: { kind: string; mid: string; lines: string[] }[] = [];
  for (const line of lines) {
    const media = /^m=(\S+) /.exec(line);
    if (media) sections.push({ kind: media[1] ?? '', mid: '', lines: [line] });
    else sections.at(-1)?.lines.push(line);
    const mid = /^a=mid:(\S+)/.exec(line)?.[1];
    const last = sections.at(-1);
    if (mid !== undefined && last) last.mid = mid;
  }
  return sections;
}

function readSources(lines: readonly string[]): { readonly ssrc: number; readonly repairSsrc: number | null } {
  for (const line of lines) {
    const pair = /^a=ssrc-group:FID (\d+) (\d+)/.exec(line);
    if (pair) return { ssrc: Number(pair[1]), repairSsrc: Number(pair[2]) };
  }
  const single = lines.map((line) => /^a=ssrc:(\d+) /.exec(line)).find((match) => match !== null);
  if (!single) throw new OfferFault('the offer names no source of its video');
  return { ssrc: Number(single[1]), repairSsrc: null };
}

function extensionId(lines: readonly string[], uri: string): number {
  const found = lines.map((line) => /^a=extmap:(\d+)\S* (\S+)/.exec(line)).find((match) => match?.[2] === uri);
  return found ? Number(found[1]) : 0;
}

export type AnswerParts = { readonly fragment: string; readonly password: string; readonly fingerprint: string };

/** Builds the answer: takes every section as offered, receives only, and opens DTLS itself. */
export function buildAnswer(offer: Offer, { fragment, password, fingerprint }: AnswerParts): string {
  const session = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${offer.sections.map(({ mid }) => mid).join(' ')}`,
  ];
  const sections = offer.sections.flatMap(({ mid, lines }) => [
    (lines[0] ?? '').replace(/^(m=\S+) \d+/, '$1 9'),
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${fragment}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    'a=setup:active',
    `a=mid:${mid}`,
    'a=recvonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    ...lines.filter((line) => /^a=(rtpmap|fmtp|rtcp-fb|extmap):/.test(line)),
  ]);
  return [...session, ...sections, ''].join('\r\n');
}
