/*
 * Signed notes after C2SP signed-note: a text and lines of signatures, and the verifier keys that open it. Pure but
 * for WebCrypto's Ed25519, so that a browser checks a checkpoint as the server's own verifier does.
 */

import { bytesEqual, joinBytes, parseBase64, toBase64, toHex } from './bytes.ts';
import { type Parsed, parsed, unreadable } from './parsed.ts';
import { sha256 } from './sha256.ts';

/** 0x01 signs the text; 0x04 is a witness's cosignature, which adds a time (tlog-cosignature). */
export type SignatureType = 0x01 | 0x04;
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;

export type VerifierKey = {
  readonly name: string;
  /** First four bytes of SHA-256(name, newline, type, public key). */
  readonly id: Uint8Array;
  readonly type: SignatureType;
  /** 32 bytes of Ed25519. */
  readonly publicKey: Uint8Array;
};
export type NoteSignature = { readonly name: string; readonly keyId: Uint8Array; readonly signature: Uint8Array };
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] };
/** `timeMs` is a witness's word for when it saw the text; null for a plain signature. */
export type NoteVerdict = {
  readonly text: string;
  readonly signedBy: readonly { readonly key: VerifierKey; readonly timeMs: number | null }[];
};

const KEY_ID_BYTES = 4;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIME_BYTES = 8;
/** A verifier must take 16; more than this is a flood. */
const SIGNATURES_MAX = 64;
/** A checkpoint with all its witnesses is under 8 kB. */
export const NOTE_CHARS_MAX = 64 * 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/;
const UNFIT_NAME = /[\p{White_Space}+]/u;
const LINE = /^\u2014 (\S+) (\S+)$/;

/** A key name: not empty, no Unicode white space, no plus sign, no control character. */
export const isKeyName = (name: string): boolean => name !== '' && !UNFIT_NAME.test(name) && !CONTROL.test(name);

/** A note's text: well-formed, ends in a newline, no control character but that. */
export const isNoteText = (text: string): boolean => text.endsWith('\n') && !CONTROL.test(text) && text.isWellFormed();

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export function buildVerifierKey(name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new TypeError('a key name is not empty and has no white space and no plus sign');
  const id = sha256(joinBytes([utf8(`${name}\n`), Uint8Array.of(type), publicKey])).slice(0, KEY_ID_BYTES);
  return { name, id, type, publicKey };
}

/** Writes `name+hex(id)+base64(type || public key)`. */
export const formatVerifierKey = (key: VerifierKey): string =>
  `${key.name}+${toHex(key.id)}+${toBase64(joinBytes([Uint8Array.of(key.type), key.publicKey]))}`;

export function parseVerifierKey(text: string): Parsed<VerifierKey> {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text);
  const raw = match === null ? null : parseBase64(match[3]!);
  if (match === null || raw === null || !isKeyName(match[1]!)) return unreadable('not a verifier key');
  const type = raw[0];
  if (type !== ED25519 && type !== COSIGNATURE) return unreadable('a verifier key of an unknown type');
  if (raw.length !== 1 + PUBLIC_KEY_BYTES) return unreadable('a verifier key of the wrong length');
  const key = buildVerifierKey(match[1]!, type, raw.subarray(1));
  return toHex(key.id) === match[2] ? parsed(key) : unreadable('the id of the verifier key does not fit the key');
}

/** Splits a note at its last empty line; the signatures are read, not checked. */
export function parseNote(note: string): Parsed<Note> {
  if (note.length > NOTE_CHARS_MAX) return unreadable('the note is too long');
  if (!isNoteText(note)) return unreadable('the note holds a control character or does not end in a newline');
  const blank = note.lastIndexOf('\n\n');
  if (blank < 0) return unreadable('the note has no empty line before its signatures');
  const lines = note
    .slice(blank + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0 || lines.length > SIGNATURES_MAX) return unreadable('the note has no signature, or too many');
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const match = LINE.exec(line);
    const raw = match === null ? null : parseBase64(match[2]!);
    if (match === null || raw === null || !isKeyName(match[1]!)) return unreadable('a signature line is malformed');
    if (raw.length <= KEY_ID_BYTES) return unreadable('a signature is too short');
    const signature = raw.subarray(KEY_ID_BYTES);
    signatures.push({ name: match[1]!, keyId: raw.subarray(0, KEY_ID_BYTES), signature });
  }
  return parsed({ text: note.slice(0, blank + 1), signatures });
}

/** Writes a note; the signatures are taken as they are. Throws TypeError for a text that cannot be one. */
export function formatNote({ text, signatures }: Note): string {
  if (!isNoteText(text)) throw new TypeError('a note text ends in a newline and has no other control character');
  const lines = signatures.map(
    ({ name, keyId, signature }) => `\u2014 ${name} ${toBase64(joinBytes([keyId, signature]))}\n`,
  );
  return `${text}\n${lines.join('')}`;
}

/**
 * Opens a note with the keys one knows. Signatures of unknown keys are ignored; a failing signature of a known key
 * rejects the whole note, and so does the absence of any known signature.
 */
export async function verifyNote(note: string, known: readonly VerifierKey[]): Promise<Parsed<NoteVerdict>> {
  const read = parseNote(note);
  if (!read.ok) return read;
  const { text, signatures } = read.value;
  const signedBy: { key: VerifierKey; timeMs: number | null }[] = [];
  for (const line of signatures) {
    const key = known.find((each) => each.name === line.name && bytesEqual(each.id, line.keyId));
    if (key === undefined || signedBy.some((each) => each.key === key)) continue;
    const timeMs = key.type === COSIGNATURE ? readTimeMs(line.signature) : null;
    if (!(await signatureHolds(text, line.signature, key))) return unreadable(`the signature of ${key.name} is false`);
    signedBy.push({ key, timeMs });
  }
  return signedBy.length === 0 ? unreadable('no signature of a known key') : parsed({ text, signedBy });
}

const readSeconds = (signature: Uint8Array): bigint =>
  signature.subarray(0, TIME_BYTES).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
const readTimeMs = (signature: Uint8Array): number => Number(readSeconds(signature)) * 1000;

async function signatureHolds(text: string, signature: Uint8Array, key: VerifierKey): Promise<boolean> {
  const timeBytes = key.type === COSIGNATURE ? TIME_BYTES : 0;
  if (signature.length !== timeBytes + SIGNATURE_BYTES) return false;
  const signed = key.type === COSIGNATURE ? `cosignature/v1\ntime ${readSeconds(signature)}\n${text}` : text;
  try {
    const raw = new Uint8Array(key.publicKey);
    const publicKey = await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify']);
    const bare = new Uint8Array(signature.subarray(timeBytes));
    return await crypto.subtle.verify({ name: 'Ed25519' }, publicKey, bare, utf8(signed));
  } catch {
    // A key that WebCrypto will not import signs nothing.
    return false;
  }
}
