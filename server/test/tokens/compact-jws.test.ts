/* The strict reading of compact JWTs, and the signature check against the example of RFC 7515 appendix A.3. */
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import t from 'tap';
import { isCanonicalBase64url, parseCompact, signatureHolds } from '../../src/tokens/compact-jws.ts';
import { encodeJson } from '../support/possession.ts';

const RFC_JWS =
  'eyJhbGciOiJFUzI1NiJ9.' +
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.' +
  'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
const rfcKey = createPublicKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
});
const SIZE = 8 * 1024;

t.test('the example of RFC 7515', async (t) => {
  t.strictSame(parseCompact(RFC_JWS, SIZE), {
    header: { alg: 'ES256' },
    claims: { iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true },
  });
  t.equal(signatureHolds(RFC_JWS, rfcKey), true);
});

t.test('a signature holds for one text and one key only', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  t.equal(signatureHolds(RFC_JWS, publicKey), false, 'another key');
  const [header = '', claims = '', signature = ''] = RFC_JWS.split('.');
  t.equal(signatureHolds(`${header}.${encodeJson({ iss: 'eve' })}.${signature}`, rfcKey), false, 'other claims');
  t.equal(signatureHolds(`${header}.${claims}.${signature.slice(0, 40)}`, rfcKey), false, 'half a signature');
  t.equal(signatureHolds(`${header}.${claims}.`, rfcKey), false, 'no signature');
  t.equal(signatureHolds(jwt.sign({ a: 1 }, privateKey, { algorithm: 'ES256' }), publicKey), true);
});

t.test('the algorithm is ours to choose', async (t) => {
  const pem = rfcKey.export({ type: 'spki', format: 'pem' }).toString();
  const asSecret = createSecretKey(Buffer.from(pem));
  t.equal(signatureHolds(jwt.sign({ a: 1 }, asSecret, { algorithm: 'HS256' }), rfcKey), false, 'public key as secret');
  t.equal(signatureHolds(jwt.sign({ a: 1 }, '', { algorithm: 'none' }), rfcKey), false, 'none');
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  t.equal(signatureHolds(jwt.sign({ a: 1 }, p384.privateKey, { algorithm: 'ES384' }), p384.publicKey), false, 'ES384');
});

const H = encodeJson({ alg: 'ES256' });
const C = encodeJson({ iss: 'x' });
const S = 'AAAA';
const malformed: readonly [name: string, text: string][] = [
  ['empty', ''],
  ['dots only', '..'],
  ['two parts', `${H}.${C}`],
  ['four parts', `${H}.${C}.${S}.${S}`],
  ['five parts (JWE)', `${H}.${C}.${S}.${S}.${S}`],
  ['empty signature', `${H}.${C}.`],
  ['empty header', `.${C}.${S}`],
  ['white space before', ` ${H}.${C}.${S}`],
  ['line feed after', `${H}.${C}.${S}\n`],
  ['padding', `${H}.${C}.AA==`],
  ['standard base64', `${H}.${C}.A+/A`],
  ['spare bits in the signature', `${H}.${C}.AB`],
  ['a lone character', `${H}.${C}.A`],
  ['header not JSON', `${Buffer.from('{alg}').toString('base64url')}.${C}.${S}`],
  ['header a list', `${encodeJson([])}.${C}.${S}`],
  ['header null', `${encodeJson(null)}.${C}.${S}`],
  ['claims a text', `${H}.${encodeJson('x')}.${S}`],
  ['claims not UTF-8', `${H}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}.${S}`],
  ['claims with a byte order mark', `${H}.${Buffer.from('\ufeff{}').toString('base64url')}.${S}`],
  ['an extension', `${encodeJson({ alg: 'ES256', crit: ['b64'], b64: false })}.${C}.${S}`],
  ['an empty list of extensions', `${encodeJson({ alg: 'ES256', crit: [] })}.${C}.${S}`],
];
for (const [name, text] of malformed) {
  t.test(`malformed: ${name}`, async (t) => {
    t.equal(parseCompact(text, SIZE), null);
  });
}

t.test('the size is bounded to the character', async (t) => {
  const text = `${H}.${C}.${S}`;
  t.not(parseCompact(text, text.length), null);
  t.equal(parseCompact(text, text.length - 1), null);
});

t.test('canonical base64url round-trips, everything else is refused', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 80 });
  fc.assert(fc.property(bytes, (value) => isCanonicalBase64url(Buffer.from(value).toString('base64url'))));
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      const again = Buffer.from(text, 'base64url').toString('base64url');
      return isCanonicalBase64url(text) === (text !== '' && again === text);
    }),
  );
});

t.test('no text makes reading or checking throw', async () => {
  const parts = fc.array(fc.oneof(fc.string(), fc.jsonValue().map(encodeJson)), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 300 }),
        parts.map((list) => list.join('.')),
      ),
      (text) => {
        parseCompact(text, SIZE);
        return !signatureHolds(text, rfcKey);
      },
    ),
  );
});

t.test('what was written is read', async (t) => {
  const object = fc.dictionary(
    fc.string().filter((name) => name !== 'crit' && name !== '__proto__'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(object, object, (header, claims) => {
      const read = parseCompact(`${encodeJson(header)}.${encodeJson(claims)}.${S}`, 1_000_000);
      t.strictSame(JSON.stringify(read), JSON.stringify({ header, claims }));
    }),
  );
});
