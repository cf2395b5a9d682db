/* Thumbprints against a published vector, and the reading of untrusted keys. */
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { parsePublicJwk, thumbprint, toPublicJwk } from '../../src/tokens/jwk-thumbprint.ts';
import { makeViewerKey } from '../support/possession.ts';

// RFC 9449 figures 2 and 10: the key of the proofs, and the `jkt` the token of section 6.1 is bound to.
const rfcJwk = {
  kty: 'EC',
  crv: 'P-256',
  x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
  y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
} as const;
const RFC_THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

t.test('the thumbprint of RFC 9449', async (t) => {
  t.equal(thumbprint(rfcJwk), RFC_THUMBPRINT);
});

t.test('the order of members and further members do not change a thumbprint', async (t) => {
  const parsed = parsePublicJwk({ y: rfcJwk.y, use: 'sig', x: rfcJwk.x, kid: 'k', crv: 'P-256', alg: 'x', kty: 'EC' });
  t.equal(parsed.ok && thumbprint(parsed.jwk), RFC_THUMBPRINT);
  t.strictSame(parsed.ok && parsed.jwk, rfcJwk);
});

t.test('WebCrypto and Node agree on a key', async (t) => {
  const viewer = await makeViewerKey();
  const parsed = parsePublicJwk(viewer.jwk);
  t.equal(parsed.ok && thumbprint(parsed.jwk), viewer.jkt);
  t.strictSame(parsed.ok && toPublicJwk(parsed.key), viewer.jwk);
});

t.test('public members are taken from a private key too, and only from P-256', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  t.strictSame(toPublicJwk(privateKey), toPublicJwk(publicKey));
  t.strictSame(Object.keys(toPublicJwk(privateKey)).sort(), ['crv', 'kty', 'x', 'y']);
  t.throws(() => toPublicJwk(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey), TypeError);
  t.throws(() => toPublicJwk(generateKeyPairSync('ed25519').publicKey), TypeError);
});

const offCurve = Buffer.alloc(32, 1).toString('base64url');

const refused: readonly [name: string, value: unknown, why: 'not-p256' | 'holds-secret'][] = [
  ['nothing', undefined, 'not-p256'],
  ['null', null, 'not-p256'],
  ['a text', 'EC', 'not-p256'],
  ['a list', [rfcJwk], 'not-p256'],
  ['no members', {}, 'not-p256'],
  ['another curve', { ...rfcJwk, crv: 'P-384' }, 'not-p256'],
  ['another kind', { ...rfcJwk, kty: 'OKP' }, 'not-p256'],
  ['x missing', { kty: 'EC', crv: 'P-256', y: rfcJwk.y }, 'not-p256'],
  ['x too short', { ...rfcJwk, x: rfcJwk.x.slice(1) }, 'not-p256'],
  ['x padded', { ...rfcJwk, x: `${rfcJwk.x.slice(0, 42)}=` }, 'not-p256'],
  ['x with spare bits set', { ...rfcJwk, x: `${rfcJwk.x.slice(0, 42)}t` }, 'not-p256'],
  ['a number for x', { ...rfcJwk, x: 1 }, 'not-p256'],
  ['a point that is not on the curve', { ...rfcJwk, x: offCurve, y: offCurve }, 'not-p256'],
  ['the private half', { ...rfcJwk, d: rfcJwk.x }, 'holds-secret'],
  ['an empty private half', { ...rfcJwk, d: null }, 'holds-secret'],
  ['a shared secret', { kty: 'oct', k: rfcJwk.x }, 'holds-secret'],
  ['a private RSA key', { kty: 'RSA', n: 'AQ', e: 'AQAB', p: 'AQ' }, 'holds-secret'],
];
for (const [name, value, why] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    t.strictSame(parsePublicJwk(value), { ok: false, why });
  });
}

t.test('no value makes it throw, and no random point passes', async () => {
  const coordinate = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('base64url'));
  fc.assert(fc.property(fc.jsonValue(), (value) => !parsePublicJwk(value).ok));
  fc.assert(fc.property(coordinate, coordinate, (x, y) => !parsePublicJwk({ ...rfcJwk, x, y }).ok));
});
