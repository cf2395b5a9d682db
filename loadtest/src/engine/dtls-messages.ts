/*
 * The handshake messages of a DTLS 1.2 client with one suite, ECDHE-ECDSA-AES128-GCM-SHA256 on P-256, `use_srtp` and the
 * extended master secret: what browsers and the media server agree on. Pure.
 */
import type { SrtpProfile } from './srtp.ts';

export const MESSAGE = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

export const HANDSHAKE_HEADER_BYTES = 12;
const VERSION = 0xfefd;
const SUITE = 0xc02b;
const GROUP_P256 = 23;
const ECDSA_SHA256 = 0x0403;
const EXTENSION = {
  groups: 10,
  pointFormats: 11,
  signatures: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  renegotiation: 0xff01,
} as const;

/** Why a server's message cannot be used; in words. */
export class DtlsFault extends Error {
  override readonly name = 'DtlsFault';
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u24 = (value: number): Buffer => Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
const extension = (type: number, body: Buffer): Buffer => Buffer.concat([u16(type), u16(body.length), body]);

/** Wraps a body as one unfragmented handshake message. */
export function buildHandshake(type: number, sequence: number, body: Buffer): Buffer {
  const header = [Buffer.from([type]), u24(body.length), u16(sequence), u24(0), u24(body.length)];
  return Buffer.concat([...header, body]);
}

export function buildClientHello(random: Buffer, cookie: Buffer, profiles: readonly SrtpProfile[]): Buffer {
  const srtp = Buffer.concat([u16(profiles.length * 2), ...profiles.map(u16), Buffer.from([0])]);
  const extensions = Buffer.concat([
    extension(EXTENSION.groups, Buffer.concat([u16(2), u16(GROUP_P256)])),
    extension(EXTENSION.pointFormats, Buffer.from([1, 0])),
    extension(EXTENSION.signatures, Buffer.concat([u16(2), u16(ECDSA_SHA256)])),
    extension(EXTENSION.useSrtp, srtp),
    extension(EXTENSION.extendedMasterSecret, Buffer.alloc(0)),
    extension(EXTENSION.renegotiation, Buffer.from([0])),
  ]);
  const suites = Buffer.concat([u16(2), u16(SUITE), Buffer.from([1, 0])]);
  const session = Buffer.from([0, cookie.length]);
  return Buffer.concat([u16(VERSION), random, session, cookie, suites, u16(extensions.length), extensions]);
}

export const buildCertificateBody = (der: Buffer): Buffer => Buffer.concat([u24(der.length + 3), u24(der.length), der]);
export const buildKeyExchangeBody = (point: Buffer): Buffer => Buffer.concat([Buffer.from([point.length]), point]);
export const buildVerifyBody = (signature: Buffer): Buffer =>
  Buffer.concat([u16(ECDSA_SHA256), u16(signature.length), signature]);

/** The cookie of a HelloVerifyRequest. */
export const readCookie = (body: Buffer): Buffer => Buffer.from(body.subarray(3, 3 + body.readUInt8(2)));

export type ServerHello = {
  readonly random: Buffer;
  readonly profile: SrtpProfile;
  readonly extendedMaster: 'agreed' | 'declined';
};

/** Throws DtlsFault for another suite or no SRTP profile, RangeError for a message cut short. */
export function readServerHello(body: Buffer): ServerHello {
  const random = Buffer.from(body.subarray(2, 34));
  let at = 35 + body.readUInt8(34);
  if (body.readUInt16BE(at) !== SUITE) throw new DtlsFault('the server chose another cipher suite');
  at += 3;
  const end = at + 2 + body.readUInt16BE(at);
  let profile = 0;
  let extendedMaster: ServerHello['extendedMaster'] = 'declined';
  for (at += 2; at < end; ) {
    const type = body.readUInt16BE(at);
    const bytes = body.readUInt16BE(at + 2);
    if (type === EXTENSION.useSrtp) profile = body.readUInt16BE(at + 6);
    if (type === EXTENSION.extendedMasterSecret) extendedMaster = 'agreed';
    at += 4 + bytes;
  }
  if (profile !== 1 && profile !== 7 && profile !== 8) throw new DtlsFault('the server agreed to no SRTP profile');
  return { random, profile, extendedMaster };
}

/** The first certificate of the list. */
export const readCertificate = (body: Buffer): Buffer => Buffer.from(body.subarray(6, 6 + body.readUIntBE(3, 3)));

export type KeyExchange = { readonly point: Buffer; readonly signed: Buffer; readonly signature: Buffer };

/** The server's point on P-256, what its signature covers beside the randoms, and the signature. */
export function readKeyExchange(body: Buffer): KeyExchange {
  if (body.readUInt8(0) !== 3 || body.readUInt16BE(1) !== GROUP_P256)
    throw new DtlsFault('the server chose another curve');
  const paramsEnd = 4 + body.readUInt8(3);
  if (body.readUInt16BE(paramsEnd) !== ECDSA_SHA256) throw new DtlsFault('the server signs with another algorithm');
  const signatureAt = paramsEnd + 4;
  return {
    point: Buffer.from(body.subarray(4, paramsEnd)),
    signed: Buffer.from(body.subarray(0, paramsEnd)),
    signature: Buffer.from(body.subarray(signatureAt, signatureAt + body.readUInt16BE(paramsEnd + 2))),
  };
}
