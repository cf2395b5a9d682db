/* The offer as text: golden, parsed back, and accepted by our own answer reader once turned round. */
import type { types } from 'mediasoup';
import * as sdpTransform from 'sdp-transform';
import t from 'tap';
import { AUDIO_MID, buildOffer, type OfferParts, VIDEO_MID } from '../../src/media/sdp-offer.ts';

const candidate = { foundation: 'udpcandidate', priority: 1_076_302_079, ip: '192.0.2.7', address: '192.0.2.7' };
const rtp: types.RtpParameters = {
  mid: VIDEO_MID,
  codecs: [
    {
      mimeType: 'video/H264',
      payloadType: 102,
      clockRate: 90_000,
      parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f' },
      rtcpFeedback: [{ type: 'transport-cc' }, { type: 'nack', parameter: 'pli' }],
    },
    { mimeType: 'video/rtx', payloadType: 103, clockRate: 90_000, parameters: { apt: 102 }, rtcpFeedback: [] },
  ],
  headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1, encrypt: false, parameters: {} }],
  encodings: [{ ssrc: 1111, rtx: { ssrc: 2222 } }],
  rtcp: { cname: 'sallyport', reducedSize: true },
};
const parts: OfferParts = {
  ice: { usernameFragment: 'abcd', password: 'p'.repeat(22), iceLite: true },
  candidates: [
    { ...candidate, protocol: 'udp', port: 40_000, type: 'host' },
    { ...candidate, foundation: 'tcpcandidate', protocol: 'tcp', port: 40_000, type: 'host', tcpType: 'passive' },
  ],
  fingerprints: [
    { algorithm: 'sha-1', value: '00' },
    { algorithm: 'sha-256', value: 'AB:CD' },
  ],
  video: rtp,
  audio: null,
  originId: '42',
  streamId: 'ses_x',
};

t.test('golden', (t) => {
  const golden = [
    'v=0',
    'o=- 42 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=extmap-allow-mixed',
    'a=ice-lite',
    'a=msid-semantic: WMS ses_x',
    'm=video 9 UDP/TLS/RTP/SAVPF 102 103',
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    'a=ice-ufrag:abcd',
    'a=ice-pwd:pppppppppppppppppppppp',
    'a=candidate:udpcandidate 1 udp 1076302079 192.0.2.7 40000 typ host',
    'a=candidate:tcpcandidate 1 tcp 1076302079 192.0.2.7 40000 typ host tcptype passive',
    'a=end-of-candidates',
    'a=fingerprint:sha-256 AB:CD',
    'a=setup:actpass',
    'a=mid:0',
    'a=sendonly',
    'a=rtcp-mux',
    'a=rtcp-mux-only',
    'a=rtcp-rsize',
    'a=rtpmap:102 H264/90000',
    'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f',
    'a=rtcp-fb:102 transport-cc',
    'a=rtcp-fb:102 nack pli',
    'a=rtpmap:103 rtx/90000',
    'a=fmtp:103 apt=102',
    'a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid',
    'a=msid:ses_x video',
    'a=ssrc-group:FID 1111 2222',
    'a=ssrc:1111 cname:sallyport',
    'a=ssrc:2222 cname:sallyport',
    '',
  ];
  t.same(buildOffer(parts).split('\r\n'), golden);
  t.end();
});

t.test('with sound there is a second section in the bundle, on the same transport', (t) => {
  const opus = {
    mimeType: 'audio/opus',
    payloadType: 111,
    clockRate: 48_000,
    channels: 2,
    parameters: { minptime: 10 },
  };
  const audio: types.RtpParameters = { codecs: [{ ...opus, mimeType: 'audio/opus' }], encodings: [{ ssrc: 3333 }] };
  const text = buildOffer({ ...parts, audio });
  t.match(text, 'a=group:BUNDLE 0 1\r\n');
  t.ok(text.startsWith(buildOffer(parts).replace('BUNDLE 0', 'BUNDLE 0 1')), 'the picture is offered as ever');
  const [, section] = sdpTransform.parse(text).media;
  t.match(section, { type: 'audio', mid: AUDIO_MID, direction: 'sendonly', iceUfrag: 'abcd', payloads: '111' });
  t.match(section, { rtp: [{ codec: 'opus', rate: 48_000, encoding: 2 }], fmtp: [{ config: 'minptime=10' }] });
  t.match(text, 'a=msid:ses_x audio\r\na=ssrc:3333 cname:sallyport\r\n');
  t.end();
});

t.test('a parser reads back what was meant', (t) => {
  const [section] = sdpTransform.parse(buildOffer(parts)).media;
  t.match(section, { type: 'video', mid: VIDEO_MID, direction: 'sendonly', setup: 'actpass', rtcpMux: 'rtcp-mux' });
  t.equal(section?.candidates?.length, 2);
  t.same(
    section?.rtp.map((codec) => codec.payload),
    [102, 103],
  );
  t.end();
});

t.test('without RTX there is one source and no group', (t) => {
  const [codec] = rtp.codecs;
  const offer = buildOffer({ ...parts, video: { ...rtp, codecs: codec ? [codec] : [], encodings: [{ ssrc: 7 }] } });
  t.notMatch(offer, 'ssrc-group');
  t.equal(offer.match(/a=ssrc:/g)?.length, 1);
  t.end();
});

t.test('throws rather than write an offer nobody could check or play', (t) => {
  t.throws(() => buildOffer({ ...parts, fingerprints: [{ algorithm: 'sha-1', value: '00' }] }), TypeError);
  t.throws(() => buildOffer({ ...parts, video: { ...rtp, encodings: [] } }), TypeError);
  t.end();
});
