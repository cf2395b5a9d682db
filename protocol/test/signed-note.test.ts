/* Signed notes and checkpoints against the published examples, and every way to be wrong. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { parseBase64, toBase64, toBase64Url, toHex } from '../src/bytes.ts';
import { formatCheckpoint, parseCheckpoint, verifyCheckpoint } from '../src/checkpoint.ts';
import { Frontier, leafHash } from '../src/merkle.ts';
import {
  buildVerifierKey,
  COSIGNATURE,
  ED25519,
  formatNote,
  formatVerifierKey,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
  verifyNote,
} from '../src/signed-note.ts';
import { hex, utf8 } from './tree-of.ts';

const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
const LOG_KEY = 'log.example/jackson-pilot+351e6f17+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c';
const WITNESS_KEY = 'witness.example/eff1+981219d7+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU';
const COSIGNED = `log.example/jackson-pilot
3
NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE=

— log.example/jackson-pilot NR5vFyGUbLJE5WRJmQzMibvguCA38ktu33bNZSPlGX+9c0TfWffAm8SH5lPkW+RXNkF9qXvxqiaQ7A08DLCUouq5Mwc=
— witness.example/eff1 mBIZ1wAAAABlU/EA++IfmRYwNIPLVb6IglEV+eau38PmaS0Xf2Xshhl7ViNUCUYCvVsWfj8+BYGf6dQYqT+Y6k1nicRLK/WektjQBw==
`;

function key(text: string): VerifierKey {
  const read = parseVerifierKey(text);
  if (!read.ok) throw new Error(read.why);
  return read.value;
}

/** An Ed25519 key from a seed of one repeated byte. */
function secretOf(byte: number): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
function signer(name: string, byte: number) {
  const secret = secretOf(byte);
  const { x = '' } = createPublicKey(secret).export({ format: 'jwk' });
  const verifier = buildVerifierKey(name, ED25519, Uint8Array.from(Buffer.from(x, 'base64url')));
  const line = (text: string) => ({
    name,
    keyId: verifier.id,
    signature: Uint8Array.from(sign(null, Buffer.from(text), secret)),
  });
  return { verifier, line };
}

t.test('the published example opens', async (t) => {
  const opened = await verifyNote(EXAMPLE_NOTE, [key(EXAMPLE_KEY)]);
  t.match(opened, { ok: true, value: { text: 'This is an example message.\n', signedBy: [{ timeMs: null }] } });
  t.equal(formatVerifierKey(key(EXAMPLE_KEY)), EXAMPLE_KEY);
  const sumdb = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
  t.equal(formatVerifierKey(key(sumdb)), sumdb, 'the key of another log');
});

t.test('a cosigned checkpoint opens with the log alone and with its witness', async (t) => {
  const [log, witness] = [key(LOG_KEY), key(WITNESS_KEY)];
  t.match(await verifyCheckpoint(COSIGNED, log), { ok: true, value: { origin: log.name, size: 3 } });
  const opened = await verifyNote(COSIGNED, [log, witness]);
  t.match(opened, { ok: true, value: { signedBy: [{ timeMs: null }, { timeMs: 1_700_000_000_000 }] } });
  t.match(await verifyCheckpoint(COSIGNED, witness), { ok: false }, 'a witness is not the log');
  const frontier = new Frontier();
  for (const leaf of ['a', 'b', 'c']) frontier.append(leafHash(utf8(leaf)));
  const text = formatCheckpoint({ origin: log.name, size: 3, root: frontier.root() });
  t.ok(COSIGNED.startsWith(`${text}\n`), 'our text is the published one');
});

t.test('signing as the published keys gives the published bytes', async (t) => {
  const log = signer('log.example/jackson-pilot', 1);
  t.equal(formatVerifierKey(log.verifier), LOG_KEY);
  const text = COSIGNED.slice(0, COSIGNED.indexOf('\n\n') + 1);
  t.equal(formatNote({ text, signatures: [log.line(text)] }), `${COSIGNED.split('\n').slice(0, 5).join('\n')}\n`);
});

t.test('unknown keys are passed over, a false signature of a known one is not', async (t) => {
  const [ours, other] = [signer('a.example/log', 3), signer('b.example/log', 4)];
  const text = 'hello\n';
  const both = formatNote({ text, signatures: [other.line(text), ours.line(text)] });
  t.match(await verifyNote(both, [ours.verifier]), { ok: true });
  t.match(await verifyNote(both, []), { ok: false, why: 'no signature of a known key' });
  const lie = { ...other.line('bye\n') };
  const mixed = formatNote({ text, signatures: [ours.line(text), lie] });
  t.match(await verifyNote(mixed, [ours.verifier]), { ok: true }, 'unknown liar');
  t.match(await verifyNote(mixed, [ours.verifier, other.verifier]), { ok: false }, 'known liar');
  const short = formatNote({ text, signatures: [{ ...ours.line(text), signature: new Uint8Array(63) }] });
  t.match(await verifyNote(short, [ours.verifier]), { ok: false }, 'a signature of the wrong length');
  const namesake = buildVerifierKey('a.example/log', ED25519, other.verifier.publicKey);
  t.match(await verifyNote(both, [namesake]), { ok: false }, 'same name, other key');
});

t.test('each changed character of a note is noticed', async (t) => {
  const known = [key(EXAMPLE_KEY)];
  const inside = fc.integer({ min: 0, max: EXAMPLE_NOTE.length - 1 });
  await fc.assert(
    fc.asyncProperty(inside, fc.constantFrom('A', 'z', '\n', '\u0000', ' ', '+', '\u2014'), async (at, put) => {
      const changed = EXAMPLE_NOTE.slice(0, at) + put + EXAMPLE_NOTE.slice(at + 1);
      return changed === EXAMPLE_NOTE || !(await verifyNote(changed, known)).ok;
    }),
  );
  t.pass('held');
});

t.test('malformed notes', async (t) => {
  const line = EXAMPLE_NOTE.split('\n')[2]!;
  const rows: [string, string][] = [
    ['empty', ''],
    ['no signature', 'text\n\n'],
    ['no empty line', `text\n${line}\n`],
    ['no last newline', `text\n\n${line}`],
    ['a control character', `te\u0007xt\n\n${line}\n`],
    ['a carriage return', `text\r\n\n${line}\n`],
    ['a hyphen for the dash', `text\n\n-${line.slice(1)}\n`],
    ['two spaces', `text\n\n${line.replace(' ', '  ')}\n`],
    ['base64 without padding', `text\n\n${line.replace('=', '')}\n`],
    ['a plus in the name', `text\n\n${line.replace('foo', 'f+o')}\n`],
    ['a line that is none', `text\n\n${line}\nmore\n`],
    ['a lone surrogate', `te\ud800xt\n\n${line}\n`],
    ['too many signatures', `text\n\n${`${line}\n`.repeat(65)}`],
    ['too long', `${'x'.repeat(70_000)}\n\n${line}\n`],
  ];
  for (const [name, note] of rows) t.equal(parseNote(note).ok, false, name);
  t.match(parseNote(`a\n\nb\n\n${line}\n`), { ok: true, value: { text: 'a\n\nb\n' } }, 'split at the last empty line');
  t.throws(() => formatNote({ text: 'no newline', signatures: [] }), TypeError);
});

t.test('verifier keys that are none', async (t) => {
  const [name, id, raw] = EXAMPLE_KEY.split('+') as [string, string, string];
  for (const text of [
    '',
    name,
    `${name}+${id}`,
    `${name}+530d903b+${raw}`,
    `${name}x+${id}+${raw}`,
    `+${id}+${raw}`,
    `${name}+${id}+AAAA`,
    `${name}+${id}+${raw.slice(1)}`,
    `a b+${id}+${raw}`,
  ]) {
    t.equal(parseVerifierKey(text).ok, false, JSON.stringify(text));
  }
  t.throws(() => buildVerifierKey('a b', ED25519, new Uint8Array(32)), TypeError);
  const bad = buildVerifierKey('odd.example', COSIGNATURE, new Uint8Array(31));
  const note = formatNote({
    text: 'x\n',
    signatures: [{ name: bad.name, keyId: bad.id, signature: new Uint8Array(72) }],
  });
  t.match(await verifyNote(note, [bad]), { ok: false }, 'a key that cannot be imported signs nothing');
});

t.test('checkpoints that are none', async (t) => {
  const root = 'NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE=';
  t.match(parseCheckpoint(`o\n0\n${root}\nextension\n`), { ok: true, value: { size: 0 } });
  for (const text of [
    '',
    `o\n3\n${root}`,
    `\n3\n${root}\n`,
    `o\n03\n${root}\n`,
    `o\n-3\n${root}\n`,
    `o\n3.5\n${root}\n`,
    `o\n99999999999999999999\n${root}\n`,
    'o\n3\nAAAA\n',
    `o\n3\n${root}\n\n`,
  ]) {
    t.equal(parseCheckpoint(text).ok, false, JSON.stringify(text));
  }
  t.throws(() => formatCheckpoint({ origin: 'a b', size: 0, root: hex('00') }), TypeError);
  const ours = signer('a.example/log', 5);
  const foreign = formatCheckpoint({ origin: 'b.example/log', size: 3, root: parseBase64(root)! });
  const note = formatNote({ text: foreign, signatures: [ours.line(foreign)] });
  t.match(await verifyCheckpoint(note, ours.verifier), { ok: false, why: 'the checkpoint of another log' });
});

t.test('base64 and hex', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = toBase64(bytes);
      const same = Buffer.from(bytes).toString('base64') === text && toHex(parseBase64(text)!) === toHex(bytes);
      return same && toBase64Url(bytes) === Buffer.from(bytes).toString('base64url');
    }),
  );
  for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A===', '====', 'AA\n=', 'AA==AA==']) {
    t.equal(parseBase64(text), null, text);
  }
});
