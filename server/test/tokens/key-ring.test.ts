/* The key ring on a real directory: durability, rotation, retirement, and every way a directory can be wrong. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '@sallyport/protocol/limits';
import t, { type Test } from 'tap';
import { parsePublicJwk, thumbprint, toPublicJwk } from '../../src/tokens/jwk-thumbprint.ts';
import { KeyFileFault } from '../../src/tokens/key-file.ts';
import { KeyRing } from '../../src/tokens/key-ring.ts';
import { KEY_FILES_MAX, KEY_RETIREMENT_MARGIN_MS, KEYS_MAX } from '../../src/tokens/token-limits.ts';

const NOW = 1_767_322_980_000;
const RETIRED_AFTER = limits.tokenLifeMsMax + KEY_RETIREMENT_MARGIN_MS;

const directoryOf = (t: Test): string => join(t.testdir({}), 'keys');
const filesOf = (directory: string): readonly string[] => readdirSync(directory).sort();
const kidsOf = (ring: KeyRing, nowMs: number): readonly string[] => ring.jwks(nowMs).keys.map(({ kid }) => kid);

t.test('the first key is made, private to its owner, and found again', async (t) => {
  const directory = directoryOf(t);
  const ring = await KeyRing.open(directory, NOW);
  const file = `token-${ring.active.kid}.pem`;
  t.strictSame(filesOf(directory), [file]);
  t.equal(statSync(join(directory, file)).mode & 0o777, 0o600);
  t.equal(statSync(directory).mode & 0o777, 0o700);
  t.equal(thumbprint(toPublicJwk(ring.active.privateKey)), ring.active.kid, 'the kid is the thumbprint');
  const again = await KeyRing.open(directory, NOW + 1);
  t.equal(again.active.kid, ring.active.kid);
  t.equal(again.active.privateKey.equals(ring.active.privateKey), true);
  t.strictSame(filesOf(directory), [file], 'no second key');
});

t.test('the file is a PEM that other tools read', async (t) => {
  const directory = directoryOf(t);
  const { active } = await KeyRing.open(directory, NOW);
  const text = readFileSync(join(directory, `token-${active.kid}.pem`), 'utf8');
  t.match(text, /^Created: 1767322980000$/m);
  t.equal(thumbprint(toPublicJwk(createPublicKey(text))), active.kid);
});

t.test('the published set holds public members only', async (t) => {
  const ring = await KeyRing.open(directoryOf(t), NOW);
  await ring.rotate(NOW);
  for (const jwk of ring.jwks(NOW).keys) {
    t.strictSame(Object.keys(jwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    t.match(jwk, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    const parsed = parsePublicJwk(jwk);
    t.equal(parsed.ok && thumbprint(parsed.jwk), jwk.kid);
  }
});

t.test('a rotated key verifies until its last token has expired, and not a millisecond longer', async (t) => {
  const directory = directoryOf(t);
  const ring = await KeyRing.open(directory, NOW);
  const first = ring.active.kid;
  const rotatedAt = NOW + 5_000_000;
  const outcome = await ring.rotate(rotatedAt);
  const second = ring.active.kid;
  t.strictSame(outcome, { rotated: true, kid: second, previousKid: first });
  t.not(second, first);
  t.strictSame(kidsOf(ring, rotatedAt), [second, first], 'the active key comes first');
  for (const atMs of [rotatedAt, rotatedAt + limits.tokenLifeMsMax, rotatedAt + RETIRED_AFTER - 1]) {
    t.not(ring.find(first, atMs), null);
  }
  t.equal(ring.find(first, rotatedAt + RETIRED_AFTER), null);
  t.strictSame(kidsOf(ring, rotatedAt + RETIRED_AFTER), [second]);
  t.not(ring.find(second, rotatedAt + 10 * RETIRED_AFTER), null, 'the active key does not retire by itself');
  const again = await KeyRing.open(directory, rotatedAt + RETIRED_AFTER - 1);
  t.strictSame(kidsOf(again, rotatedAt + RETIRED_AFTER - 1), [second, first], 'the order survives a restart');
  const later = await KeyRing.open(directory, rotatedAt + RETIRED_AFTER);
  t.equal(later.active.kid, second);
  t.strictSame(filesOf(directory), [`token-${second}.pem`], 'a retired key is removed');
});

t.test('without a kid the sole key is meant, among several none', async (t) => {
  const ring = await KeyRing.open(directoryOf(t), NOW);
  t.equal(ring.find(null, NOW)?.equals(createPublicKey(ring.active.privateKey)), true);
  await ring.rotate(NOW);
  t.equal(ring.find(null, NOW), null);
  t.equal(ring.find('no-such-key', NOW), null);
  t.equal(ring.find('', NOW), null);
});

t.test('the number of keys is bounded, and the bound is left again', async (t) => {
  const directory = directoryOf(t);
  const ring = await KeyRing.open(directory, NOW);
  for (let made = 1; made < KEYS_MAX; made += 1) t.equal((await ring.rotate(NOW + made)).rotated, true);
  const { kid } = ring.active;
  t.strictSame(await ring.rotate(NOW + KEYS_MAX), { rotated: false, why: 'too-many-keys' });
  t.equal(ring.active.kid, kid);
  t.equal(filesOf(directory).length, KEYS_MAX);
  t.match(await ring.rotate(NOW + KEYS_MAX + RETIRED_AFTER), { rotated: true, previousKid: kid });
  t.equal(filesOf(directory).length, 2);
});

t.test('a clock that went back, or is no number, makes neither a wrong order nor an empty ring', async (t) => {
  const directory = directoryOf(t);
  const ring = await KeyRing.open(directory, NOW);
  const first = ring.active.kid;
  await ring.rotate(NOW - 3_600_000);
  const { kid } = ring.active;
  t.not(kid, first, 'the new key signs');
  t.equal((await KeyRing.open(directory, NOW - 3_600_000)).active.kid, kid);
  t.strictSame(kidsOf(ring, Number.NaN), [], 'doubt closes');
  await KeyRing.open(directory, Number.NaN);
  t.equal(filesOf(directory).length, 2, 'and removes nothing');
});

t.test('overlapping rotations are one', async (t) => {
  const directory = directoryOf(t);
  const ring = await KeyRing.open(directory, NOW);
  const [one, two] = await Promise.all([ring.rotate(NOW + 1), ring.rotate(NOW + 1)]);
  t.strictSame(one, two);
  t.equal(filesOf(directory).length, 2);
  t.equal((await ring.rotate(NOW + 2)).rotated, true, 'the next one is a new one');
  t.equal(filesOf(directory).length, 3);
});

t.test('a rotation that cannot be written leaves the old key signing', async (t) => {
  const directory = directoryOf(t);
  const ring = await KeyRing.open(directory, NOW);
  const { kid } = ring.active;
  const kept = readFileSync(join(directory, `token-${kid}.pem`));
  rmSync(directory, { recursive: true });
  await t.rejects(ring.rotate(NOW + 1), { code: 'ENOENT' });
  t.equal(ring.active.kid, kid);
  mkdirSync(directory);
  writeFileSync(join(directory, `token-${kid}.pem`), kept, { mode: 0o600 });
  t.equal((await ring.rotate(NOW + 2)).rotated, true, 'and the next attempt succeeds');
});

t.test('what an interrupted write left is swept away; other files are left alone', async (t) => {
  const directory = directoryOf(t);
  const ring = await KeyRing.open(directory, NOW);
  writeFileSync(join(directory, `token-${'A'.repeat(43)}.pem.new`), 'half a k');
  writeFileSync(join(directory, 'ledger.key'), 'not ours');
  const again = await KeyRing.open(directory, NOW);
  t.equal(again.active.kid, ring.active.kid);
  t.strictSame(filesOf(directory), ['ledger.key', `token-${ring.active.kid}.pem`]);
});

const pemOf = (namedCurve: string): string =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const wrong: readonly [name: string, spoil: (path: string, directory: string) => void, says: RegExp][] = [
  ['readable by the group', (path) => chmodSync(path, 0o640), /read by others/],
  ['readable by all', (path) => chmodSync(path, 0o604), /read by others/],
  ['empty', (path) => writeFileSync(path, ''), /when it was created/],
  ['without its time', (path) => writeFileSync(path, pemOf('P-256')), /when it was created/],
  ['cut off', (path) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 120)), /damaged/],
  ['without a key', (path) => writeFileSync(path, 'Created: 1\n'), /damaged/],
  ['another key', (path) => writeFileSync(path, `Created: 1\n${pemOf('P-256')}`), /another key/],
  ['a key of another curve', (path) => writeFileSync(path, `Created: 1\n${pemOf('P-384')}`), /not a P-256 key/],
  ['far too large', (path) => writeFileSync(path, 'x'.repeat(5_000)), /not a key file/],
  [
    'among too many',
    (_, directory) => {
      for (let n = 0; n < KEY_FILES_MAX; n += 1) {
        writeFileSync(join(directory, `token-${String(n).padStart(43, 'A')}.pem`), '', { mode: 0o600 });
      }
    },
    /at most 64/,
  ],
];
for (const [name, spoil, says] of wrong) {
  t.test(`refuses to open when a key file is ${name}`, async (t) => {
    const directory = directoryOf(t);
    const { active } = await KeyRing.open(directory, NOW);
    spoil(join(directory, `token-${active.kid}.pem`), directory);
    const before = filesOf(directory);
    const fault = await KeyRing.open(directory, NOW).then(
      () => null,
      (cause: unknown) => cause,
    );
    t.type(fault, KeyFileFault);
    t.match(fault, { message: says });
    t.strictSame(filesOf(directory), before, 'and touches nothing');
  });
}

t.test('refuses a directory with more living keys than the ring holds', async (t) => {
  const directory = directoryOf(t);
  mkdirSync(directory);
  for (let n = 0; n <= KEYS_MAX; n += 1) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const path = join(directory, `token-${thumbprint(toPublicJwk(privateKey))}.pem`);
    writeFileSync(path, `Created: ${NOW + n}\n${pem}`, { mode: 0o600 });
  }
  await t.rejects(KeyRing.open(directory, NOW), { name: 'KeyFileFault', message: /more than 8 keys/ });
  const ring = await KeyRing.open(directory, NOW + RETIRED_AFTER + KEYS_MAX);
  t.equal(kidsOf(ring, NOW + RETIRED_AFTER + KEYS_MAX).length, 1, 'once they have retired it opens');
});
