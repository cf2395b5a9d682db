/* Nonces: how long they live, and that nobody else can make one. */
import fc from 'fast-check';
import t from 'tap';
import { NonceSource } from '../../src/tokens/nonce-source.ts';
import { NONCE_BUCKET_MS } from '../../src/tokens/token-limits.ts';
import { systemRandomness } from '../support/token-grants.ts';

const START = 29_455_383 * NONCE_BUCKET_MS;

const ages: readonly [name: string, givenAtMs: number, usedAtMs: number, accepted: boolean][] = [
  ['at once', 0, 0, true],
  ['within its bucket', 0, NONCE_BUCKET_MS - 1, true],
  ['in the next bucket', 0, NONCE_BUCKET_MS, true],
  ['at the end of the next', 0, 2 * NONCE_BUCKET_MS - 1, true],
  ['at 120 s', 0, 2 * NONCE_BUCKET_MS, false],
  ['a minute after the last moment of its bucket', NONCE_BUCKET_MS - 1, 2 * NONCE_BUCKET_MS - 1, true],
  ['a day later', 0, 86_400_000, false],
];
for (const [name, givenAtMs, usedAtMs, accepted] of ages) {
  t.test(`a nonce used ${name}`, async (t) => {
    const nonces = new NonceSource(systemRandomness);
    t.equal(nonces.accepts(nonces.current(START + givenAtMs), START + usedAtMs), accepted);
  });
}

t.test('one nonce a bucket, in characters that fit any header', async (t) => {
  const nonces = new NonceSource(systemRandomness);
  t.equal(nonces.current(START), nonces.current(START + NONCE_BUCKET_MS - 1));
  t.not(nonces.current(START), nonces.current(START + NONCE_BUCKET_MS));
  t.match(nonces.current(START), /^[A-Za-z0-9_-]{24}$/);
});

t.test('a nonce of another process is refused', async (t) => {
  const other = new NonceSource(systemRandomness);
  t.equal(new NonceSource(systemRandomness).accepts(other.current(START), START), false);
});

t.test('the same secret makes the same nonces', async (t) => {
  const fixed = { bytes: (count: number) => new Uint8Array(count).fill(7) };
  t.equal(new NonceSource(fixed).accepts(new NonceSource(fixed).current(START), START), true);
});

t.test('a clock that goes back revives nothing', async (t) => {
  const nonces = new NonceSource(systemRandomness);
  const old = nonces.current(START);
  nonces.current(START + 10 * NONCE_BUCKET_MS);
  t.equal(nonces.accepts(old, START), false);
  t.equal(nonces.accepts(nonces.current(START), START), true, 'the newest is given out instead');
});

t.test('a time that is no number accepts nothing old and breaks nothing', async (t) => {
  const nonces = new NonceSource(systemRandomness);
  const old = nonces.current(START);
  t.equal(nonces.accepts(old, START + 3 * NONCE_BUCKET_MS), false);
  t.equal(nonces.accepts(old, Number.NaN), false);
  t.equal(nonces.accepts(nonces.current(START + 3 * NONCE_BUCKET_MS), START + 3 * NONCE_BUCKET_MS), true);
});

t.test('no guess is accepted and none throws', async () => {
  const nonces = new NonceSource(systemRandomness);
  const guess = fc
    .uint8Array({ minLength: 18, maxLength: 18 })
    .map((bytes) => Buffer.from(bytes).toString('base64url'));
  fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 40 }), guess), (text) => !nonces.accepts(text, START)));
});
