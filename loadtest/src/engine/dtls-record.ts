/*
 * DTLS 1.2 records (RFC 6347, 4.1), in the clear at epoch 0 and under AES-128-GCM (RFC 5288) at epoch 1. Pure but for the
 * sequence numbers it counts.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { RecordKeys } from './tls-keys.ts';

export const RECORD = { changeCipher: 20, alert: 21, handshake: 22 } as const;
const VERSION = 0xfefd;
const HEADER_BYTES = 13;
const EXPLICIT_NONCE_BYTES = 8;
const TAG_BYTES = 16;

export type DtlsRecord = { readonly type: number; readonly epoch: number; readonly body: Buffer };

/** Seals records of one side. */
export class RecordWriter {
  readonly #next: [number, number] = [0, 0];
  #keys: RecordKeys | null = null;

  /** From now on epoch 1 can be written. */
  protect(keys: RecordKeys): void {
    this.#keys = keys;
  }

  write({ type, epoch, body }: DtlsRecord): Buffer {
    const at = epoch === 0 ? 0 : 1;
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = type;
    header.writeUInt16BE(VERSION, 1);
    header.writeUInt16BE(epoch, 3);
    header.writeUIntBE(this.#next[at], 5, 6);
    this.#next[at] += 1;
    const content = epoch === 0 ? body : this.#seal(header, body);
    header.writeUInt16BE(content.length, 11);
    return Buffer.concat([header, content]);
  }

  #seal(header: Buffer, body: Buffer): Buffer {
    if (!this.#keys) throw new Error('no keys for epoch 1 yet');
    const explicit = header.subarray(3, 11);
    const cipher = createCipheriv('aes-128-gcm', this.#keys.key, Buffer.concat([this.#keys.salt, explicit]));
    cipher.setAAD(associatedData(header, body.length));
    return Buffer.concat([explicit, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
  }
}

/** The records of one datagram; those at epoch 1 only when `keys` open them. What is not sound is left out. */
export function readRecords(datagram: Buffer, keys: RecordKeys | null): readonly DtlsRecord[] {
  const records: DtlsRecord[] = [];
  for (let at = 0; at + HEADER_BYTES <= datagram.length; ) {
    const header = datagram.subarray(at, at + HEADER_BYTES);
    const bytes = header.readUInt16BE(11);
    const content = datagram.subarray(at + HEADER_BYTES, at + HEADER_BYTES + bytes);
    at += HEADER_BYTES + bytes;
    const epoch = header.readUInt16BE(3);
    const body = epoch === 0 ? content : open(header, content, keys);
    if (body && content.length === bytes) records.push({ type: header.readUInt8(0), epoch, body });
  }
  return records;
}

function open(header: Buffer, content: Buffer, keys: RecordKeys | null): Buffer | null {
  const bytes = content.length - EXPLICIT_NONCE_BYTES - TAG_BYTES;
  if (!keys || bytes < 0) return null;
  const nonce = Buffer.concat([keys.salt, content.subarray(0, EXPLICIT_NONCE_BYTES)]);
  const decipher = createDecipheriv('aes-128-gcm', keys.key, nonce);
  decipher.setAAD(associatedData(header, bytes));
  decipher.setAuthTag(content.subarray(content.length - TAG_BYTES));
  try {
    const sealed = content.subarray(EXPLICIT_NONCE_BYTES, content.length - TAG_BYTES);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    return null;
  }
}

/** Epoch and sequence, type, version and the length in the clear (RFC 5246, 6.2.3.3). */
function associatedData(header: Buffer, bytes: number): Buffer {
  const data = Buffer.alloc(HEADER_BYTES);
  header.copy(data, 0, 3, 11);
  header.copy(data, 8, 0, 3);
  data.writeUInt16BE(bytes, 11);
  return data;
}
