/* Reads an offer as the server writes it, and writes an answer the server's own reader takes. */
import t from 'tap';
import { parseAnswer } from '../../../server/src/media/sdp-answer.ts';
import { buildAnswer, readOffer } from '../../src/engine/session-description.ts';

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':');
const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=ice-lite',
  'm=video 9 UDP/TLS/RTP/SAVPF 102 103',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789abcdefghijklmn',
  'a=candidate:tcp 1 tcp 1076276479 127.0.0.1 44001 typ host tcptype passive',
  'a=candidate:udp 1 udp 1076302079 127.0.0.1 44000 typ host',
  `a=fingerprint:sha-256 ${FINGERPRINT}`,
  'a=setup:actpass',
  'a=mid:0',
  'a=sendonly',
  'a=rtpmap:102 H264/90000',
  'a=rtcp-fb:102 nack',
  'a=rtpmap:103 rtx/90000',
  'a=extmap:5 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'a=ssrc-group:FID 111 222',
  'a=ssrc:111 cname:x',
  '',
].join('\r\n');

t.test('an offer gives what the media link needs', async (t) => {
  const offer = readOffer(sdp);
  t.match(offer, { fragment: 'abcd', address: '127.0.0.1', port: 44_000, ssrc: 111, repairSsrc: 222 });
  t.equal(offer.fingerprint, FINGERPRINT);
  t.same(offer.extensions, { transportSequence: 5, captureTime: 0 });
  t.equal(readOffer(sdp.replace('a=ssrc-group:FID 111 222\r\n', '')).repairSsrc, null);
});

t.test('the server takes the answer', async (t) => {
  const parts = { fragment: 'efgh', password: 'abcdefghijklmnopqrstuvwx', fingerprint: FINGERPRINT };
  const answer = parseAnswer(buildAnswer(readOffer(sdp), parts));
  t.ok(answer.ok, JSON.stringify(answer));
  t.match(answer, { dtls: { role: 'client' } });
});

t.test('an offer that lacks something says what', async (t) => {
  const without = (pattern: RegExp): string =>
    sdp
      .split('\r\n')
      .filter((line) => !pattern.test(line))
      .join('\r\n');
  for (const [pattern, words] of [
    [/ udp /, /UDP candidate/],
    [/ice-pwd/, /ICE password/],
    [/fingerprint/, /fingerprint/],
    [/^m=/, /no video/],
    [/ssrc/, /source/],
  ] as const) {
    t.throws(() => readOffer(without(pattern)), { name: 'OfferFault', message: words });
  }
});
