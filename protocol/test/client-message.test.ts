/*
 * The schema of client messages against tables and against arbitrary JSON: what the server's parser lets in.
 */
import fc from 'fast-check';
import t from 'tap';
import { type ClientMessage, clientMessageSchema } from '../src/client-message.ts';
import { limits } from '../src/limits.ts';

const cameraId = `cam_${'a'.repeat(26)}`;
const sessionId = `ses_${'b'.repeat(26)}`;

const good = {
  join: { type: 'join', id: 1, cameraId, token: 'a.b.c', proof: 'd.e.f' },
  answer: { type: 'answer', sessionId, sdp: 'v=0' },
  renew: { type: 'renew', id: 2, sessionId, token: 'a.b.c', proof: 'd.e.f' },
  restart: { type: 'restart', id: 3, sessionId },
  leave: { type: 'leave', sessionId },
  presented: { type: 'presented', sessionId, afterOfferMs: 182.5 },
} as const satisfies Record<ClientMessage['type'], object>;

t.test('every message of the contract is read as it was written', async (t) => {
  for (const message of Object.values(good)) t.same(clientMessageSchema.parse(message), message, message.type);
});

t.test('a missing, unknown or extra field is refused and named', async (t) => {
  for (const message of Object.values(good)) {
    for (const field of Object.keys(message)) {
      const lacking = Object.fromEntries(Object.entries(message).filter(([name]) => name !== field));
      t.notOk(clientMessageSchema.safeParse(lacking).success, `${message.type} without ${field}`);
    }
    const extra = clientMessageSchema.safeParse({ ...message, admin: true });
    t.notOk(extra.success, `${message.type} with an unknown field`);
    t.match(extra.error?.issues[0], { code: 'unrecognized_keys', keys: ['admin'] });
  }
});

const wrong: readonly (readonly [name: string, message: unknown])[] = [
  ['no type', { id: 1 }],
  ['a type of another kind', { ...good.leave, type: 7 }],
  ['an unknown type', { ...good.leave, type: 'subscribe' }],
  ['a server type', { ...good.leave, type: 'gate' }],
  ['an id of text', { ...good.join, id: '1' }],
  ['a negative id', { ...good.join, id: -1 }],
  ['a broken id', { ...good.join, id: 1.5 }],
  ['an id beyond exact integers', { ...good.join, id: 2 ** 53 }],
  ['an id that is no number', { ...good.join, id: Number.NaN }],
  ['a camera id of another kind', { ...good.join, cameraId: sessionId }],
  ['a camera id too short', { ...good.join, cameraId: 'cam_a' }],
  ['a camera id with a line behind it', { ...good.join, cameraId: `${cameraId}\n` }],
  ['a camera id in capitals', { ...good.join, cameraId: cameraId.toUpperCase() }],
  ['a list for a camera id', { ...good.join, cameraId: [cameraId] }],
  ['a token of null', { ...good.join, token: null }],
  ['a giant token', { ...good.join, token: 'x'.repeat(limits.tokenBytesMax + 1) }],
  ['a giant proof', { ...good.renew, proof: 'x'.repeat(limits.proofBytesMax + 1) }],
  ['an empty SDP', { ...good.answer, sdp: '' }],
  ['a giant SDP', { ...good.answer, sdp: 'x'.repeat(limits.sdpBytesMax + 1) }],
  ['an SDP as an object', { ...good.answer, sdp: { type: 'answer', sdp: 'v=0' } }],
  ['a time before the offer', { ...good.presented, afterOfferMs: -1 }],
  ['a time of an hour', { ...good.presented, afterOfferMs: 3_600_000 }],
  ['an endless time', { ...good.presented, afterOfferMs: Number.POSITIVE_INFINITY }],
  ['null', null],
  ['a list', [good.join]],
  ['a text', JSON.stringify(good.join)],
];

t.test('wrong messages are refused', async (t) => {
  for (const [name, message] of wrong) t.notOk(clientMessageSchema.safeParse(message).success, name);
});

t.test('the longest allowed texts still pass', async (t) => {
  const longest = {
    ...good.join,
    token: 'x'.repeat(limits.tokenBytesMax),
    proof: 'x'.repeat(limits.proofBytesMax),
  };
  t.ok(clientMessageSchema.safeParse(longest).success);
  t.ok(JSON.stringify(longest).length < limits.signalMessageBytesMax, 'and fit in one message');
  const answer = { ...good.answer, sdp: 'x'.repeat(limits.sdpBytesMax) };
  t.ok(clientMessageSchema.safeParse(answer).success);
  t.ok(JSON.stringify(answer).length < limits.signalMessageBytesMax, 'and fit in one message');
});

t.test('arbitrary JSON is never let in by accident and never throws', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const result = clientMessageSchema.safeParse(value);
      return !result.success || Object.hasOwn(good, result.data.type);
    }),
  );
});

t.test('one field replaced by anything: what passes keeps the field within its bounds', async () => {
  const messages = fc.constantFrom(...Object.values(good));
  const within = (value: unknown): boolean =>
    typeof value === 'number' ? Number.isFinite(value) && value >= 0 : typeof value === 'string';
  fc.assert(
    fc.property(messages, fc.nat(5), fc.jsonValue(), (message, at, value) => {
      const names = Object.keys(message);
      const name = names[at % names.length] ?? 'type';
      const result = clientMessageSchema.safeParse({ ...message, [name]: value });
      return !result.success || within(value);
    }),
  );
});

t.test('names that reach into prototypes are ordinary unknown fields', async (t) => {
  const message = JSON.parse(`{"type":"leave","sessionId":"${sessionId}","__proto__":{"admin":true}}`);
  t.notOk(clientMessageSchema.safeParse(message).success);
  t.notOk(clientMessageSchema.safeParse({ ...good.leave, constructor: 'x' }).success);
});
