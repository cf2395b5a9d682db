/* Outside issuers: how they are configured, what is refused, and that each speaks for its own clients only. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { ConsentTokenDesk } from '../../src/tokens/consent-token.ts';
import { thumbprint, toPublicJwk } from '../../src/tokens/jwk-thumbprint.ts';
import { JwksKeys } from '../../src/tokens/jwks-keys.ts';
import { KeyRing } from '../../src/tokens/key-ring.ts';
import { readTrustedIssuers } from '../../src/tokens/trusted-issuers.ts';
import { forgeToken, type JsonMap, openToken } from '../support/forge-token.ts';
import { makeGrant, systemRandomness } from '../support/token-grants.ts';

const NOW = 1_767_322_980_000;
const OWN = 'https://gate.city.example';
const CITY = 'https://id.city.example';
const COUNTY = 'https://id.county.example';
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

const makeKey = (namedCurve = 'P-256'): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
const cityKey = makeKey();
const countyKey = makeKey();
const cityJwk = toPublicJwk(cityKey);
const countyJwk = toPublicJwk(countyKey);
const rsaJwk = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ format: 'jwk' });

const entryOf = (replaced: JsonMap = {}): JsonMap => ({
  issuer: CITY,
  clients: { 'rtcc-console': 'jackson.pd' },
  jwks: { keys: [{ ...cityJwk, kid: '2026-01' }] },
  ...replaced,
});
const read = (...entries: readonly JsonMap[]) => readTrustedIssuers(JSON.stringify(entries), OWN);

const keyRing = await KeyRing.open(join(t.testdir({}), 'keys'), NOW);
const own = { issuer: OWN, audience: OWN, keyRing, randomness: systemRandomness };
const openDesk = (...entries: readonly JsonMap[]): ConsentTokenDesk => {
  const result = read(...entries);
  if (!result.ok) throw new Error(result.problems.join('; '));
  return new ConsentTokenDesk({ ...own, trustedIssuers: result.issuers });
};
const pattern = openToken(openDesk().issue(makeGrant({ jkt: JKT }), NOW).token).claims;
const outside = (key: KeyObject, claims: JsonMap = {}, header: JsonMap = { kid: '2026-01' }): string =>
  forgeToken(
    key,
    { alg: 'ES256', typ: 'at+jwt', ...header },
    { ...pattern, iss: CITY, client_id: 'rtcc-console', ...claims },
  );

t.test('a token of a trusted issuer passes, for the agency its client speaks for', async (t) => {
  const result = openDesk(entryOf()).verify(outside(cityKey), NOW);
  t.match(result, { ok: true, token: { issuer: CITY, clientId: 'rtcc-console', agency: 'jackson.pd' } });
});

t.test('trust does not cross from one issuer to another', async (t) => {
  const county = { issuer: COUNTY, clients: { console: 'hinds.so' }, jwks: { keys: [{ ...countyJwk, kid: 'c' }] } };
  const desk = openDesk(entryOf(), county);
  const kid = { kid: 'c' };
  t.match(desk.verify(outside(countyKey, { iss: COUNTY, client_id: 'console' }, kid), NOW), {
    ok: true,
    token: { agency: 'hinds.so' },
  });
  const rows: readonly [name: string, token: string, why: string][] = [
    ['another issuer signs for this one', outside(countyKey), 'bad-signature'],
    ['under its own kid', outside(countyKey, {}, kid), 'unknown-key'],
    ['an outside key signs as us', outside(cityKey, { iss: OWN }), 'unknown-key'],
    ['under our kid', outside(cityKey, { iss: OWN }, { kid: keyRing.active.kid }), 'bad-signature'],
    ['our key signs as an outside issuer', outside(keyRing.active.privateKey), 'bad-signature'],
    ['a client of the other issuer', outside(cityKey, { client_id: 'console' }), 'claims'],
    ['an agency for a client', outside(cityKey, { client_id: 'jackson.pd' }), 'claims'],
    ['a client of the language', outside(cityKey, { client_id: 'constructor' }), 'claims'],
    ['an issuer nobody configured', outside(cityKey, { iss: 'https://evil.example' }), 'wrong-issuer'],
    ['a token for another server', outside(cityKey, { aud: CITY }), 'wrong-audience'],
  ];
  for (const [name, token, why] of rows) t.match(desk.verify(token, NOW), { ok: false, why }, name);
});

t.test('outside tokens have our bounds, whatever their issuer thinks', async (t) => {
  const desk = openDesk(entryOf());
  const exp = NOW / 1_000 + 901;
  t.match(desk.verify(outside(cityKey, { exp }), NOW), { ok: false, why: 'claims' });
  t.match(desk.verify(outside(cityKey), NOW + 300_000), { ok: false, why: 'expired' });
});

t.test('keys go by kid, else by thumbprint, else the sole one is meant', async (t) => {
  const unnamed = openDesk(entryOf({ jwks: { keys: [cityJwk] } }));
  t.match(unnamed.verify(outside(cityKey, {}, { kid: thumbprint(cityJwk) }), NOW), { ok: true });
  t.match(unnamed.verify(outside(cityKey, {}, {}), NOW), { ok: true });
  t.match(unnamed.verify(outside(cityKey, {}, { kid: 'other' }), NOW), { ok: false, why: 'unknown-key' });
  const two = openDesk(entryOf({ jwks: { keys: [cityJwk, countyJwk] } }));
  t.match(two.verify(outside(cityKey, {}, {}), NOW), { ok: false, why: 'unknown-key' });
  t.match(two.verify(outside(countyKey, {}, { kid: thumbprint(countyJwk) }), NOW), { ok: true });
});

t.test('keys that are not for ES256 signatures are passed over', async (t) => {
  const keys = [
    rsaJwk,
    toPublicJwk(cityKey),
    { ...countyJwk, use: 'enc' },
    { ...toPublicJwk(makeKey()), alg: 'ECDH-ES' },
    { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
    makeKey('P-384').export({ format: 'jwk' })['x'],
    'not a key',
  ];
  const parsed = JwksKeys.parse({ keys });
  t.equal(parsed.ok && parsed.keys.find(null)?.asymmetricKeyType, 'ec', 'one key is left');
});

const badSets: readonly [name: string, value: unknown, says: RegExp][] = [
  ['nothing', undefined, /needs a list/],
  ['a key instead of a set', cityJwk, /needs a list/],
  ['no keys', { keys: [] }, /needs a list/],
  ['too many keys', { keys: Array.from({ length: 33 }, () => cityJwk) }, /1 to 32/],
  ['only other kinds', { keys: [rsaJwk] }, /no P-256 key/],
  ['a private key', { keys: [cityKey.export({ format: 'jwk' })] }, /secret/],
  ['a private key of another kind', { keys: [cityJwk, makeKey('P-384').export({ format: 'jwk' })] }, /secret/],
  ['a shared secret', { keys: [cityJwk, { kty: 'oct', k: 'c2VjcmV0' }] }, /secret/],
  [
    'one kid twice',
    {
      keys: [
        { ...cityJwk, kid: 'k' },
        { ...countyJwk, kid: 'k' },
      ],
    },
    /twice/,
  ],
  ['one key twice', { keys: [cityJwk, cityJwk] }, /twice/],
];
for (const [name, value, says] of badSets) {
  t.test(`a JWK set is refused: ${name}`, async (t) => {
    t.match(JwksKeys.parse(value), { ok: false, problem: says });
  });
}

t.test('no setting means no outside issuer', async (t) => {
  for (const setting of ['', '  ', '[]']) t.strictSame(readTrustedIssuers(setting, OWN), { ok: true, issuers: [] });
});

const badSettings: readonly [name: string, setting: string, says: RegExp][] = [
  ['not JSON', '[{', /cannot be read/],
  ['a file that is not there', '/no/such/file.json', /no such file/],
  ['a folder', '/', /not a file/],
  ['an unknown member', JSON.stringify([entryOf({ jwksUri: 'https://x.example' })]), /jwksUri/],
  ['no clients', JSON.stringify([entryOf({ clients: {} })]), /at least one client/],
  ['clients missing', JSON.stringify([entryOf({ clients: undefined })]), /\[0\.clients\]/],
  [
    'too many clients',
    JSON.stringify([entryOf({ clients: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`c${n}`, 'a'])) })]),
    /too many clients/,
  ],
  ['an agency that is none', JSON.stringify([entryOf({ clients: { a: 'Jackson PD' } })]), /clients\.a/],
  ['no keys', JSON.stringify([entryOf({ jwks: undefined })]), /either jwks or jwksFile/],
  ['keys in two places', JSON.stringify([entryOf({ jwksFile: 'k.json' })]), /either jwks or jwksFile/],
  ['keys that are none', JSON.stringify([entryOf({ jwks: {} })]), /id\.city\.example: .*needs a list/],
  ['a key file that is not there', JSON.stringify([entryOf({ jwks: undefined, jwksFile: 'no.json' })]), /no such file/],
  ['our own name', JSON.stringify([entryOf({ issuer: OWN })]), /name is taken/],
  ['one name twice', JSON.stringify([entryOf(), entryOf()]), /name is taken/],
  [
    'too many issuers',
    JSON.stringify(Array.from({ length: 17 }, (_, n) => entryOf({ issuer: `https://${n}.example` }))),
    /./,
  ],
];
for (const [name, setting, says] of badSettings) {
  t.test(`a setting is refused: ${name}`, async (t) => {
    const result = readTrustedIssuers(setting, OWN);
    t.equal(result.ok, false);
    t.match(result.ok ? '' : result.problems.join('\n'), says);
  });
}

t.test('every problem is listed, not only the first', async (t) => {
  const result = read(entryOf({ issuer: OWN }), entryOf({ jwks: { keys: [rsaJwk] } }));
  t.equal(result.ok ? 0 : result.problems.length, 2);
});

t.test('issuers in a file, their keys in a file beside it', async (t) => {
  const folder = t.testdir({
    'issuers.json': JSON.stringify([entryOf({ jwks: undefined, jwksFile: 'keys/city.json' })]),
    keys: { 'city.json': JSON.stringify({ keys: [{ ...cityJwk, kid: '2026-01' }] }) },
    'large.json': `[${' '.repeat(300_000)}]`,
  });
  const result = readTrustedIssuers(join(folder, 'issuers.json'), OWN);
  t.equal(result.ok, true);
  const trustedIssuers = result.ok ? result.issuers : [];
  t.match(new ConsentTokenDesk({ ...own, trustedIssuers }).verify(outside(cityKey), NOW), { ok: true });
  t.match(readTrustedIssuers(join(folder, 'large.json'), OWN), { ok: false, problems: [/larger than/] });
});
