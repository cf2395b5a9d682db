// Camera URLs at rest: sealed, bound to their camera, and a key file nobody else reads.
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { CameraVault } from '../../src/ingest/camera-vault.ts';
import { openCameraVault, VAULT_KEY_FILE } from '../../src/ingest/vault-key-file.ts';
import { cameraId, otherCameraId } from '../support/facts.ts';
import { fixedRandomness, systemRandomness } from './support/surroundings.ts';

const URL_TEXT = 'rtsp://admin:hunter2@10.0.0.5/live';
const vaultOf = (byte: number) => new CameraVault(new Uint8Array(32).fill(byte), systemRandomness);

t.test('what is sealed comes back, for its camera and key alone', async (t) => {
  const vault = vaultOf(1);
  const sealed = vault.seal(cameraId, URL_TEXT);
  t.match(sealed, /^v1\.[\w-]{16}\.[\w-]+$/);
  t.notMatch(sealed + Buffer.from(sealed, 'base64url').toString('latin1'), /hunter2|admin/);
  t.equal(vault.unseal(cameraId, sealed), URL_TEXT);
  t.not(vault.seal(cameraId, URL_TEXT), sealed, 'two seals differ');
  t.equal(vault.unseal(otherCameraId, sealed), null, 'of another camera');
  t.equal(vaultOf(2).unseal(cameraId, sealed), null, 'of another key');
  for (const bad of [
    '',
    'v1',
    sealed.replace('v1', 'v2'),
    `${sealed}.`,
    sealed.slice(0, -4),
    'v1.AAAAAAAAAAAAAAAA.AAAA',
  ]) {
    t.equal(vault.unseal(cameraId, bad), null, bad);
  }
  t.equal(vault.mask(URL_TEXT), 'rtsp://***@10.0.0.5/live');
  t.throws(() => new CameraVault(new Uint8Array(16), systemRandomness), RangeError);
});

t.test('any URL comes back, and one changed character breaks the seal', async () => {
  const vault = vaultOf(3);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (url, at) => {
      const sealed = vault.seal(cameraId, url);
      // Not the last character: its lowest bits may be padding that base64 ignores.
      const place = 3 + (at % (sealed.length - 4));
      const changed = `${sealed.slice(0, place)}${sealed[place] === 'A' ? 'B' : 'A'}${sealed.slice(place + 1)}`;
      return vault.unseal(cameraId, sealed) === url && vault.unseal(cameraId, changed) === null;
    }),
  );
});

t.test('makes its key once, for its own eyes', async (t) => {
  const directory = join(t.testdir(), 'new', 'directory');
  const first = await openCameraVault(directory, systemRandomness);
  const path = join(directory, VAULT_KEY_FILE);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.same(await readdir(directory), [VAULT_KEY_FILE], 'nothing is left beside it');
  const key = await readFile(path);
  t.equal(key.length, 32);
  const second = await openCameraVault(directory, fixedRandomness(0));
  t.same(await readFile(path), key);
  t.equal(second.unseal(cameraId, first.seal(cameraId, URL_TEXT)), URL_TEXT);
});

t.test('two starts at once agree on one key', async (t) => {
  const directory = t.testdir();
  const vaults = await Promise.all([1, 2, 3, 4].map(() => openCameraVault(directory, systemRandomness)));
  const sealed = vaults[0]?.seal(cameraId, URL_TEXT) ?? '';
  for (const vault of vaults) t.equal(vault.unseal(cameraId, sealed), URL_TEXT);
});

t.test('refuses a key that is damaged or open to others', async (t) => {
  const directory = t.testdir();
  const path = join(directory, VAULT_KEY_FILE);
  await writeFile(path, 'short', { mode: 0o600 });
  await t.rejects(openCameraVault(directory, systemRandomness), /damaged/);
  await writeFile(path, new Uint8Array(32));
  await chmod(path, 0o644);
  await t.rejects(openCameraVault(directory, systemRandomness), /chmod 600/);
  await t.rejects(openCameraVault(join(path, 'below'), systemRandomness), { code: 'ENOTDIR' });
});
