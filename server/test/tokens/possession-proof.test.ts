/* Possession proofs: the example of RFC 9449, every failure with its code, and that nothing else passes. */
import { generateKeyPairSync } from 'node:crypto';
import { limits } from '@sallyport/protocol/limits';
import fc from 'fast-check';
import jwt from 'jsonwebtoken';
import t from 'tap';
import type { PossessionClaim, PossessionRefusal } from '../../src/app/ports/token-port.ts';
import { toPublicJwk } from '../../src/tokens/jwk-thumbprint.ts';
import { NonceSource } from '../../src/tokens/nonce-source.ts';
import { PossessionDesk, verifyPossession } from '../../src/tokens/possession-proof.ts';
import { ReplayWindow } from '../../src/tokens/replay-window.ts';
import { NONCE_BUCKET_MS, PROOF_CLOCK_WINDOW_MS } from '../../src/tokens/token-limits.ts';
import { encodeJson, hashText, makeProof, makeViewerKey, type ProofParts, signJwt } from '../support/possession.ts';
import { systemRandomness } from '../support/token-grants.ts';

const NOW = 29_455_383 * NONCE_BUCKET_MS;
const HTU = 'https://gate.city.example/v1/signal';
const TOKEN = 'eyJ0eXAiOiJhdCtqd3QifQ.e30.AAAA';

const viewer = await makeViewerKey();
const thief = await makeViewerKey();
const nonces = new NonceSource(systemRandomness);
const expiredNonce = nonces.current(NOW - 2 * NONCE_BUCKET_MS);
const previousNonce = nonces.current(NOW - NONCE_BUCKET_MS);
const nonce = nonces.current(NOW);
const honest: ProofParts = { accessToken: TOKEN, htu: HTU, nonce, nowMs: NOW };
const claimOf = (proof: string | null, replaced: Partial<PossessionClaim> = {}): PossessionClaim => ({
  proof,
  accessToken: TOKEN,
  jkt: viewer.jkt,
  htm: 'GET',
  htu: HTU,
  ...replaced,
});
const verify = (proof: string | null, replaced: Partial<PossessionClaim> = {}, nowMs = NOW) =>
  verifyPossession({ claim: claimOf(proof, replaced), nonces, replay: new ReplayWindow(), nowMs });
const prove = (replaced: Partial<ProofParts> = {}) => makeProof(viewer, { ...honest, ...replaced });

t.test('an honest proof passes and names its key', async (t) => {
  t.strictSame(verify(await prove()), { ok: true, jkt: viewer.jkt });
});

// RFC 9449 figure 12: the proof that goes with the access token of figure 13.
const RFC_TOKEN = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const RFC_PROOF =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs' +
  'cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2' +
  'In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm9' +
  '0ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVF' +
  'FbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA';

t.test('the example of RFC 9449 is right in all but the nonce, which we demand', async (t) => {
  const replaced = {
    accessToken: RFC_TOKEN,
    jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    htu: 'https://resource.example.org/protectedresource',
  };
  t.strictSame(verify(RFC_PROOF, replaced, 1_562_262_618_000), { ok: false, why: 'use-nonce' });
  const spoilt = `${RFC_PROOF.slice(0, -2)}jQ`;
  t.strictSame(verify(spoilt, replaced, 1_562_262_618_000), { ok: false, why: 'bad-signature' });
  t.equal(await hashText(RFC_TOKEN), 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo', 'and its ath is ours');
});

const asSecret = JSON.stringify(viewer.jwk);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const second = NOW / 1_000;
const window = PROOF_CLOCK_WINDOW_MS / 1_000;

const refused: readonly [name: string, proof: string | null | Promise<string>, why: PossessionRefusal][] = [
  ['none', null, 'missing'],
  ['an empty one', '', 'missing'],
  ['a word', 'proof', 'malformed'],
  ['the token itself', TOKEN, 'malformed'],
  ['two proofs in one header', prove().then((proof) => `${proof}, ${proof}`), 'malformed'],
  ['too large', prove({ claims: { filler: 'x'.repeat(limits.proofBytesMax) } }), 'malformed'],
  ['typ JWT', prove({ header: { typ: 'JWT' } }), 'malformed'],
  ['typ of a token', prove({ header: { typ: 'at+jwt' } }), 'malformed'],
  ['typ absent', prove({ header: { typ: undefined } }), 'malformed'],
  ['alg none', prove({ header: { alg: 'none' } }), 'malformed'],
  ['alg none without signature', `${encodeJson({ typ: 'dpop+jwt', alg: 'none', jwk: viewer.jwk })}.e30.`, 'malformed'],
  ['HS256 under the public key', jwt.sign({}, asSecret, { header: { typ: 'dpop+jwt', alg: 'HS256' } }), 'malformed'],
  ['alg RS256', prove({ header: { alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) } }), 'malformed'],
  ['an extension', prove({ header: { crit: ['x'], x: 1 } }), 'malformed'],
  ['no key', prove({ header: { jwk: undefined } }), 'malformed'],
  ['a kid for a key', prove({ header: { jwk: undefined, kid: viewer.jkt } }), 'malformed'],
  ['the key as a text', prove({ header: { jwk: asSecret } }), 'malformed'],
  ['the private half of a key', prove({ header: { jwk: { ...viewer.jwk, d: 'A'.repeat(43) } } }), 'malformed'],
  ['a shared secret for a key', prove({ header: { jwk: { kty: 'oct', k: 'AAAA' } } }), 'malformed'],
  ['a key off the curve', prove({ header: { jwk: { ...viewer.jwk, x: viewer.jwk.y } } }), 'malformed'],
  ['no jti', prove({ claims: { jti: undefined } }), 'malformed'],
  ['an empty jti', prove({ jti: '' }), 'malformed'],
  ['a giant jti', prove({ jti: 'j'.repeat(129) }), 'malformed'],
  ['no method', prove({ claims: { htm: undefined } }), 'malformed'],
  ['no URL', prove({ claims: { htu: undefined } }), 'malformed'],
  ['no time', prove({ claims: { iat: undefined } }), 'malformed'],
  ['a time in words', prove({ claims: { iat: String(second) } }), 'malformed'],
  ['a nonce that is a number', prove({ claims: { nonce: 1 } }), 'malformed'],
  [
    'the claims a list',
    signJwt({ typ: 'dpop+jwt', alg: 'ES256', jwk: viewer.jwk }, [], viewer.privateKey),
    'malformed',
  ],
  ['signed by another key', makeProof({ ...viewer, privateKey: thief.privateKey }, honest), 'bad-signature'],
  ['the key of another in the header', prove({ header: { jwk: thief.jwk } }), 'bad-signature'],
  ['claims changed', prove().then((proof) => swapClaims(proof, { jti: 'other' })), 'bad-signature'],
  ['another method', prove({ htm: 'POST' }), 'wrong-method'],
  ['the method in small letters', prove({ htm: 'get' }), 'wrong-method'],
  ['another path', prove({ htu: 'https://gate.city.example/v1/whep/x' }), 'wrong-url'],
  ['another host', prove({ htu: 'https://evil.example/v1/signal' }), 'wrong-url'],
  ['another scheme', prove({ htu: 'http://gate.city.example/v1/signal' }), 'wrong-url'],
  ['another port', prove({ htu: 'https://gate.city.example:8443/v1/signal' }), 'wrong-url'],
  ['a user name in the URL', prove({ htu: 'https://a@gate.city.example/v1/signal' }), 'wrong-url'],
  ['no URL but a word', prove({ htu: 'signal' }), 'wrong-url'],
  ['no nonce', prove({ claims: { nonce: undefined } }), 'use-nonce'],
  ['an empty nonce', prove({ nonce: '' }), 'use-nonce'],
  ['an invented nonce', prove({ nonce: 'A'.repeat(24) }), 'use-nonce'],
  ['a nonce of 120 s ago', prove({ nonce: expiredNonce }), 'use-nonce'],
  ['made too long ago', prove({ claims: { iat: second - window - 0.001 } }), 'stale'],
  ['made too far ahead', prove({ claims: { iat: second + window + 0.001 } }), 'stale'],
  ['no token hash', prove({ claims: { ath: undefined } }), 'wrong-token'],
  ['the hash of another token', prove({ accessToken: `${TOKEN}A` }), 'wrong-token'],
  ['the token in place of its hash', prove({ ath: TOKEN }), 'wrong-token'],
  ['a thief with the token and a key of its own', makeProof(thief, honest), 'wrong-key'],
];

function swapClaims(proof: string, claims: unknown): string {
  const [header, , signature] = proof.split('.');
  return `${header}.${encodeJson({ htm: 'GET', htu: HTU, iat: second, nonce, ...Object(claims) })}.${signature}`;
}

for (const [name, made, why] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const replay = new ReplayWindow();
    const claim = claimOf(await made);
    t.strictSame(verifyPossession({ claim, nonces, replay, nowMs: NOW }), { ok: false, why });
    t.equal(replay.size, 0, 'and takes no place in the window');
  });
}

const accepted: readonly [name: string, replaced: Partial<ProofParts>][] = [
  ['the nonce of the bucket before', { nonce: previousNonce }],
  ['a clock 60 s behind', { claims: { iat: second - window } }],
  ['a clock 60 s ahead', { claims: { iat: second + window } }],
  ['query and fragment in the URL', { htu: `${HTU}?token=x#y` }],
  ['the URL spelt another way', { htu: 'HTTPS://GATE.city.example:443/v1/%73ignal' }],
  ['further members of the key', { header: { jwk: { ...viewer.jwk, ext: true, key_ops: ['verify'], use: 'sig' } } }],
  ['unknown claims', { claims: { exp: 1, aud: 'x', sub: 'y' } }],
];
for (const [name, replaced] of accepted) {
  t.test(`accepted: ${name}`, async (t) => {
    t.strictSame(verify(await prove(replaced)), { ok: true, jkt: viewer.jkt });
  });
}

t.test('a good proof does not fit another request', async (t) => {
  const proof = await prove();
  const rows: readonly [Partial<PossessionClaim>, PossessionRefusal][] = [
    [{ htm: 'POST' }, 'wrong-method'],
    [{ htu: `${HTU}/x` }, 'wrong-url'],
    [{ accessToken: '' }, 'wrong-token'],
    [{ jkt: thief.jkt }, 'wrong-key'],
    [{ jkt: '' }, 'wrong-key'],
    [{ htu: '' }, 'wrong-url'],
  ];
  for (const [replaced, why] of rows) t.strictSame(verify(proof, replaced), { ok: false, why });
});

t.test('a proof passes once', async (t) => {
  const desk = new PossessionDesk({ nonces, replay: new ReplayWindow() });
  const proof = await prove();
  t.match(desk.verify(claimOf(proof), NOW), { ok: true });
  t.strictSame(desk.verify(claimOf(proof), NOW), { ok: false, why: 'replayed' });
  t.strictSame(desk.verify(claimOf(proof), NOW + 59_999), { ok: false, why: 'replayed' });
});

t.test('a jti passes once for a key, however the proof is signed anew', async (t) => {
  const desk = new PossessionDesk({ nonces, replay: new ReplayWindow() });
  t.match(desk.verify(claimOf(await prove({ jti: 'one' })), NOW), { ok: true });
  t.strictSame(desk.verify(claimOf(await prove({ jti: 'one' })), NOW), { ok: false, why: 'replayed' });
  const others = claimOf(await makeProof(thief, { ...honest, jti: 'one' }), { jkt: thief.jkt });
  t.match(desk.verify(others, NOW), { ok: true }, 'the jti of one key is not used up by another');
});

t.test('by the time it is forgotten, a proof is refused by its nonce and its time', async (t) => {
  const source = new NonceSource(systemRandomness);
  const desk = new PossessionDesk({ nonces: source, replay: new ReplayWindow() });
  const proof = await prove({ nonce: source.current(NOW), claims: { iat: second + window } });
  t.match(desk.verify(claimOf(proof), NOW), { ok: true });
  for (let afterMs = 0; afterMs <= 400_000; afterMs += 1_000) {
    if (desk.verify(claimOf(proof), NOW + afterMs).ok) t.fail(`passed again after ${afterMs} ms`);
  }
  t.strictSame(desk.verify(claimOf(proof), NOW), { ok: false, why: 'use-nonce' }, 'even when the clock goes back');
});

t.test('a full window refuses what is new', async (t) => {
  const desk = new PossessionDesk({ nonces, replay: new ReplayWindow({ entriesMax: 1, windowMs: 180_000 }) });
  const first = claimOf(await prove());
  t.match(desk.verify(first, NOW), { ok: true });
  t.strictSame(desk.verify(claimOf(await prove()), NOW), { ok: false, why: 'overloaded' });
  t.strictSame(desk.verify(first, NOW), { ok: false, why: 'replayed' });
});

t.test('a time that is no number lets nothing pass', async (t) => {
  t.strictSame(verify(await prove(), {}, Number.NaN), { ok: false, why: 'stale' });
});

t.test('keys made by Node work like those of a browser', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = toPublicJwk(publicKey);
  const ath = await hashText(TOKEN);
  const claims = { jti: 'n', htm: 'GET', htu: HTU, iat: second, ath, nonce };
  const proof = jwt.sign(claims, privateKey, {
    algorithm: 'ES256',
    header: { alg: 'ES256', typ: 'dpop+jwt', jwk } as jwt.JwtHeader,
  });
  t.match(verify(proof, { jkt: await hashText(`{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`) }), {
    ok: true,
  });
});

t.test('no text and no JSON passes or throws', async () => {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: viewer.jwk };
  const part = fc.oneof(fc.string(), fc.jsonValue().map(encodeJson), fc.constant(encodeJson(header)));
  const text = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
  );
  fc.assert(fc.property(text, (proof) => !verify(proof).ok));
});

t.test('no change of any character passes', async () => {
  const proof = await prove();
  fc.assert(
    fc.property(fc.nat(proof.length - 1), fc.string({ maxLength: 2 }), fc.nat(2), (at, inserted, removed) => {
      const mutated = proof.slice(0, at) + inserted + proof.slice(at + removed);
      return mutated === proof || !verify(mutated).ok;
    }),
    { numRuns: 500 },
  );
});

t.test('no signed nonsense passes or throws', async () => {
  const member = fc.constantFrom('htm', 'htu', 'iat', 'ath', 'nonce');
  await fc.assert(
    fc.asyncProperty(
      member,
      fc.jsonValue(),
      async (name, value) => !verify(await prove({ claims: { [name]: value } })).ok,
    ),
  );
});
