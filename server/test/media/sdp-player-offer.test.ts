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
    const answer = buildPlayerAnswer(read.offer, { ...transport, rtp: { codecs: [codec], encodings: [{ ssrc: 7 }] } });
    const parsed = sdpTransform.parse(answer);
    t.equal(parsed.media.length, read.offer.sections.length, 'a section for each that was offered');
    t.equal(String(parsed.groups?.[0]?.mids), mids);
    const video = parsed.media[read.offer.videoAt];
    t.match(video, { type: 'video', direction: 'sendonly', setup: ourSetup, payloads: String(h264) }, name);
    t.match(video?.fmtp[0]?.config, `profile-level-id=${profileLevelId}`);
    for (const other of parsed.media.filter((one) => one !== video)) t.match(other, { direction: 'inactive', port: 9 });
  }
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
});
