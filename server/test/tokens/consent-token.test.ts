/* Issuing and verifying our own consent tokens. The forgeries are in token-forgery.test.ts. */
import { createHash, createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { consentTokenClaimsSchema } from '@sallyport/protocol/consent-token';
import { limits } from '@sallyport/protocol/limits';
import jwt from 'jsonwebtoken';
import t, { type Test } from 'tap';
import type { TokenGrant } from '../../src/app/ports/token-port.ts';
import { ConsentTokenDesk } from '../../src/tokens/consent-token.ts';
import { KeyRing } from '../../src/tokens/key-ring.ts';
import { KEY_RETIREMENT_MARGIN_MS } from '../../src/tokens/token-limits.ts';
import { openToken } from '../support/forge-token.ts';
import { makeCameraGrant, makeGrant, systemRandomness } from '../support/token-grants.ts';

const NOW = 1_767_322_980_250;
const ISSUER = 'https://gate.city.example';
const JKT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const ALPHABET = 'abcdefghijklmnop';

const openDesk = async (t: Test) => {
  const keyRing = await KeyRing.open(join(t.testdir({}), 'keys'), NOW);
  const settings = { issuer: ISSUER, audience: ISSUER, keyRing, trustedIssuers: [], randomness: systemRandomness };
  return { keyRing, settings, desk: new ConsentTokenDesk(settings) };
};

t.test('a token says exactly what it was granted', async (t) => {
  const { desk, keyRing } = await openDesk(t);
  const issued = desk.issue(makeGrant({ jkt: JKT }), NOW);
  const { header, claims } = openToken(issued.token);
  t.strictSame(header, { alg: 'ES256', typ: 'at+jwt', kid: keyRing.active.kid });
  t.strictSame(claims, {
    iss: ISSUER,
    aud: ISSUER,
    jti: issued.jti,
    iat: 1_767_322_980,
    nbf: 1_767_322_980,
    exp: 1_767_323_280,
    sub: 'officer-17',
    client_id: 'jackson.pd',
    cnf: { jkt: JKT },
    authorization_details: [
      {
        type: 'camera_view',
        identifier: `cam_${'a'.repeat(26)}`,
        actions: ['view_live'],
        datatypes: ['video'],
        incident: `inc_${'i'.repeat(26)}`,
        consent: `con_${'a'.repeat(26)}`,
        charter: `chr_${'c'.repeat(26)}`,
      },
    ],
  });
  t.equal(consentTokenClaimsSchema.safeParse(claims).success, true, 'and the schema knows it');
  t.equal(issued.expiresAtMs, 1_767_323_280_000);
  t.equal(issued.tokenHash, createHash('sha256').update(issued.jti).digest('hex'));
});

t.test('it is verified into the same grant', async (t) => {
  const { desk } = await openDesk(t);
  const grant = makeGrant({ jkt: JKT, cameras: [makeCameraGrant('a'), makeCameraGrant('b')] });
  const issued = desk.issue(grant, NOW);
  t.strictSame(desk.verify(issued.token, NOW), {
    ok: true,
    token: {
      issuer: ISSUER,
      subject: grant.viewer,
      clientId: grant.agency,
      agency: grant.agency,
      jti: issued.jti,
      tokenHash: issued.tokenHash,
      jkt: JKT,
      issuedAtMs: 1_767_322_980_000,
      notBeforeMs: 1_767_322_978_000,
      expiresAtMs: issued.expiresAtMs,
      grants: grant.cameras,
    },
  });
});

t.test('others verify it with the published key alone', async (t) => {
  const { desk, keyRing } = await openDesk(t);
  const { token, jti } = desk.issue(makeGrant({ jkt: JKT }), NOW);
  const [jwk] = keyRing.jwks(NOW).keys;
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const clockTimestamp = NOW / 1_000;
  t.match(jwt.verify(token, key, { algorithms: ['ES256'], issuer: ISSUER, audience: ISSUER, clockTimestamp }), { jti });
});

t.test('a token lives as long as it was given, in whole seconds, never longer', async (t) => {
  const { desk } = await openDesk(t);
  for (const lifeMs of [1_000, 1_999, 60_000, limits.tokenLifeMs, limits.tokenLifeMsMax]) {
    const { token, expiresAtMs } = desk.issue(makeGrant({ jkt: JKT, lifeMs }), NOW);
    t.ok(expiresAtMs <= NOW + lifeMs && expiresAtMs > NOW + lifeMs - 1_000);
    t.equal(desk.verify(token, expiresAtMs - 1).ok, true, 'the last millisecond');
    t.match(desk.verify(token, expiresAtMs), { ok: false, why: 'expired' }, 'the first after it');
  }
});

t.test('sixteen cameras with sound fit into a token', async (t) => {
  const { desk } = await openDesk(t);
  const cameras = [...ALPHABET].map((letter) => ({ ...makeCameraGrant(letter), datatypes: ['video', 'audio'] }));
  const grant = makeGrant({ jkt: JKT, viewer: 'v'.repeat(limits.nameCharsMax), cameras });
  const { token } = desk.issue(grant, NOW);
  t.ok(token.length <= limits.tokenBytesMax);
  const result = desk.verify(token, NOW);
  t.strictSame(result.ok && result.token.grants, cameras);
});

const outOfBounds: readonly [name: string, replaced: Partial<TokenGrant>][] = [
  ['no camera', { cameras: [] }],
  ['seventeen cameras', { cameras: [...`${ALPHABET}q`].map(makeCameraGrant) }],
  ['one camera twice', { cameras: [makeCameraGrant('a'), makeCameraGrant('a')] }],
  ['under a second', { lifeMs: 999 }],
  ['over the cap', { lifeMs: limits.tokenLifeMsMax + 1 }],
  ['no number of milliseconds', { lifeMs: Number.NaN }],
  ['endless', { lifeMs: Number.POSITIVE_INFINITY }],
  ['too large for the wire', { viewer: 'v'.repeat(limits.tokenBytesMax) }],
];
for (const [name, replaced] of outOfBounds) {
  t.test(`is not issued: ${name}`, async (t) => {
    const { desk } = await openDesk(t);
    t.throws(() => desk.issue(makeGrant({ jkt: JKT, ...replaced }), NOW), RangeError);
  });
}

t.test('no two tokens share a jti', async (t) => {
  const { desk } = await openDesk(t);
  const made = Array.from({ length: 50 }, () => desk.issue(makeGrant({ jkt: JKT }), NOW).jti);
  t.equal(new Set(made).size, 50);
});

t.test('rotation: old tokens run out, new ones carry the new key', async (t) => {
  const { desk, keyRing } = await openDesk(t);
  const before = desk.issue(makeGrant({ jkt: JKT, lifeMs: limits.tokenLifeMsMax }), NOW);
  const oldKid = keyRing.active.kid;
  await keyRing.rotate(NOW + 1);
  const after = desk.issue(makeGrant({ jkt: JKT }), NOW);
  t.not(openToken(after.token).header['kid'], oldKid);
  t.equal(desk.verify(before.token, before.expiresAtMs - 1).ok, true);
  t.equal(desk.verify(after.token, NOW).ok, true);
  const retired = NOW + 1 + limits.tokenLifeMsMax + KEY_RETIREMENT_MARGIN_MS;
  t.match(desk.verify(before.token, retired), { ok: false, why: 'unknown-key' });
});

t.test('a token outlives a restart, and no other installation takes it', async (t) => {
  const directory = t.testdir({});
  const settingsOf = async (folder: string) => {
    const keyRing = await KeyRing.open(join(directory, folder), NOW);
    return { issuer: ISSUER, audience: ISSUER, keyRing, trustedIssuers: [], randomness: systemRandomness };
  };
  const { token } = new ConsentTokenDesk(await settingsOf('one')).issue(makeGrant({ jkt: JKT }), NOW);
  t.equal(new ConsentTokenDesk(await settingsOf('one')).verify(token, NOW).ok, true);
  t.match(new ConsentTokenDesk(await settingsOf('two')).verify(token, NOW), { ok: false, why: 'unknown-key' });
});

t.test('an outside issuer may not carry our name, nor two the same', async (t) => {
  const { settings } = await openDesk(t);
  const outside = (issuer: string) => ({ issuer, keys: settings.keyRing, agencyOf: () => null });
  t.throws(() => new ConsentTokenDesk({ ...settings, trustedIssuers: [outside(ISSUER)] }), RangeError);
  const twins = [outside('https://a.example'), outside('https://a.example')];
  t.throws(() => new ConsentTokenDesk({ ...settings, trustedIssuers: twins }), RangeError);
});
