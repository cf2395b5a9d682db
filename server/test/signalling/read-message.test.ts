/* Texts and what they are read as: every message of the protocol, what is wrong with others, and random ones. */
import { clientMessageSchema } from '@sallyport/protocol/client-message';
import { limits } from '@sallyport/protocol/limits';
import fc from 'fast-check';
import t from 'tap';
import { signallingBounds } from '../../src/signalling/bounds.ts';
import { readMessage } from '../../src/signalling/read-message.ts';
import { cameraOf, sessionOf } from './fake-keeper.ts';

const cameraId = cameraOf(1);
const sessionId = sessionOf(1);
const join = { type: 'join', id: 1, cameraId, token: 't', proof: 'p' };

const good: readonly object[] = [
  join,
  { type: 'answer', sessionId, sdp: 'v=0' },
  { type: 'renew', id: 0, sessionId, token: 't', proof: 'p' },
  { type: 'restart', id: 0, sessionId },
  { type: 'leave', sessionId },
  { type: 'presented', sessionId, afterOfferMs: 27.5 },
];
for (const message of good) {
  t.test(`reads ${JSON.stringify(message)}`, async (t) => {
    t.same(readMessage(JSON.stringify(message)), { ok: true, message });
  });
}

t.test('every type of the protocol is known', async (t) => {
  for (const option of clientMessageSchema.options) {
    const type = option.shape.type.value;
    t.notMatch(readMessage(JSON.stringify({ type })), { code: 'unknown-message' }, type);
  }
});

const bad: readonly [name: string, text: string, code: string, detail: RegExp, id: number | null][] = [
  ['no JSON', '{', 'malformed-message', /not JSON/, null],
  ['nothing', '', 'malformed-message', /not JSON/, null],
  ['a number', '7', 'malformed-message', /^type:/, null],
  ['null', 'null', 'malformed-message', /^type:/, null],
  ['an array', '[]', 'malformed-message', /^type:/, null],
  ['no type', '{"id":3}', 'malformed-message', /^type:/, null],
  ['a type that is no text', '{"type":3}', 'malformed-message', /^type:/, null],
  ['a type of tomorrow', '{"type":"publish","id":4}', 'unknown-message', /known types: join/, 4],
  ['a type of every object', '{"type":"constructor"}', 'unknown-message', /known types/, null],
  ['a type that is a prototype', '{"type":"__proto__"}', 'unknown-message', /known types/, null],
  ['another id', '{"type":"join","id":"1"}', 'malformed-message', /^id:/, null],
  ['a negative id', JSON.stringify({ ...join, id: -1 }), 'malformed-message', /^id:/, null],
  ['an id with a fraction', JSON.stringify({ ...join, id: 1.5 }), 'malformed-message', /^id:/, null],
  ['a camera of another kind', JSON.stringify({ ...join, cameraId: sessionId }), 'malformed-message', /^cameraId:/, 1],
  ['no token', '{"type":"join","id":9}', 'malformed-message', /^cameraId:/, 9],
  ['a field too many', JSON.stringify({ ...join, admin: true }), 'malformed-message', /admin/, 1],
  [
    'a token too long',
    JSON.stringify({ ...join, token: 'x'.repeat(limits.tokenBytesMax + 1) }),
    'malformed-message',
    /^token:/,
    1,
  ],
  [
    'an SDP too long',
    JSON.stringify({ type: 'answer', sessionId, sdp: 'x'.repeat(limits.sdpBytesMax + 1) }),
    'malformed-message',
    /^sdp:/,
    null,
  ],
  [
    'a time that is none',
    JSON.stringify({ type: 'presented', sessionId, afterOfferMs: -1 }),
    'malformed-message',
    /^afterOfferMs:/,
    null,
  ],
];
for (const [name, text, code, detail, id] of bad) {
  t.test(name, async (t) => {
    const read = readMessage(text);
    t.match(read, { ok: false, code, id });
    if (!read.ok) t.match(read.detail, detail);
  });
}

t.test('the detail says where, never what: a token does not come back, a long name is cut', async (t) => {
  const read = readMessage(JSON.stringify({ ...join, token: { secret: 'hunter2' } }));
  t.notMatch(JSON.stringify(read), /hunter2/);
  const long = readMessage(JSON.stringify({ ...join, ['x'.repeat(5_000)]: 1 }));
  t.ok(!long.ok && long.detail.length <= signallingBounds.detailCharsMax);
});

t.test('no text throws; what is read as a message is one', async () => {
  const field = fc.oneof(fc.constantFrom('type', 'id', 'sessionId', 'cameraId', 'token', 'proof', 'sdp'), fc.string());
  const type = fc.constantFrom('join', 'answer', 'renew', 'restart', 'leave', 'presented', 'hello', '__proto__');
  const value = fc.oneof(type, fc.constantFrom(cameraId, sessionId), fc.integer(), fc.jsonValue());
  const near = fc.dictionary(field, value).map((fields) => JSON.stringify(fields));
  const hit = fc.record({ type, id: fc.nat(), sessionId: fc.constant(sessionId), sdp: fc.string() });
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    near,
    hit.map((fields) => JSON.stringify(fields)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const read = readMessage(text);
      if (read.ok) return clientMessageSchema.safeParse(read.message).success;
      return read.detail.length <= signallingBounds.detailCharsMax && (read.id === null || read.id >= 0);
    }),
    { numRuns: 1_000 },
  );
});

t.test('deep nesting is just another text', async (t) => {
  const deep = `{"type":"join","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
  t.match(readMessage(deep), { ok: false, code: 'malformed-message' });
});
