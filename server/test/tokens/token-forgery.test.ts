/* Tokens that must not pass: each forgery with its reason, and a storm of mutations. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { limits } from '@sallyport/protocol/limits';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import t from 'tap';
import type { TokenRefusal } from '../../src/app/ports/token-port.ts';
import { ConsentTokenDesk } from '../../src/tokens/consent-token.ts';
import { toPublicJwk } from '../../src/tokens/jwk-thumbprint.ts';
import { KeyRing } from '../../src/tokens/key-ring.ts';
import { forgeToken, type JsonMap, openToken } from '../support/forge-token.ts';
import { encodeJson } from '../support/possession.ts';
import { makeGrant, systemRandomness } from '../support/token-grants.ts';

const NOW = 1_767_322_980_000;
const SECONDS = NOW / 1_000;
const ISSUER = 'https://gate.city.example';
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

const keyRing = await KeyRing.open(join(t.testdir({}), 'keys'), NOW);
await keyRing.rotate(NOW);
const settings = { issuer: ISSUER, audience: ISSUER, keyRing, trustedIssuers: [], randomness: systemRandomness };
const desk = new ConsentTokenDesk(settings);
const honest = desk.issue(makeGrant({ jkt: JKT }), NOW);
const { header, claims, signature } = openToken(honest.token);
const [detail] = claims['authorization_details'] as readonly JsonMap[];
const ours = keyRing.active.privateKey;
const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const publicPem = createPublicKey(ours).export({ type: 'spki', format: 'pem' }).toString();
const otherKid = keyRing.jwks(NOW).keys[1]?.kid;

/** Our own key, the honest header and claims, some members replaced: undefined leaves a member out. */
const withClaims = (replaced: JsonMap): string => forgeToken(ours, header, { ...claims, ...replaced });
const withHeader = (replaced: JsonMap, key: KeyObject = ours): string =>
  forgeToken(key, { ...header, ...replaced }, claims);
const withDetail = (replaced: JsonMap): string => withClaims({ authorization_details: [{ ...detail, ...replaced }] });
const withMac = (secret: string): string =>
  jwt.sign({ ...claims }, secret, { algorithm: 'HS256', header: { alg: 'HS256', typ: 'at+jwt', kid: otherKid ?? '' } });

t.test('the pattern of all forgeries is itself accepted', async (t) => {
  t.match(desk.verify(honest.token, NOW), { ok: true });
  t.match(desk.verify(withClaims({}), NOW), { ok: true });
});

const forgeries: readonly [name: string, token: string, why: TokenRefusal][] = [
  ['empty', '', 'malformed'],
  ['a word', 'token', 'malformed'],
  ['too large', withClaims({ filler: 'x'.repeat(limits.tokenBytesMax) }), 'malformed'],
  ['with a space', `${honest.token} `, 'malformed'],
  ['with the prefix of its header', `DPoP ${honest.token}`, 'malformed'],
  ['the claims no object', forgeToken(ours, header, [claims]), 'malformed'],
  ['an extension in the header', withHeader({ crit: ['exp'] }), 'malformed'],
  ['alg none without signature', `${encodeJson({ ...header, alg: 'none' })}.${encodeJson(claims)}.`, 'malformed'],
  ['alg none with a signature', withHeader({ alg: 'none' }), 'bad-signature'],
  ['alg None', withHeader({ alg: 'None' }), 'bad-signature'],
  ['alg absent', withHeader({ alg: undefined }), 'bad-signature'],
  ['alg a list', withHeader({ alg: ['ES256'] }), 'bad-signature'],
  ['alg in small letters', withHeader({ alg: 'es256' }), 'bad-signature'],
  ['alg ES384 over ES256', withHeader({ alg: 'ES384' }), 'bad-signature'],
  ['HS256 with the public key as secret', withMac(publicPem), 'bad-signature'],
  ['HS256 with the kid as secret', withMac(keyRing.active.kid), 'bad-signature'],
  ['typ JWT', withHeader({ typ: 'JWT' }), 'wrong-type'],
  ['typ of a possession proof', withHeader({ typ: 'dpop+jwt' }), 'wrong-type'],
  ['typ absent', withHeader({ typ: undefined }), 'wrong-type'],
  ['typ a list', withHeader({ typ: ['at+jwt'] }), 'wrong-type'],
  ['typ with a suffix', withHeader({ typ: 'at+jwt+x' }), 'wrong-type'],
  ['another key under our kid', withHeader({}, theirs), 'bad-signature'],
  ['our key under the kid of another of ours', withHeader({ kid: otherKid }), 'bad-signature'],
  ['an unknown kid', withHeader({ kid: 'A'.repeat(43) }, theirs), 'unknown-key'],
  ['a path for a kid', withHeader({ kid: '../../etc/passwd' }, theirs), 'unknown-key'],
  ['a kid that is a list', withHeader({ kid: [keyRing.active.kid] }), 'unknown-key'],
  ['a giant kid', withHeader({ kid: 'k'.repeat(300) }), 'unknown-key'],
  ['no kid among several keys', withHeader({ kid: undefined }), 'unknown-key'],
  ['its own key in jwk', withHeader({ jwk: toPublicJwk(theirs) }, theirs), 'bad-signature'],
  ['its own key in jwk, without kid', withHeader({ jwk: toPublicJwk(theirs), kid: undefined }, theirs), 'unknown-key'],
  ['its own key behind jku', withHeader({ jku: 'https://evil.example/jwks.json' }, theirs), 'bad-signature'],
  ['its own key behind x5u', withHeader({ x5u: 'https://evil.example/cert.pem' }, theirs), 'bad-signature'],
  ['its own key in x5c', withHeader({ x5c: ['MIIB'] }, theirs), 'bad-signature'],
  ['claims changed', `${encodeJson(header)}.${encodeJson({ ...claims, sub: 'eve' })}.${signature}`, 'bad-signature'],
  ['header changed', `${encodeJson({ ...header, x: 1 })}.${encodeJson(claims)}.${signature}`, 'bad-signature'],
  ['signature of another token', `${withClaims({ sub: 'eve' }).replace(/[^.]*$/, '')}${signature}`, 'bad-signature'],
  ['signature of zeros', `${honest.token.replace(/[^.]*$/, '')}${'A'.repeat(86)}`, 'bad-signature'],
  ['signature cut off', `${honest.token.replace(/[^.]*$/, '')}${signature.slice(0, 64)}`, 'bad-signature'],
  ['another issuer', withClaims({ iss: 'https://evil.example' }), 'wrong-issuer'],
  ['an issuer that looks alike', withClaims({ iss: `${ISSUER}/` }), 'wrong-issuer'],
  ['no issuer', withClaims({ iss: undefined }), 'wrong-issuer'],
  ['a list of issuers', withClaims({ iss: [ISSUER] }), 'wrong-issuer'],
  ['an issuer of the language', withClaims({ iss: '__proto__' }), 'wrong-issuer'],
  ['another audience', withClaims({ aud: 'https://other.example' }), 'wrong-audience'],
  ['an audience that begins alike', withClaims({ aud: `${ISSUER}.evil.example` }), 'wrong-audience'],
  ['other audiences', withClaims({ aud: ['https://a.example', 'https://b.example'] }), 'wrong-audience'],
  ['no audience', withClaims({ aud: undefined }), 'claims'],
  ['an empty list of audiences', withClaims({ aud: [] }), 'claims'],
  ['an audience that is an object', withClaims({ aud: { 0: ISSUER } }), 'claims'],
  ['expired by a millisecond', withClaims({ iat: SECONDS - 300, exp: SECONDS - 0.001 }), 'expired'],
  ['expired this very millisecond', withClaims({ iat: SECONDS - 300, exp: SECONDS }), 'expired'],
  ['expired long ago', withClaims({ iat: 1, nbf: 1, exp: 300 }), 'expired'],
  ['valid in the future', withClaims({ nbf: SECONDS + 2.001 }), 'not-yet-valid'],
  ['issued in the future', withClaims({ iat: SECONDS + 2.001 }), 'not-yet-valid'],
  ['issued in the future, valid now', withClaims({ iat: SECONDS + 60, nbf: SECONDS - 60 }), 'not-yet-valid'],
  ['living longer than the cap', withClaims({ exp: SECONDS + 900.001 }), 'claims'],
  ['over before it was issued', withClaims({ iat: SECONDS + 1, exp: SECONDS + 1 }), 'claims'],
  ['no expiry', withClaims({ exp: undefined }), 'claims'],
  ['an expiry in words', withClaims({ exp: 'never' }), 'claims'],
  ['an expiry without end', withClaims({ exp: 1e308 }), 'claims'],
  ['no time of issue', withClaims({ iat: undefined }), 'claims'],
  ['a time of issue before time', withClaims({ iat: -1 }), 'claims'],
  ['a start that is a text', withClaims({ nbf: String(SECONDS) }), 'claims'],
  ['no subject', withClaims({ sub: undefined }), 'claims'],
  ['a subject with a line feed', withClaims({ sub: 'a\nb' }), 'claims'],
  ['no client', withClaims({ client_id: undefined }), 'claims'],
  ['a client that is no agency', withClaims({ client_id: 'Jackson PD' }), 'claims'],
  ['no jti', withClaims({ jti: undefined }), 'claims'],
  ['a giant jti', withClaims({ jti: 'j'.repeat(129) }), 'claims'],
  ['no key to be bound to', withClaims({ cnf: undefined }), 'claims'],
  ['bound to a certificate only', withClaims({ cnf: { 'x5t#S256': JKT } }), 'claims'],
  ['bound to a short thumbprint', withClaims({ cnf: { jkt: JKT.slice(1) } }), 'claims'],
  ['a scope instead of details', withClaims({ authorization_details: undefined, scope: 'camera_view' }), 'claims'],
  ['details that are no list', withClaims({ authorization_details: detail }), 'claims'],
  ['no details', withClaims({ authorization_details: [] }), 'claims'],
  ['no camera among the details', withClaims({ authorization_details: [{ type: 'payment' }] }), 'claims'],
  ['one camera twice', withClaims({ authorization_details: [detail, detail] }), 'claims'],
  ['details without a type', withDetail({ type: undefined }), 'claims'],
  ['no camera id', withDetail({ identifier: undefined }), 'claims'],
  ['a camera id that is a pattern', withDetail({ identifier: '*' }), 'claims'],
  ['the id of an incident for a camera', withDetail({ identifier: detail?.['incident'] }), 'claims'],
  ['no incident', withDetail({ incident: undefined }), 'claims'],
  ['no consent', withDetail({ consent: undefined }), 'claims'],
  ['no charter', withDetail({ charter: null }), 'claims'],
  ['no actions', withDetail({ actions: [] }), 'claims'],
  ['an action that is a text', withDetail({ actions: 'view_live' }), 'claims'],
  ['no datatypes', withDetail({ datatypes: undefined }), 'claims'],
];
for (const [name, token, why] of forgeries) {
  t.test(`forged: ${name}`, async (t) => {
    const result = desk.verify(token, NOW);
    t.match(result, { ok: false, why });
    t.notOk('token' in result, 'and nothing of it is handed on');
  });
}

const accepted: readonly [name: string, token: string][] = [
  ['typ in full', withHeader({ typ: 'application/at+jwt' })],
  ['typ in capitals', withHeader({ typ: 'AT+JWT' })],
  ['foreign hints in the header', withHeader({ jku: 'https://evil.example', jwk: toPublicJwk(theirs) })],
  ['unknown claims', withClaims({ acr: 'urn:nist:aal2', auth_time: 1, roles: ['x'], status: {} })],
  ['our name among the audiences', withClaims({ aud: ['https://other.example', ISSUER] })],
  ['no start', withClaims({ nbf: undefined })],
  ['a clock two seconds ahead', withClaims({ iat: SECONDS + 2, nbf: SECONDS + 2 })],
  ['the longest life', withClaims({ exp: SECONDS + 900 })],
  ['one millisecond left', withClaims({ exp: SECONDS + 0.001 })],
  ['a permission for somebody else beside', withClaims({ authorization_details: [{ type: 'payment' }, detail] })],
  ['unknown members of a detail', withDetail({ privileges: ['masked'], locations: [ISSUER] })],
];
for (const [name, token] of accepted) {
  t.test(`accepted: ${name}`, async (t) => {
    t.match(desk.verify(token, NOW), { ok: true, token: { grants: [{ cameraId: detail?.['identifier'] }] } });
  });
}

t.test('without a kid the sole key of a ring is meant', async (t) => {
  const sole = await KeyRing.open(join(t.testdir({}), 'keys'), NOW);
  const token = forgeToken(sole.active.privateKey, { alg: 'ES256', typ: 'at+jwt' }, claims);
  t.match(new ConsentTokenDesk({ ...settings, keyRing: sole }).verify(token, NOW), { ok: true });
});

t.test('a refusal names the token for the audit where its jti can be read', async (t) => {
  const tokenHash = createHash('sha256').update(honest.jti).digest('hex');
  t.strictSame(desk.verify(honest.token, honest.expiresAtMs), { ok: false, why: 'expired', tokenHash });
  t.strictSame(desk.verify(withHeader({}, theirs), NOW), { ok: false, why: 'bad-signature', tokenHash });
  t.strictSame(desk.verify(withClaims({ jti: 7 }), NOW), { ok: false, why: 'claims', tokenHash: null });
  t.strictSame(desk.verify('x', NOW), { ok: false, why: 'malformed', tokenHash: null });
});

t.test('a time that is no number lets nothing pass', async (t) => {
  for (const nowMs of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    t.match(desk.verify(honest.token, nowMs), { ok: false });
  }
});

t.test('no text and no JSON passes or throws', async () => {
  const part = fc.oneof(fc.string(), fc.jsonValue().map(encodeJson), fc.constant(encodeJson(header)));
  const text = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
  );
  fc.assert(fc.property(text, (token) => !desk.verify(token, NOW).ok));
});

t.test('no change of any character passes', async () => {
  const place = fc.nat(honest.token.length - 1);
  fc.assert(
    fc.property(place, fc.string({ maxLength: 2 }), fc.nat(2), (at, inserted, removed) => {
      const mutated = honest.token.slice(0, at) + inserted + honest.token.slice(at + removed);
      return mutated === honest.token || !desk.verify(mutated, NOW).ok;
    }),
    { numRuns: 500 },
  );
});

t.test('no signed nonsense throws, and none of it passes', async () => {
  const member = fc.constantFrom(...Object.keys(claims));
  fc.assert(
    fc.property(member, fc.jsonValue(), (name, value) => {
      const result = desk.verify(withClaims({ [name]: value }), NOW);
      return !result.ok || ['nbf', 'iat', 'exp', 'sub', 'jti', 'client_id'].includes(name);
    }),
  );
});
