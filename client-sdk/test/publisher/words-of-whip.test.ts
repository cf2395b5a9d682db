/*
 * What the publisher reads out of a WHIP server's words: links, credentials, codes. Tables, and texts nobody meant well.
 */
import fc from 'fast-check';
import t from 'tap';
import { codeToReason, deviceToReason, toBroken } from '../../src/publisher/publish-refusal.ts';
import { publishReasonText } from '../../src/publisher/publish-text.ts';
import { buildRestartFragment, readCredentials, withCredentials } from '../../src/publisher/sdp-fragment.ts';
import { readWhipLinks } from '../../src/publisher/whip-link.ts';

const base = 'https://video.example/v1/whip/cam';
const events = '</s/1/events>; rel="urn:sallyport:ext:server-sent-events"; events="wanted,idle,cut"';

t.test('links: ICE servers with their credentials, and the events of the same server only', async (t) => {
  const turn = '<turn:turn.example:3478?transport=udp>; rel="ice-server"; username="1:u"; credential="a\\"b,c;d"';
  t.same(readWhipLinks(`<stun:stun.example>; rel=ice-server, ${turn}, ${events}`, base), {
    iceServers: [
      { urls: 'stun:stun.example' },
      { urls: 'turn:turn.example:3478?transport=udp', username: '1:u', credential: 'a"b,c;d' },
    ],
    eventsUrl: 'https://video.example/s/1/events',
  });
  t.equal(readWhipLinks(events.replace('</s', '<https://elsewhere.example/s'), base).eventsUrl, null);
  t.same(readWhipLinks(null, base), { iceServers: [], eventsUrl: null });
  t.equal(readWhipLinks(Array(50).fill('<stun:a>; rel="ice-server"').join(', '), base).iceServers.length, 8);
  fc.assert(fc.property(fc.string(), (text) => readWhipLinks(text, base).iceServers.length <= 8));
});

const offer = [
  'v=0',
  'a=group:BUNDLE 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:0',
  'a=ice-ufrag:abcd',
  `a=ice-pwd:${'p'.repeat(24)}`,
  '',
].join('\r\n');

t.test('a restart fragment holds the new credentials and nothing else; a half offer makes none', async (t) => {
  t.equal(buildRestartFragment(offer), offer.replace('v=0\r\n', ''));
  for (const line of offer.split('\r\n').slice(1, -1)) {
    t.equal(buildRestartFragment(offer.replace(`${line}\r\n`, '')), null, `without ${line.slice(0, 12)}`);
  }
});

t.test('credentials are read whole or not at all, and put in place of the old ones', async (t) => {
  const fresh = { ufrag: 'wxyz', pwd: 'q'.repeat(24) };
  t.same(readCredentials(offer), { ufrag: 'abcd', pwd: 'p'.repeat(24) });
  t.same(readCredentials(withCredentials(offer, fresh)), fresh);
  t.equal(withCredentials(offer, fresh).split('\r\n').length, offer.split('\r\n').length);
  t.equal(readCredentials(offer.replace('a=ice-ufrag:abcd', 'a=ice-ufrag:a b')), null);
  t.equal(readCredentials(offer.replace(/a=ice-pwd.*/, 'a=ice-pwd:short')), null);
});

const answers: readonly (readonly [code: unknown, status: number, reason: string, next: string])[] = [
  ['token-expired', 401, 'token-expired', 'retrying'],
  ['use-nonce', 401, 'proof-invalid', 'final'],
  ['forbidden', 403, 'forbidden', 'final'],
  ['publisher-busy', 409, 'publisher-busy', 'retrying'],
  ['rate-limited', 429, 'busy', 'retrying'],
  ['overloaded', 503, 'busy', 'retrying'],
  ['worker-died', 0, 'fault', 'retrying'],
  ['server-stopped', 0, 'server-stopped', 'retrying'],
  ['taken-over', 0, 'taken-over', 'final'],
  ['flooded', 0, 'flooded', 'final'],
  [null, 404, 'not-found', 'final'],
  [null, 429, 'busy', 'retrying'],
  [null, 502, 'fault', 'retrying'],
  [null, 418, 'not-understood', 'final'],
  ['toString', 400, 'not-understood', 'final'],
  [7, 200, 'not-understood', 'final'],
];

t.test('codes and statuses: the reason, whether it comes back, and a sentence for it', async (t) => {
  for (const [code, status, reason, next] of answers) {
    t.same(toBroken(codeToReason(code, status)), { reason, next }, `${code} ${status}`);
    t.match(publishReasonText(codeToReason(code, status)), /^[A-Z].*\.$/);
  }
});

t.test('what a device says', async (t) => {
  const named = (name: string) => Object.assign(new Error('x'), { name });
  t.equal(deviceToReason(named('NotAllowedError')), 'device-refused');
  t.equal(deviceToReason(named('NotFoundError')), 'device-missing');
  t.equal(deviceToReason(named('OverconstrainedError')), 'device-missing');
  t.equal(deviceToReason(named('NotReadableError')), 'device-busy');
  for (const cause of [named('toString'), new Error('x'), null]) t.equal(deviceToReason(cause), 'unsupported');
});
