/*
 * The hand-written parser and the schema must give the same answer for everything, or one of them is wrong.
 */
import { isDeepStrictEqual } from 'node:util';
import { wireReasonSchema } from '@sallyport/protocol/reasons';
import { serverMessageSchema } from '@sallyport/protocol/server-message';
import fc from 'fast-check';
import t from 'tap';
import { clientLimits } from '../src/client-limits.ts';
import { isWireReason, parseServerMessage } from '../src/parse-server-message.ts';

const agrees = (value: unknown): boolean => {
  const text = JSON.stringify(value);
  const parsed = parseServerMessage(text);
  const expected = serverMessageSchema.safeParse(JSON.parse(text));
  if (!expected.success) return typeof parsed === 'string';
  return isDeepStrictEqual(parsed, expected.data);
};

const sessionId = fc
  .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'), { minLength: 26, maxLength: 26 })
  .map((letters) => `ses_${letters.join('')}`);
const int = fc.maxSafeInteger();
const orNull = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null });
const iceServer = fc.record(
  { urls: fc.array(fc.string()), username: fc.string(), credential: fc.string() },
  { requiredKeys: ['urls'] },
);
const bounds = fc.record({ feedsMax: int, messageBytesMax: int, answerWithinMs: int });
const message = fc.oneof(
  fc.record({
    type: fc.constant('hello'),
    protocolVersion: fc.constant(1),
    nonce: fc.string(),
    htu: fc.string(),
    limits: bounds,
    iceServers: fc.array(iceServer),
  }),
  fc.record({ type: fc.constant('offer'), id: int, sessionId, sdp: fc.string(), untilMs: int, leftMs: int }),
  fc.record({
    type: fc.constant('gate'),
    sessionId,
    state: fc.constantFrom('open', 'closed'),
    reason: orNull(fc.constantFrom(...wireReasonSchema.options)),
    untilMs: orNull(int),
    leftMs: orNull(int),
  }),
  fc.record({
    type: fc.constant('error'),
    id: orNull(int),
    sessionId: orNull(sessionId),
    code: fc.string(),
    detail: fc.string(),
    nonce: orNull(fc.string()),
  }),
);

/** Replaces, removes or adds one field, at the top or one level down. */
const maimed = fc
  .tuple(message, fc.nat(), fc.nat(), fc.jsonValue(), fc.constantFrom('replace', 'remove', 'add', 'deep'))
  .map(([whole, at, below, value, how]) => {
    const fields: Record<string, unknown> = structuredClone(whole);
    const names = Object.keys(fields);
    const name = names[at % names.length] ?? 'type';
    const inner = fields[name];
    if (how === 'add') fields['later'] = value;
    else if (how === 'remove') delete fields[name];
    else if (how === 'deep' && typeof inner === 'object' && inner !== null) {
      const innerNames = Object.keys(inner);
      Object.assign(inner, { [innerNames[below % Math.max(innerNames.length, 1)] ?? 'x']: value });
    } else fields[name] = value;
    return fields;
  });

t.test('every message the schema can write is read the same', async (t) => {
  fc.assert(fc.property(message, agrees), { numRuns: 500 });
  fc.assert(fc.property(message, (whole) => typeof parseServerMessage(JSON.stringify(whole)) === 'object'));
  t.pass('both agree');
});

t.test('every message with one thing wrong is judged the same', async (t) => {
  fc.assert(fc.property(maimed, agrees), { numRuns: 3_000 });
  t.pass('both agree');
});

t.test('arbitrary JSON is judged the same', async (t) => {
  fc.assert(fc.property(fc.jsonValue(), agrees), { numRuns: 500 });
  t.pass('both agree');
});

t.test('text that is no JSON, too long, or no object is malformed', async (t) => {
  const texts = ['', '{', 'null', '[]', '"hello"', '7', '{"type":7}', '{}'];
  for (const text of texts) t.equal(parseServerMessage(text), 'malformed', text);
  const long = JSON.stringify({ type: 'later', text: 'x'.repeat(clientLimits.messageCharsMax) });
  t.equal(parseServerMessage(long), 'malformed');
  fc.assert(fc.property(fc.string(), (text) => parseServerMessage(text) !== undefined));
});

t.test('a type of a newer server is unknown, which is not an error', async (t) => {
  t.equal(parseServerMessage('{"type":"weather"}'), 'unknown');
});

t.test('the list of reasons is the schema’s, and prototypes are not reasons', async (t) => {
  for (const reason of wireReasonSchema.options) t.ok(isWireReason(reason), reason);
  for (const word of ['toString', '__proto__', 'constructor', 'consent-withdrawn', '', null, 1]) {
    t.notOk(isWireReason(word), String(word));
  }
});
