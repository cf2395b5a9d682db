/* Golden offers of publishers, read and answered; simulcast in every order; and that nothing makes the reader throw. */
import { limits } from '@sallyport/protocol/limits';
import fc from 'fast-check';
import * as sdpTransform from 'sdp-transform';
import t from 'tap';
import { buildPublisherAnswer } from '../../src/media/sdp-publisher-answer.ts';
import { parsePublisherOffer } from '../../src/media/sdp-publisher-offer.ts';
import { offers } from './support/golden-offers.ts';

const sending = (name: keyof typeof offers): string => offers[name].replaceAll('a=recvonly', 'a=sendonly');
const transport = {
  ice: { usernameFragment: 'ours', password: 'p'.repeat(24), iceLite: true },
  candidates: [],
  fingerprints: [{ algorithm: 'sha-256' as const, value: 'CD' }],
  originId: '1',
};
const read = (sdp: string) => {
  const offer = parsePublisherOffer(sdp);
  if (!offer.ok) throw new Error(offer.refused);
  return offer.offer;
};

const golden = [
  ['chromium', [109, 114], '42e01f', 'passive', '0 1'],
  ['firefoxBundleOnly', [126, 127], '42e01f', 'passive', '0 1'],
  ['ffmpegPassive', [106, 105], '640028', 'active', '1'],
  ['sessionLevel', [96], '42e01f', 'passive', 'video'],
  ['gstreamer', [101], '42001f', 'passive', 'video0'],
] as const;

t.test('each golden offer is taken under its own numbers and answered in kind', async (t) => {
  for (const [name, payloadTypes, profileLevelId, ourSetup, mids] of golden) {
    const offer = read(sending(name));
    t.match(offer.video, { profileLevelId, rids: [] }, name);
    t.same(
      offer.video.rtp.codecs.map(({ payloadType }) => payloadType),
      payloadTypes,
      name,
    );
    t.match(offer.video.rtp.codecs[0]?.parameters, { 'profile-level-id': '42e01f' }, 'inside it is what viewers take');
    t.equal(offer.dtls.role, ourSetup === 'active' ? 'server' : 'client', name);
    const parsed = sdpTransform.parse(buildPublisherAnswer(offer, transport));
    t.equal(parsed.media.length, offer.sections.length, 'a section for each that was offered');
    t.equal(String(parsed.groups?.[0]?.mids), mids);
    const video = parsed.media[offer.video.at];
    t.match(video, { type: 'video', direction: 'recvonly', setup: ourSetup, payloads: payloadTypes.join(' ') }, name);
    t.match(video?.fmtp[0]?.config, `profile-level-id=${profileLevelId}`, 'as offered');
    for (const other of parsed.media.filter((one) => one !== video)) {
      t.match(other, { type: 'audio', direction: 'recvonly', port: 9, rtp: [{ codec: 'opus', encoding: 2 }] }, name);
      t.equal(Number(other.payloads), offer.sound?.rtp.codecs[0]?.payloadType);
    }
  }
});

t.test('sound is taken where it is Opus under a number of its own', async (t) => {
  const chromium = sending('chromium');
  t.match(read(chromium).sound, { at: 0, rtp: { mid: '0', codecs: [{ mimeType: 'audio/opus', payloadType: 111 }] } });
  t.ok(read(chromium.replace('opus/48000/2', 'OPUS/48000')).sound, 'as some encoders write it');
  for (const other of ['PCMU/8000', 'opus/16000/2']) {
    const offer = read(chromium.replace('opus/48000/2', other));
    t.equal(offer.sound, null, other);
    t.match(sdpTransform.parse(buildPublisherAnswer(offer, transport)).media[0], { direction: 'inactive', port: 9 });
  }
  const clashing = chromium.replaceAll('SAVPF 111', 'SAVPF 109').replace('rtpmap:111', 'rtpmap:109');
  t.equal(read(clashing).sound, null, 'the number is that of the picture');
  t.equal(read(sending('gstreamer')).sound, null);
});

const ridLines = (listed: string, params: Readonly<Record<string, string>> = {}): string =>
  `${listed
    .split(';')
    .map((rid) => `a=rid:${rid} send${params[rid] ? ` ${params[rid]}` : ''}\r\n`)
    .join('')}a=simulcast:send ${listed}\r\n`;
const layered = (lines: string): string => sending('gstreamer') + lines;

t.test('simulcast: the worst layer first, however it is listed', async (t) => {
  const rows = [
    ['l;m;h', {}, ['l', 'm', 'h']],
    ['h;m;l', {}, ['l', 'm', 'h']],
    ['f;h;q', {}, ['q', 'h', 'f']],
    ['2;1;0', {}, ['0', '1', '2']],
    ['hi;lo', {}, ['lo', 'hi']],
    ['x;y', {}, ['x', 'y']],
    ['a;b;c', { a: 'max-width=1280', b: 'max-width=320', c: 'pt=101;max-width=640' }, ['b', 'c', 'a']],
    ['h;m;l', { h: 'max-width=320', m: 'max-width=640', l: 'max-width=1280' }, ['h', 'm', 'l']],
  ] as const;
  for (const [listed, params, expected] of rows) {
    const { video } = read(layered(ridLines(listed, params)));
    t.same(
      video.rtp.encodings?.map(({ rid }) => rid),
      expected,
      listed,
    );
    const answer = buildPublisherAnswer(read(layered(ridLines(listed, params))), transport);
    t.match(answer, `a=simulcast:recv ${listed}\r\n`, 'answered in the order of the offer');
    for (const rid of expected) t.match(answer, `a=rid:${rid} recv\r\n`);
  }
  t.same(read(layered(ridLines('only'))).video.rtp.encodings, [{}], 'one layer is no simulcast');
  t.same(read(layered(ridLines('l;m').replaceAll(' send', ' recv'))).video.rids, []);
});

t.test('sources by their number, where they are told', async (t) => {
  const groups = 'a=ssrc-group:FID 11 12\r\na=ssrc:11 cname:me\r\na=ssrc:12 cname:me\r\n';
  const withRtx = read(sending('ffmpegPassive') + groups);
  t.same(withRtx.video.rtp.encodings, [{ ssrc: 11, rtx: { ssrc: 12 } }]);
  t.equal(withRtx.video.rtp.rtcp?.cname, 'me');
  t.same(read(sending('sessionLevel') + groups).video.rtp.encodings, [{ ssrc: 11 }], 'no RTX was offered');
  t.same(read(sending('gstreamer')).video.rtp.encodings, [{}], 'learnt by the mid extension');
  const extended = `${sending('gstreamer')}a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:4 urn:x\r\n`;
  t.match(read(extended).video.rtp.headerExtensions, [{ id: 3, uri: /sdes:mid$/ }]);
  t.equal(read(extended).video.rtp.headerExtensions?.length, 1);
});

t.test('what cannot be taken says why', async (t) => {
  const chromium = sending('chromium');
  const rows = [
    ['hello', 'malformed', /not a session description/],
    ['', 'malformed', /not a session description/],
    ['v=0\r\n'.padEnd(limits.sdpBytesMax + 1, 'x'), 'malformed', /longer than/],
    [offers.chromium, 'unusable', /a=recvonly in the audio section/],
    [offers.gstreamer, 'unusable', /a=recvonly in the video section/],
    [chromium.replaceAll('a=sendonly', 'a=inactive'), 'unusable', /a=inactive/],
    [chromium.replaceAll('H264', 'VP8'), 'unusable', /does not send H264/],
    [chromium.replaceAll('packetization-mode=1', 'packetization-mode=0'), 'unusable', /packetization-mode 1/],
    [chromium.replace('m=audio', 'm=video'), 'unusable', /exactly one video/],
    [chromium.replace('m=video', 'm=audio'), 'unusable', /exactly one video/],
    [chromium.replaceAll('a=rtcp-mux', 'a=x'), 'unusable', /rtcp-mux/],
    [chromium.replaceAll('a=fingerprint', 'a=x'), 'unusable', /fingerprint/],
    [chromium.replaceAll('a=ice-pwd', 'a=x'), 'unusable', /ice-pwd/],
    [chromium.replaceAll('actpass', 'holdconn'), 'unusable', /holdconn/],
    [chromium.replace('m=video 9', 'm=video 0'), 'unusable', /rejected/],
  ] as const;
  for (const [sdp, fault, refused] of rows) t.match(parsePublisherOffer(sdp), { ok: false, fault, refused });
  const lines = chromium.split('\r\n');
  const audio = lines.slice(lines.findIndex((line) => line.startsWith('m=audio'))).join('\r\n');
  t.match(parsePublisherOffer(chromium + audio), { ok: false, refused: /exactly one video/ });
});

t.test('nothing that is sent makes it throw or write a broken line', async () => {
  const base = sending('chromium') + ridLines('h;m;l');
  const lines = base.split('\r\n');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(lines.length), fc.oneof(fc.string(), fc.constantFrom(...lines))), { maxLength: 6 }),
      (edits) => {
        const changed = [...lines];
        for (const [at, line] of edits) changed[at] = line;
        const offer = parsePublisherOffer(changed.join('\r\n'));
        if (!offer.ok) return offer.refused.length > 0;
        const answer = buildPublisherAnswer(offer.offer, transport);
        return answer.split('\r\n').every((line) => line === '' || /^[a-z]=[^\r\n\0]*$/.test(line));
      },
    ),
    { numRuns: 2_000 },
  );
});
