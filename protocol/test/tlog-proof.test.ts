/* Receipts of entries, and commitments: round trips and every mutation. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { toHex } from '../src/bytes.ts';
import { formatCheckpoint } from '../src/checkpoint.ts';
import { buildCommitment, opensCommitment } from '../src/commitment.ts';
import { commitmentSchema } from '../src/ledger-entry.ts';
import { Prover } from '../src/merkle-proof.ts';
import { buildVerifierKey, ED25519, formatNote } from '../src/signed-note.ts';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from '../src/tlog-proof.ts';
import { treeOf, utf8 } from './tree-of.ts';

const SIZE = 300;
const { privateKey } = generateKeyPairSync('ed25519');
const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
const log = buildVerifierKey('cams.example/ledger', ED25519, Uint8Array.from(Buffer.from(x, 'base64url')));
const { frontier, readTile } = treeOf(SIZE);
const text = formatCheckpoint({ origin: log.name, size: SIZE, root: frontier.root() });
const signature = Uint8Array.from(sign(null, Buffer.from(text), privateKey));
const checkpoint = formatNote({ text, signatures: [{ name: log.name, keyId: log.id, signature }] });
const prover = new Prover(SIZE, readTile);
const proofOf = (index: number, extra: Uint8Array | null = null) =>
  formatTlogProof({ index, path: prover.inclusion(index), checkpoint, extra });

t.test('a receipt proves its entry and no other', async (t) => {
  for (const index of [0, 1, 255, 256, 299]) {
    t.match(await verifyTlogProof(proofOf(index), utf8(`entry ${index}`), log), { ok: true, value: { index } });
    t.match(await verifyTlogProof(proofOf(index), utf8(`entry ${index + 1}`), log), { ok: false });
  }
});

t.test('receipts round-trip, with and without extra bytes', async (t) => {
  const extras = fc.option(fc.uint8Array({ minLength: 1, maxLength: 50 }), { nil: null });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: SIZE - 1 }), extras, (index, extra) => {
      const read = parseTlogProof(proofOf(index, extra));
      return (
        read.ok &&
        read.value.index === index &&
        read.value.checkpoint === checkpoint &&
        (extra === null ? read.value.extra === null : toHex(read.value.extra!) === toHex(extra))
      );
    }),
  );
  t.match(proofOf(7), /^c2sp\.org\/tlog-proof@v1\nindex 7\n/);
});

t.test('each changed line is noticed', async (t) => {
  const proof = proofOf(42);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: proof.length - 1 }),
      fc.constantFrom('A', '9', '\n', ' '),
      async (at, put) => {
        const changed = proof.slice(0, at) + put + proof.slice(at + 1);
        return changed === proof || !(await verifyTlogProof(changed, utf8('entry 42'), log)).ok;
      },
    ),
  );
  t.pass('held');
});

t.test('receipts that are none', async (t) => {
  const [head, tail] = [proofOf(42).split('\n\n')[0]!, checkpoint];
  const lines = head.split('\n');
  const rows: [string, string][] = [
    ['empty', ''],
    ['no checkpoint', head],
    ['another version', `${head.replace('@v1', '@v2')}\n\n${tail}`],
    ['no index', `${lines.toSpliced(1, 1).join('\n')}\n\n${tail}`],
    ['a negative index', `${head.replace('index 42', 'index -1')}\n\n${tail}`],
    ['an index with a zero before it', `${head.replace('index 42', 'index 042')}\n\n${tail}`],
    ['a short hash', `${head.slice(0, -4)}\n\n${tail}`],
    ['bad extra', `${lines.toSpliced(1, 0, 'extra ?').join('\n')}\n\n${tail}`],
    ['an endless path', `${lines[0]}\nindex 42\n${`${lines[2]}\n`.repeat(64)}\n${tail}`],
  ];
  for (const [name, proof] of rows) t.equal(parseTlogProof(proof).ok, false, name);
  const unsigned = `${head}\n\n${text}\n— x.example AAAAAAAA\n`;
  t.match(await verifyTlogProof(unsigned, utf8('entry 42'), log), { ok: false }, 'not signed by the log');
});

t.test('commitments', async (t) => {
  const salt = new Uint8Array(32).fill(7);
  const fields = { subject: 'officer-7', remoteAddress: '192.0.2.7' };
  const commitment = buildCommitment(salt, fields);
  t.ok(commitmentSchema.safeParse(commitment).success, 'fits on an entry');
  t.ok(opensCommitment(commitment, salt, { remoteAddress: '192.0.2.7', subject: 'officer-7' }), 'in any order');
  t.notOk(opensCommitment(commitment, salt, { ...fields, subject: 'officer-8' }));
  t.notOk(opensCommitment(commitment, new Uint8Array(32), fields), 'another salt');
  t.notOk(opensCommitment(commitment, new Uint8Array(31), fields), 'a short salt');
  t.throws(() => buildCommitment(new Uint8Array(31), fields), RangeError);
});
