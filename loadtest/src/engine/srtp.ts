/*
 * SRTP and SRTCP in one direction (RFC 3711, RFC 7714): what a light viewer needs of it. It seals its own RTCP, opens the
 * server's, and opens RTP only where a header does not tell enough. Pure but for its counters.
 */
import { type CipherGCMTypes, createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

/** By their numbers in DTLS `use_srtp`: AES-128-CM with HMAC-SHA1-80, AES-128-GCM, AES-256-GCM. */
export type SrtpProfile = 1 | 7 | 8;
export type SrtpKeys = { readonly key: Buffer; readonly salt: Buffer };

export const SRTP_KEY_BYTES: Readonly<Record<SrtpProfile, { readonly key: number; readonly salt: number }>> = {
  1: { key: 16, salt: 14 },
  7: { key: 16, salt: 12 },
  8: { key: 32, salt: 12 },
};

const TAG_BYTES = { gcm: 16, cm: 10 } as const;
const INDEX_BYTES = 4;
const ENCRYPTED_FLAG = 0x8000_0000;
const LABEL = { rtpKey: 0, rtpAuth: 1, rtpSalt: 2, rtcpKey: 3, rtcpAuth: 4, rtcpSalt: 5 } as const;
const AUTH_KEY_BYTES = 20;
const RTCP_HEADER_BYTES = 8;

type Session = { readonly key: Buffer; readonly salt: Buffer; readonly auth: Buffer };

/** Derives a session key: AES-CM keystream under the master key, the label laid over the salt (RFC 3711, 4.3.1). */
export function deriveKey({ key, salt }: SrtpKeys, label: number, bytes: number): Buffer {
  const iv = Buffer.alloc(16);
  salt.copy(iv);
  iv[7] = iv[7]! ^ label;
  return createCipheriv(`aes-${key.length * 8}-ctr`, key, iv).update(Buffer.alloc(bytes));
}

export class SrtpContext {
  readonly #kind: 'gcm' | 'cm';
  readonly #cipher: string;
  readonly #rtp: Session;
  readonly #rtcp: Session;
  #rtcpIndex = 0;

  constructor(profile: SrtpProfile, keys: SrtpKeys) {
    this.#kind = profile === 1 ? 'cm' : 'gcm';
    this.#cipher = `aes-${keys.key.length * 8}-${this.#kind === 'gcm' ? 'gcm' : 'ctr'}`;
    const { key, salt } = SRTP_KEY_BYTES[profile];
    const derive = (keyLabel: number, authLabel: number, saltLabel: number): Session => ({
      key: deriveKey(keys, keyLabel, key),
      auth: deriveKey(keys, authLabel, AUTH_KEY_BYTES),
      salt: deriveKey(keys, saltLabel, salt),
    });
    this.#rtp = derive(LABEL.rtpKey, LABEL.rtpAuth, LABEL.rtpSalt);
    this.#rtcp = derive(LABEL.rtcpKey, LABEL.rtcpAuth, LABEL.rtcpSalt);
  }

  /** Seals a compound RTCP packet under the next index. */
  sealRtcp(packet: Buffer): Buffer {
    this.#rtcpIndex = (this.#rtcpIndex + 1) & 0x7fff_ffff;
    const index = Buffer.alloc(INDEX_BYTES);
    index.writeUInt32BE((ENCRYPTED_FLAG | this.#rtcpIndex) >>> 0);
    const header = packet.subarray(0, RTCP_HEADER_BYTES);
    const iv = this.#rtcpIv(packet.readUInt32BE(4), this.#rtcpIndex);
    const body = packet.subarray(RTCP_HEADER_BYTES);
    if (this.#kind === 'gcm') {
      const cipher = createCipheriv(this.#cipher as CipherGCMTypes, this.#rtcp.key, iv);
      cipher.setAAD(Buffer.concat([header, index]));
      return Buffer.concat([header, cipher.update(body), cipher.final(), cipher.getAuthTag(), index]);
    }
    const sealed = createCipheriv(this.#cipher, this.#rtcp.key, iv).update(body);
    const covered = Buffer.concat([header, sealed, index]);
    return Buffer.concat([covered, hmacTag(this.#rtcp.auth, covered)]);
  }

  /** Opens a compound RTCP packet; null when it is not sound. */
  openRtcp(packet: Buffer): Buffer | null {
    const overhead = INDEX_BYTES + TAG_BYTES[this.#kind];
    if (packet.length < RTCP_HEADER_BYTES + overhead) return null;
    const header = packet.subarray(0, RTCP_HEADER_BYTES);
    const ssrc = packet.readUInt32BE(4);
    if (this.#kind === 'gcm') {
      const index = packet.subarray(packet.length - INDEX_BYTES);
      const iv = this.#rtcpIv(ssrc, index.readUInt32BE(0) & 0x7fff_ffff);
      const sealed = packet.subarray(RTCP_HEADER_BYTES, packet.length - INDEX_BYTES);
      const body = openGcm(this.#cipher, this.#rtcp.key, iv, Buffer.concat([header, index]), sealed);
      return body && Buffer.concat([header, body]);
    }
    const covered = packet.subarray(0, packet.length - TAG_BYTES.cm);
    if (!isTag(this.#rtcp.auth, covered, packet.subarray(covered.length))) return null;
    const iv = this.#rtcpIv(ssrc, covered.readUInt32BE(covered.length - INDEX_BYTES) & 0x7fff_ffff);
    const sealed = covered.subarray(RTCP_HEADER_BYTES, covered.length - INDEX_BYTES);
    return Buffer.concat([header, createDecipheriv(this.#cipher, this.#rtcp.key, iv).update(sealed)]);
  }

  /** Seals one RTP packet; `rollover` counts how often its sequence wrapped. */
  sealRtp(packet: Buffer, headerBytes: number, rollover: number): Buffer {
    const header = packet.subarray(0, headerBytes);
    const body = packet.subarray(headerBytes);
    const iv = this.#rtpIv(packet, rollover);
    if (this.#kind === 'gcm') {
      const cipher = createCipheriv(this.#cipher as CipherGCMTypes, this.#rtp.key, iv);
      cipher.setAAD(header);
      return Buffer.concat([header, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
    }
    const covered = Buffer.concat([header, createCipheriv(this.#cipher, this.#rtp.key, iv).update(body)]);
    return Buffer.concat([covered, hmacTag(this.#rtp.auth, covered, rolloverBytes(rollover))]);
  }

  /** The payload of one RTP packet; null when it is not sound (or `rollover` is wrong). */
  openRtp(packet: Buffer, headerBytes: number, rollover: number): Buffer | null {
    const tagAt = packet.length - TAG_BYTES[this.#kind];
    if (tagAt < headerBytes) return null;
    const iv = this.#rtpIv(packet, rollover);
    if (this.#kind === 'gcm') {
      const header = packet.subarray(0, headerBytes);
      return openGcm(this.#cipher, this.#rtp.key, iv, header, packet.subarray(headerBytes));
    }
    const covered = packet.subarray(0, tagAt);
    if (!isTag(this.#rtp.auth, covered, packet.subarray(tagAt), rolloverBytes(rollover))) return null;
    return createDecipheriv(this.#cipher, this.#rtp.key, iv).update(covered.subarray(headerBytes));
  }

  /** RFC 7714, 9.1 and RFC 3711, 4.1.1: source and index laid over the salt. */
  #rtcpIv(ssrc: number, index: number): Buffer {
    return this.#kind === 'gcm'
      ? layOver(this.#rtcp.salt, 12, ssrc, 2, index, 8)
      : layOver(this.#rtcp.salt, 16, ssrc, 4, index, 10);
  }

  /** RFC 7714, 8.1: source, rollover and sequence laid over the salt; AES-CM likewise two bytes further. */
  #rtpIv(packet: Buffer, rollover: number): Buffer {
    const shift = this.#kind === 'gcm' ? 0 : 2;
    const iv = layOver(
      this.#rtp.salt,
      this.#kind === 'gcm' ? 12 : 16,
      packet.readUInt32BE(8),
      2 + shift,
      rollover,
      6 + shift,
    );
    iv.writeUInt16BE(iv.readUInt16BE(10 + shift) ^ packet.readUInt16BE(2), 10 + shift);
    return iv;
  }
}

function layOver(
  salt: Buffer,
  bytes: number,
  first: number,
  firstAt: number,
  second: number,
  secondAt: number,
): Buffer {
  const iv = Buffer.alloc(bytes);
  salt.copy(iv);
  iv.writeUInt32BE((iv.readUInt32BE(firstAt) ^ first) >>> 0, firstAt);
  iv.writeUInt32BE((iv.readUInt32BE(secondAt) ^ second) >>> 0, secondAt);
  return iv;
}

function openGcm(cipher: string, key: Buffer, iv: Buffer, covered: Buffer, sealed: Buffer): Buffer | null {
  const tagAt = sealed.length - TAG_BYTES.gcm;
  const decipher = createDecipheriv(cipher as CipherGCMTypes, key, iv);
  decipher.setAAD(covered);
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, tagAt)), decipher.final()]);
  } catch {
    return null;
  }
}

function rolloverBytes(rollover: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(rollover);
  return bytes;
}

function hmacTag(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const mac = createHmac('sha1', key);
  for (const part of parts) mac.update(part);
  return mac.digest().subarray(0, TAG_BYTES.cm);
}

function isTag(key: Buffer, covered: Buffer, tag: Buffer, ...more: readonly Buffer[]): boolean {
  return tag.length === TAG_BYTES.cm && timingSafeEqual(hmacTag(key, covered, ...more), tag);
}
