/*
 * A DTLS 1.2 client up to the SRTP keys: hello with cookie, the server's flight checked against the fingerprint of the
 * offer, own certificate, Finished both ways, retransmission. After that only alerts matter: the server's close is the
 * first thing a viewer sees of a cut. Sends through the caller's socket.
 */
import { createECDH, type ECDH, type KeyObject, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import { type Certificate, fingerprintOf } from './certificate.ts';
import * as messages from './dtls-messages.ts';
import { DtlsFault, MESSAGE, type ServerHello } from './dtls-messages.ts';
import { type DtlsRecord, RECORD, RecordWriter, readRecords } from './dtls-record.ts';
import { HandshakeInbox, type HandshakeMessage } from './handshake-inbox.ts';
import type { SrtpKeys, SrtpProfile } from './srtp.ts';
import { exportSrtpKeys, finishedBytes, masterSecret, type RecordKeys, recordKeys } from './tls-keys.ts';

/** Below every path's limit, with room for IP and UDP. */
const DATAGRAM_BYTES = 1_200;
/** First retransmission as Chromium does it on a short path; doubled each time. */
const RETRANSMIT_MS = 50;
const RETRANSMIT_MS_MAX = 4_000;
const RETRANSMITS_MAX = 8;
const CLOSE_NOTIFY = 0;
const FATAL = 2;
/** Server keys seen lately: all viewers of a worker meet the same certificate. */
const PEER_KEYS_MAX = 16;
const peerKeys = new Map<string, KeyObject>();

export type SrtpAgreement = { readonly profile: SrtpProfile; readonly local: SrtpKeys; readonly remote: SrtpKeys };

export type DtlsOptions = {
  readonly certificate: Certificate;
  readonly profiles: readonly SrtpProfile[];
  /** The fingerprint the offer promised. */
  readonly fingerprint: string;
  readonly send: (datagram: Buffer) => void;
  readonly onAgreed: (agreement: SrtpAgreement) => void;
  /** Called once: the handshake failed, or the server closed. */
  readonly onOver: (why: string) => void;
};

export class DtlsClient {
  readonly #options: DtlsOptions;
  readonly #writer = new RecordWriter();
  readonly #inbox = new HandshakeInbox();
  readonly #random = randomBytes(32);
  readonly #ecdh: ECDH = createECDH('prime256v1');
  readonly #point: Buffer;
  #transcript: Buffer[] = [];
  #flight: readonly DtlsRecord[] = [];
  #sequence = 0;
  #retransmits = 0;
  #timer: NodeJS.Timeout | null = null;
  #state: 'hello' | 'finishing' | 'agreed' | 'over' = 'hello';
  #hello: ServerHello | null = null;
  #peer: KeyObject | null = null;
  #serverPoint: Buffer | null = null;
  #master: Buffer | null = null;
  #serverKeys: RecordKeys | null = null;

  constructor(options: DtlsOptions) {
    this.#options = options;
    this.#point = this.#ecdh.generateKeys();
  }

  start(): void {
    this.#sendHello(Buffer.alloc(0));
  }

  /** Takes one datagram whose first byte is 20 to 63. */
  receive(datagram: Buffer): void {
    for (const record of readRecords(datagram, this.#serverKeys)) {
      if (this.#state === 'over') return;
      if (record.type === RECORD.alert) this.#hearAlert(record);
      else if (record.type === RECORD.handshake && this.#state !== 'agreed') this.#hearHandshake(record);
    }
  }

  /** Takes leave as a browser does. Idempotent; `onOver` is not called. */
  close(): void {
    const was = this.#state;
    this.#state = 'over';
    this.#stopTimer();
    if (was !== 'agreed') return;
    this.#options.send(this.#writer.write({ type: RECORD.alert, epoch: 1, body: Buffer.from([1, CLOSE_NOTIFY]) }));
  }

  #sendHello(cookie: Buffer): void {
    this.#transcript = [];
    const body = messages.buildClientHello(this.#random, cookie, this.#options.profiles);
    this.#sendFlight([{ type: RECORD.handshake, epoch: 0, body: this.#add(MESSAGE.clientHello, body) }]);
  }

  /** Numbers a message of ours and puts it on the transcript. */
  #add(type: number, body: Buffer): Buffer {
    const whole = messages.buildHandshake(type, this.#sequence, body);
    this.#sequence += 1;
    this.#transcript.push(whole);
    return whole;
  }

  #sendFlight(flight: readonly DtlsRecord[]): void {
    this.#flight = flight;
    this.#retransmits = 0;
    this.#transmit();
  }

  #transmit(): void {
    let waiting: Buffer[] = [];
    let bytes = 0;
    for (const record of this.#flight.map((one) => this.#writer.write(one))) {
      if (bytes > 0 && bytes + record.length > DATAGRAM_BYTES) {
        this.#options.send(Buffer.concat(waiting));
        waiting = [];
        bytes = 0;
      }
      waiting.push(record);
      bytes += record.length;
    }
    this.#options.send(Buffer.concat(waiting));
    this.#stopTimer();
    const delayMs = Math.min(RETRANSMIT_MS_MAX, RETRANSMIT_MS * 2 ** this.#retransmits);
    this.#timer = setTimeout(() => this.#retransmit(), delayMs);
  }

  #retransmit(): void {
    this.#retransmits += 1;
    if (this.#retransmits > RETRANSMITS_MAX) this.#end('the server stopped answering the DTLS handshake');
    else this.#transmit();
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #end(why: string): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#stopTimer();
    this.#options.onOver(why);
  }

  #hearAlert({ epoch, body }: DtlsRecord): void {
    // After the keys are agreed an alert in the clear could come from anybody.
    if (body.length < 2 || (this.#state === 'agreed' && epoch === 0)) return;
    const [level, description] = [body.readUInt8(0), body.readUInt8(1)];
    if (description === CLOSE_NOTIFY) this.#end('the server closed');
    else if (level === FATAL) this.#end(`the server sent DTLS alert ${description}`);
  }

  #hearHandshake({ body }: DtlsRecord): void {
    try {
      for (const message of this.#inbox.take(body)) this.#hear(message);
    } catch (fault) {
      this.#end(fault instanceof DtlsFault ? fault.message : 'the server sent a malformed handshake message');
    }
  }

  #hear({ type, body, whole }: HandshakeMessage): void {
    // Neither of the first two is on the transcript the client's Finished covers.
    if (type === MESSAGE.helloVerifyRequest) this.#sendHello(messages.readCookie(body));
    else if (type === MESSAGE.finished) this.#finish(body);
    else {
      this.#transcript.push(whole);
      this.#hearFlight(type, body);
    }
  }

  #hearFlight(type: number, body: Buffer): void {
    if (type === MESSAGE.serverHello) this.#hello = messages.readServerHello(body);
    else if (type === MESSAGE.certificate) this.#peer = this.#checkCertificate(messages.readCertificate(body));
    else if (type === MESSAGE.serverKeyExchange) this.#serverPoint = this.#checkKeyExchange(body);
    else if (type === MESSAGE.serverHelloDone) this.#answer();
  }

  #checkCertificate(der: Buffer): KeyObject {
    const fingerprint = fingerprintOf(der);
    if (fingerprint !== this.#options.fingerprint) {
      throw new DtlsFault("the server's certificate is not the one of its offer");
    }
    const known = peerKeys.get(fingerprint);
    if (known) return known;
    const key = new X509Certificate(der).publicKey;
    if (peerKeys.size >= PEER_KEYS_MAX) peerKeys.clear();
    peerKeys.set(fingerprint, key);
    return key;
  }

  #checkKeyExchange(body: Buffer): Buffer {
    const { hello, peer } = this.#soFar();
    const { point, signed, signature } = messages.readKeyExchange(body);
    const covered = Buffer.concat([this.#random, hello.random, signed]);
    if (!verify('sha256', covered, peer, signature))
      throw new DtlsFault("the server's key exchange is not signed by it");
    return point;
  }

  #answer(): void {
    const { hello } = this.#soFar();
    if (!this.#serverPoint) throw new DtlsFault('the server left out its key exchange');
    const randoms = { client: this.#random, server: hello.random };
    const handshake = (type: number, body: Buffer): DtlsRecord => ({
      type: RECORD.handshake,
      epoch: 0,
      body: this.#add(type, body),
    });
    const { der, privateKey } = this.#options.certificate;
    const certificate = handshake(MESSAGE.certificate, messages.buildCertificateBody(der));
    const exchange = handshake(MESSAGE.clientKeyExchange, messages.buildKeyExchangeBody(this.#point));
    const premaster = this.#ecdh.computeSecret(this.#serverPoint);
    const master = masterSecret(premaster, randoms, hello.extendedMaster === 'agreed' ? this.#transcript : null);
    const signature = sign('sha256', Buffer.concat(this.#transcript), privateKey);
    const proof = handshake(MESSAGE.certificateVerify, messages.buildVerifyBody(signature));
    const keys = recordKeys(master, randoms);
    this.#writer.protect(keys.client);
    this.#serverKeys = keys.server;
    this.#master = master;
    const verifyBytes = finishedBytes(master, 'client', this.#transcript);
    const finished = { type: RECORD.handshake, epoch: 1, body: this.#add(MESSAGE.finished, verifyBytes) };
    this.#state = 'finishing';
    const change = { type: RECORD.changeCipher, epoch: 0, body: Buffer.from([1]) };
    this.#sendFlight([certificate, exchange, proof, change, finished]);
  }

  #finish(body: Buffer): void {
    const { hello } = this.#soFar();
    if (!this.#master || this.#state !== 'finishing') throw new DtlsFault('the server finished out of turn');
    if (!finishedBytes(this.#master, 'server', this.#transcript).equals(body)) {
      throw new DtlsFault("the server's Finished does not match the handshake");
    }
    this.#state = 'agreed';
    this.#stopTimer();
    const randoms = { client: this.#random, server: hello.random };
    const { client, server } = exportSrtpKeys(this.#master, randoms, hello.profile);
    this.#options.onAgreed({ profile: hello.profile, local: client, remote: server });
  }

  #soFar(): { readonly hello: ServerHello; readonly peer: KeyObject } {
    if (!this.#hello || !this.#peer) throw new DtlsFault('the server sent its messages out of order');
    return { hello: this.#hello, peer: this.#peer };
  }
}
