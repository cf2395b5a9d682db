/*
 * The proof as a verifier sees it: checked with node:crypto, which knows nothing of the SDK.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { limits } from '@sallyport/protocol/limits';
import t from 'tap';
import { buildProof } from '../src/possession-proof.ts';
import { createViewerKey, openViewerKey, thumbprint } from '../src/viewer-key.ts';

const part = (proof: string, at: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(proof.split('.')[at] ?? '', 'base64url').toString('utf8'));

const htu = 'https://video.example/v1/signal';
const ask = { token: 'header.claims.signature', htu, nonce: 'n-1', wallMs: 1_800_000_000_999 };

t.test('a proof is a DPoP JWT over this token for this server', async (t) => {
  const key = await createViewerKey();
  const proof = await buildProof({ key, ...ask });
  t.match(proof, /^[\w-]+\.[\w-]+\.[\w-]{86}$/, 'three parts of base64url, the last 64 bytes');
  t.ok(proof.length < limits.proofBytesMax);
  t.same(part(proof, 0), { typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk });
  const { jti, ...claims } = part(proof, 1);
  const ath = createHash('sha256').update(ask.token).digest('base64url');
  t.same(claims, { htm: 'GET', htu, iat: 1_800_000_000, ath, nonce: 'n-1' });
  t.match(jti, /^[\w-]{22}$/);
});

t.test('its signature holds for its own key only', async (t) => {
  const key = await createViewerKey();
  const other = await createViewerKey();
  const proof = await buildProof({ key, ...ask });
  const at = proof.lastIndexOf('.');
  const signed = Buffer.from(proof.slice(0, at));
  const signature = Buffer.from(proof.slice(at + 1), 'base64url');
  const holds = (jwk: typeof key.publicJwk): boolean => {
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    return verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  };
  t.ok(holds(key.publicJwk));
  t.notOk(holds(other.publicJwk));
});

t.test('no two proofs are alike', async (t) => {
  const key = await createViewerKey();
  const proofs = await Promise.all(Array.from({ length: 50 }, () => buildProof({ key, ...ask })));
  t.equal(new Set(proofs.map((proof) => part(proof, 1)['jti'])).size, 50);
});

t.test('the private half cannot be exported', async (t) => {
  const key = await createViewerKey();
  await t.rejects(crypto.subtle.exportKey('jwk', key.privateKey));
  t.notOk('d' in key.publicJwk);
});

t.test('without IndexedDB the key lives in memory', async (t) => {
  const [first, second] = [await openViewerKey(), await openViewerKey()];
  t.not(first.jkt, second.jkt);
});

t.test('the thumbprint is RFC 7638’s', async (t) => {
  const key = await createViewerKey();
  const { x, y } = key.publicJwk;
  const canonical = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
  t.equal(key.jkt, createHash('sha256').update(canonical).digest('base64url'));
  t.equal(await thumbprint(key.publicJwk), key.jkt);
});
