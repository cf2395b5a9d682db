/* Golden offers of the players there are, read and answered; and that nothing that is sent makes the reader throw. */
import fc from 'fast-check';
import * as sdpTransform from 'sdp-transform';
import t from 'tap';
import { buildPayloadCodecs } from '../../src/media/payload-routers.ts';
import { buildPlayerAnswer } from '../../src/media/sdp-player-answer.ts';
import { parsePlayerOffer } from '../../src/media/sdp-player-offer.ts';
import { offers } from './support/golden-offers.ts';

const golden = [
  ['chromium', { h264: 109, rtx: 114 }, '42e01f', 'passive', '0 1'],
  ['firefoxBundleOnly', { h264: 126, rtx: 127 }, '42e01f', 'passive', '0 1'],
  ['ffmpegPassive', { h264: 106, rtx: 105 }, '640028', 'active', '1'],
  ['sessionLevel', { h264: 96, rtx: null }, '42e01f', 'passive', 'video'],
  ['gstreamer', { h264: 101, rtx: null }, '42001f', 'passive', 'video0'],
] as const;

const transport = {
  ice: { usernameFragment: 'ours', password: 'p'.repeat(24), iceLite: true },
  candidates: [],
  fingerprints: [{ algorithm: 'sha-256' as const, value: 'CD' }],
  originId: '1',
  streamId: 'ses',
};

t.test('each golden offer is read and answered in its own numbers', async (t) => {
  for (const [name, payloadTypes, profileLevelId, ourSetup, mids] of golden) {
    const read = parsePlayerOffer(offers[name]);
    if (!read.ok) throw new Error(`${name}: ${read.refused}`);
    t.match(read.offer, { payloadTypes, profileLevelId, ourSetup }, name);
    t.equal(read.offer.dtls.role, ourSetup === 'active' ? 'server' : 'client', name);
    const { h264 } = payloadTypes;
    const codec = {
      ...{ mimeType: 'video/H264' as const, payloadType: h264, clockRate: 90_000 },
      parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f' },
    };
    const answer = buildPlayerAnswer(read.offer, {
      ...transport,
      video: { codecs: [codec], encodings: [{ ssrc: 7 }] },
      audio: null,
    });
    const parsed = sdpTransform.parse(answer);
    t.equal(parsed.media.length, read.offer.sections.length, 'a section for each that was offered');
    t.equal(String(parsed.groups?.[0]?.mids), mids);
    const video = parsed.media[read.offer.videoAt];
    t.match(video, { type: 'video', direction: 'sendonly', setup: ourSetup, payloads: String(h264) }, name);
    t.match(video?.fmtp[0]?.config, `profile-level-id=${profileLevelId}`);
    for (const other of parsed.media.filter((one) => one !== video)) t.match(other, { direction: 'inactive', port: 9 });
  }
});

t.test('an audio section is answered with the sound under its own number, where there is any', async (t) => {
  for (const [name, payloadType] of [
    ['chromium', 111],
    ['firefoxBundleOnly', 109],
  ] as const) {
    const read = parsePlayerOffer(offers[name]);
    if (!read.ok) throw new Error(read.refused);
    t.match(read.offer, { audioAt: 0, sounds: [{ codec: 'OPUS', payloadType }] });
    const video = {
      codecs: [{ mimeType: 'video/H264' as const, payloadType: 109, clockRate: 90_000 }],
      encodings: [{ ssrc: 7 }],
    };
    const opus = { mimeType: 'audio/opus' as const, payloadType, clockRate: 48_000, channels: 2 };
    const audio = { codecs: [opus], encodings: [{ ssrc: 8 }] };
    const parsed = sdpTransform.parse(buildPlayerAnswer(read.offer, { ...transport, video, audio }));
    t.match(parsed.media[0], { type: 'audio', direction: 'sendonly', payloads: String(payloadType), mid: '0' });
    t.match(parsed.media[0]?.ssrcs?.[0], { id: 8 });
  }
});

t.test('which sounds a player takes', async (t) => {
  const take = (section: string) => {
    const read = parsePlayerOffer(`${offers.sessionLevel}${section.replaceAll('\n', '\r\n')}`);
    return read.ok ? read.offer.sounds.map(({ codec, payloadType }) => `${codec} ${payloadType}`) : read.refused;
  };
  const rows = [
    ['m=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:1\na=rtpmap:111 OPUS/48000\n', ['OPUS 111'], 'without its channels'],
    ['m=audio 9 X 0 8\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n', ['PCMU 0', 'PCMA 8'], 'G.711'],
    ['m=audio 9 X 120\na=rtpmap:120 PCMU/8000\n', [], 'G.711 under another number'],
    ['m=audio 9 X 96\na=rtpmap:96 opus/48000/2\n', [], 'the number of the picture'],
    ['m=audio 9 X 111\na=sendonly\na=rtpmap:111 opus/48000/2\n', [], 'a player that sends'],
    ['m=audio 0 X 111\na=rtpmap:111 opus/48000/2\n', [], 'a section that is rejected'],
    ['m=audio 9 X 103\na=rtpmap:103 ISAC/16000\n', [], 'another codec'],
  ] as const;
  for (const [section, sounds, name] of rows) t.same(take(section), sounds, name);
});

t.test('what cannot be served says why', async (t) => {
  const mode0 = offers.gstreamer.replace('packetization-mode=1', 'packetization-mode=0');
  t.match(parsePlayerOffer(mode0), { ok: false, fault: 'unusable' });
  t.match(parsePlayerOffer(''), { ok: false, fault: 'malformed' });
  t.match(parsePlayerOffer('x'.repeat(100_000)), { ok: false, fault: 'malformed' });
  t.match(parsePlayerOffer(offers.gstreamer.replace(/a=fingerprint.*\r\n/, '')), { ok: false, fault: 'unusable' });
});

t.test('never throws, whatever is sent', async () => {
  const lines = Object.values(offers).flatMap((one) => one.split('\r\n'));
  const mixed = fc.array(fc.oneof(fc.constantFrom(...lines), fc.string()), { maxLength: 40 });
  fc.assert(fc.property(mixed, (some) => typeof parsePlayerOffer(some.join('\r\n')).ok === 'boolean'));
});

t.test('codecs nobody uses push RTX to its number', async (t) => {
  const codecs = buildPayloadCodecs({ h264: 100, rtx: 103 });
  t.same(
    codecs.map(({ preferredPayloadType }) => preferredPayloadType),
    [101, 102, 100],
  );
  t.equal(buildPayloadCodecs({ h264: 100, rtx: null }).length, 1);
  t.same(
    buildPayloadCodecs({ h264: 100, rtx: 103 }, { codec: 'OPUS', payloadType: 102 }).map(
      ({ mimeType, preferredPayloadType }) => `${mimeType} ${preferredPayloadType}`,
    ),
    ['audio/CN 101', 'audio/opus 102', 'video/H264 100'],
    'the sound stands in for one of them',
  );
});
