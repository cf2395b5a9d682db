/* Answers as browsers write them, as others may, and as nobody should; whatever comes, a value is the outcome. */
import { limits } from '@sallyport/protocol/limits';
import fc from 'fast-check';
import t from 'tap';
import { parseAnswer } from '../../src/media/sdp-answer.ts';

const hash = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0').toUpperCase()).join(':');

const chromium = `v=0
o=- 2992565641583698108 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=video 9 UDP/TLS/RTP/SAVPF 102 100
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:i2EH
a=ice-pwd:e7TvS8uVJGa+fzYotwpLpYvp
a=ice-options:trickle
a=fingerprint:sha-256 ${hash}
a=setup:active
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=recvonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:102 H264/90000
a=rtcp-fb:102 transport-cc
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:100 rtx/90000
a=fmtp:100 apt=102
`.replaceAll('\n', '\r\n');

/** The fingerprint for the whole session, attributes in another order, a candidate inside. */
const firefox = `v=0
o=mozilla...THIS_IS_SDPARTA-99.0 4767310246374 0 IN IP4 0.0.0.0
s=-
t=0 0
a=sendrecv
a=fingerprint:sha-256 ${hash}
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=video 9 UDP/TLS/RTP/SAVPF 102 100
c=IN IP4 0.0.0.0
a=candidate:0 1 UDP 2122252543 192.0.2.9 50011 typ host
a=recvonly
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=fmtp:102 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1
a=fmtp:100 apt=102
a=ice-pwd:6e1f0bd5b6d8c1c1b3b5a1a5a0e1f2d3
a=ice-ufrag:48151623
a=mid:0
a=rtcp-fb:102 nack
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:102 H264/90000
a=rtpmap:100 rtx/90000
a=setup:active
a=ssrc:1234 cname:{5ad4a3b0-0000-4000-8000-000000000000}
`.replaceAll('\n', '\r\n');

const change = (from: string | RegExp, to: string, base = chromium) => {
  const changed = base.replace(from, to);
  if (changed === base) throw new Error(`the test changes nothing: ${String(from)}`);
  return changed;
};
const sessionLevel = (line: string) => change('m=video', `${line}\r\nm=video`, change(`${line}\r\n`, ''));

t.test('taken', (t) => {
  const client = { ok: true, dtls: { role: 'client', fingerprints: [{ algorithm: 'sha-256', value: hash }] } };
  const longer = Array.from({ length: 64 }, () => 'AA').join(':');
  const rows: readonly (readonly [string, string, object])[] = [
    ['Chromium', chromium, client],
    ['Firefox: session fingerprint, ufrag all digits', firefox, client],
    ['line ends without carriage return', chromium.replaceAll('\r\n', '\n'), client],
    ['setup for the session', sessionLevel('a=setup:active'), client],
    ['ufrag for the session', sessionLevel('a=ice-ufrag:i2EH'), client],
    ['password for the session', sessionLevel('a=ice-pwd:e7TvS8uVJGa+fzYotwpLpYvp'), client],
    ['passive: the viewer is the DTLS server', change('setup:active', 'setup:passive'), { dtls: { role: 'server' } }],
    ['lower-case hash', change(hash, hash.toLowerCase()), client],
    [
      'sha-512',
      change(`sha-256 ${hash}`, `SHA-512 ${longer}`),
      { dtls: { fingerprints: [{ algorithm: 'sha-512', value: longer }] } },
    ],
    ['no mid', change('a=mid:0\r\n', ''), client],
    [
      'bundle-only with port 0',
      change('m=video 9', 'm=video 0').replace('a=mid:0', 'a=bundle-only\r\na=mid:0'),
      client,
    ],
    ['sendrecv', change('a=recvonly', 'a=sendrecv'), client],
    ['without RTX', change('102 100', '102').replace('a=rtpmap:100 rtx/90000\r\n', ''), client],
  ];
  for (const [name, sdp, expected] of rows) t.match(parseAnswer(sdp), expected, name);
  t.end();
});

t.test('refused, with a reason', (t) => {
  const rows: readonly (readonly [string, string, string | RegExp])[] = [
    ['empty', '', 'not a session description'],
    ['garbage', 'hello', 'not a session description'],
    ['JSON', '{"type":"answer"}', 'not a session description'],
    ['too long', `${chromium}${'a=x:y\r\n'.repeat(5_000)}`, /longer than/],
    ['long in bytes, not in characters', 'é'.repeat(limits.sdpBytesMax - 1), /longer than/],
    ['another version', change('v=0', 'v=1'), 'not a session description'],
    ['no media', chromium.slice(0, chromium.indexOf('m=video')), /exactly the media sections/],
    ['two sections', `${chromium}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n`, /exactly the media sections/],
    ['audio', change('m=video', 'm=audio'), /must be video/],
    ['rejected section', change('m=video 9', 'm=video 0'), /rejected the video section/],
    ['another mid', change('a=mid:0', 'a=mid:1'), 'a=mid must be 0'],
    ['inactive', change('a=recvonly', 'a=inactive'), /does not take the picture/],
    ['sendonly', change('a=recvonly', 'a=sendonly'), /does not take the picture/],
    ['no rtcp-mux', change('a=rtcp-mux\r\n', ''), /rtcp-mux/],
    ['another codec', change('102 H264', '102 VP8'), /H264/],
    ['another payload type', change('rtpmap:102', 'rtpmap:103'), /H264/],
    ['another clock', change('H264/90000', 'H264/48000'), /H264/],
    ['no fingerprint', change(/a=fingerprint.*\r\n/, ''), 'a=fingerprint is missing'],
    ['SHA-1', change('sha-256', 'sha-1'), /sha-256, sha-384 or sha-512/],
    ['a hash that is a property of every object', change('sha-256', 'constructor'), /sha-256/],
    ['a hash of another length', change(`:${hash.slice(-2)}\r`, '\r'), /not a sha-256 hash/],
    ['a hash with other letters', change('sha-256 00:', 'sha-256 ZZ:'), /not a sha-256 hash/],
    ['no ufrag', change(/a=ice-ufrag.*\r\n/, ''), /ice-ufrag/],
    ['short ufrag', change('i2EH', 'i2'), /ice-ufrag/],
    ['no password', change(/a=ice-pwd.*\r\n/, ''), /ice-pwd/],
    ['short password', change('e7TvS8uVJGa+fzYotwpLpYvp', 'e7TvS8uVJGa'), /ice-pwd/],
    ['no setup', change('a=setup:active\r\n', ''), /a=setup/],
    ['actpass in an answer', change('setup:active', 'setup:actpass'), /a=setup/],
    ['holdconn', change('setup:active', 'setup:holdconn'), /a=setup/],
  ];
  for (const [name, sdp, refused] of rows) t.match(parseAnswer(sdp), { ok: false, refused }, name);
  t.end();
});

t.test('with sound on offer: taken, declined, or wrong', (t) => {
  const sound = (lines: string) => parseAnswer(`${chromium}${lines.replaceAll('\n', '\r\n')}`, 0);
  const section = 'm=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:1\na=recvonly\na=rtcp-mux\n';
  const rows: readonly (readonly [string, string, object])[] = [
    ['taken', section, { ok: true, takesAudio: true }],
    ['taken beside another codec', section.replace('SAVPF 0', 'SAVPF 8 0'), { ok: true, takesAudio: true }],
    ['rejected', section.replace('audio 9', 'audio 0'), { ok: true, takesAudio: false }],
    ['inactive', section.replace('recvonly', 'inactive'), { ok: true, takesAudio: false }],
    ['under another number', section.replace('SAVPF 0', 'SAVPF 111'), { ok: true, takesAudio: false }],
    ['another mid', section.replace('mid:1', 'mid:0'), { ok: false, refused: 'a=mid must be 1' }],
    ['a second picture', section.replace('audio', 'video'), { ok: false, refused: /must be audio/ }],
    ['no section for it', '', { ok: false, refused: /exactly the media sections/ }],
  ];
  for (const [name, lines, expected] of rows) t.match(sound(lines), expected, name);
  t.match(parseAnswer(chromium), { takesAudio: false }, 'none was offered');
  t.end();
});

t.test('never throws, and takes only what has a good hash and role', (t) => {
  const lines = chromium.split('\r\n');
  const someLines = fc.shuffledSubarray(lines).map((some) => some.join('\r\n'));
  const cutAnywhere = fc
    .tuple(fc.nat(chromium.length), fc.string({ maxLength: 40, unit: 'binary' }), fc.nat(60))
    .map(([at, inserted, removed]) => chromium.slice(0, at) + inserted + chromium.slice(at + removed));
  const strange = fc.array(fc.tuple(fc.constantFrom(...'vosctamb'), fc.string())).map((rows) => {
    return rows.map(([type, value]) => `${type}=${value}`).join('\n');
  });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), someLines, cutAnywhere, strange), (text) => {
      const answer = parseAnswer(text);
      if (!answer.ok) return answer.refused.length > 0;
      const [fingerprint] = answer.dtls.fingerprints;
      return /^(client|server)$/.test(answer.dtls.role ?? '') && /^[0-9A-F:]{95,191}$/.test(fingerprint?.value ?? '');
    }),
    { numRuns: 3_000 },
  );
  t.end();
});
