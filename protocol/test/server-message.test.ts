/*
 * The schema of server messages: what a client may rely on, and that newer servers may add fields.
 */
import fc from 'fast-check';
import t from 'tap';
import { wireReasonSchema } from '../src/reasons.ts';
import { PROTOCOL_VERSION, type ServerMessage, serverMessageSchema } from '../src/server-message.ts';

const sessionId = `ses_${'c'.repeat(26)}` as const;
const good = {
  hello: {
    type: 'hello',
    protocolVersion: PROTOCOL_VERSION,
    nonce: 'n1',
    htu: 'https://video.example/v1/signal',
    limits: { feedsMax: 18, messageBytesMax: 65_536, answerWithinMs: 10_000 },
    iceServers: [{ urls: ['stun:stun.example:3478'] }, { urls: ['turn:t.example'], username: 'u', credential: 'c' }],
  },
  offer: { type: 'offer', id: 1, sessionId, sdp: 'v=0', untilMs: 1_800_000_000_000, leftMs: 300_000 },
  ice: { type: 'ice', id: 2, sessionId, ufrag: 'k3jf', pwd: 'p'.repeat(24) },
  gate: { type: 'gate', sessionId, state: 'closed', reason: 'not-available', untilMs: null, leftMs: null },
  error: { type: 'error', id: 1, sessionId: null, code: 'use-nonce', detail: 'again, please', nonce: 'n2' },
} as const satisfies Record<ServerMessage['type'], object>;

t.test('every message of the contract is read as it was written', async (t) => {
  for (const message of Object.values(good)) t.same(serverMessageSchema.parse(message), message, message.type);
});

t.test('every field is required', async (t) => {
  for (const message of Object.values(good)) {
    for (const field of Object.keys(message)) {
      const lacking = Object.fromEntries(Object.entries(message).filter(([name]) => name !== field));
      t.notOk(serverMessageSchema.safeParse(lacking).success, `${message.type} without ${field}`);
    }
  }
});

t.test('a field of a newer server is dropped, not refused', async (t) => {
  for (const message of Object.values(good)) t.same(serverMessageSchema.parse({ ...message, later: 1 }), message);
});

const wrong: readonly (readonly [name: string, message: unknown])[] = [
  ['another protocol version', { ...good.hello, protocolVersion: 2 }],
  ['limits of text', { ...good.hello, limits: { ...good.hello.limits, feedsMax: '18' } }],
  ['an ICE server without urls', { ...good.hello, iceServers: [{ username: 'u' }] }],
  ['an offer of another kind of session', { ...good.offer, sessionId: `cam_${'c'.repeat(26)}` }],
  ['an offer with a broken time', { ...good.offer, leftMs: 1.5 }],
  ['credentials that bring a line along', { ...good.ice, ufrag: 'k3jf\r\na=x' }],
  ['a password too short to be one', { ...good.ice, pwd: 'p' }],
  ['a gate that is ajar', { ...good.gate, state: 'ajar' }],
  ['a reason only the ledger may say', { ...good.gate, reason: 'consent-withdrawn' }],
  ['an error without a word', { ...good.error, code: null }],
];

t.test('wrong messages are refused', async (t) => {
  for (const [name, message] of wrong) t.notOk(serverMessageSchema.safeParse(message).success, name);
});

t.test('the wire has no word for why an owner said no', async (t) => {
  for (const word of wireReasonSchema.options) t.notMatch(word, /consent|owner|paused|withdrawn/);
});

t.test('arbitrary JSON never throws', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const result = serverMessageSchema.safeParse(value);
      return !result.success || Object.hasOwn(good, result.data.type);
    }),
  );
});
