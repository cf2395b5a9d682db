/*
 * The media half of a virtual viewer: one UDP socket, ICE as the controlling side, DTLS, and RTP read by its headers. It
 * says back what a browser would: receiver reports, NACK, PLI and transport-wide feedback. Payloads are opened only where
 * the header does not tell enough, in retransmissions.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { Distribution } from '../distribution.ts';
import type { Certificate } from './certificate.ts';
import { DtlsClient, type SrtpAgreement } from './dtls-client.ts';
import { Reception } from './reception.ts';
import { buildNack, buildPli, buildReceiverReport, readSenderReport } from './rtcp.ts';
import { emptyHeader, type RtpHeader, readRtpHeader } from './rtp-header.ts';
import type { Offer } from './session-description.ts';
import { SrtpContext, type SrtpProfile } from './srtp.ts';
import { buildBindingRequest, readBindingAnswer } from './stun.ts';
import { TransportFeedback } from './transport-feedback.ts';

/** AES-256-GCM, AES-128-GCM, AES-128-CM: a browser's list, in its order. */
const PROFILES: readonly SrtpProfile[] = [8, 7, 1];
const CHECK_MS = 100;
const CONNECT_WITHIN_MS = 10_000;
/** RFC 7675: consent to send is asked for again and again. */
const CONSENT_MS = 5_000;
const FEEDBACK_MS = 100;
const REPORT_EVERY = 10;
const PLI_MS = 1_000;
/** A starved process must find its packets late rather than lost; what the kernel still drops is counted apart. */
const RECEIVE_BUFFER_BYTES = 1_048_576;
/** The SSRC the media server probes bandwidth with. */
const PROBATION_SSRC = 1_234;

export type LinkTimes = { startedAtMs: number; iceAtMs: number; dtlsAtMs: number };

export type LinkOptions = {
  readonly offer: Offer;
  readonly certificate: Certificate;
  /** Where latencies are added. */
  readonly latencyMs: Distribution;
  /** Whether the network loses this datagram on its way to us. */
  readonly drops: () => boolean;
  /** Called once when the link is over and not by our own close. */
  readonly onOver: (why: string) => void;
  readonly onFirstPacket: () => void;
  readonly onFirstFrame: () => void;
};

const header: RtpHeader = emptyHeader();

export class MediaLink {
  readonly reception: Reception;
  readonly times: LinkTimes = { startedAtMs: 0, iceAtMs: 0, dtlsAtMs: 0 };
  /** Any RTP at all, repairs and probes too; on `performance.now()`. */
  lastRtpAtMs = 0;
  repairs = 0;
  otherPackets = 0;
  nacksSent = 0;
  plisSent = 0;
  readonly localFragment = randomBytes(6).toString('hex');
  readonly localPassword = randomBytes(16).toString('hex');
  readonly #options: LinkOptions;
  readonly #offer: Offer;
  readonly #dtls: DtlsClient;
  readonly #tieBreaker = randomBytes(8);
  readonly #ssrc = randomInt(1, 0xffff_ffff);
  readonly #feedback = new TransportFeedback();
  #socket: Socket | null = null;
  #port = 0;
  #tx: SrtpContext | null = null;
  #rx: SrtpContext | null = null;
  #checks: NodeJS.Timeout | null = null;
  #reports: NodeJS.Timeout | null = null;
  #ticks = 0;
  #pliAtMs = Number.NEGATIVE_INFINITY;
  #senderReport = { middle: 0, atMs: 0 };
  #repair = { sequence: -1, rollover: 0 };
  #state: 'new' | 'open' | 'quiet' | 'closed' = 'new';

  constructor(options: LinkOptions) {
    this.#options = options;
    this.reception = new Reception(options.latencyMs);
    this.#offer = options.offer;
    this.#dtls = new DtlsClient({
      certificate: options.certificate,
      profiles: PROFILES,
      fingerprint: options.offer.fingerprint,
      send: (datagram) => this.#send(datagram),
      onAgreed: (agreement) => this.#agree(agreement),
      onOver: (why) => this.#end(why),
    });
  }

  /** The socket's port, by which the kernel counts its drops; 0 while there is none. */
  get localPort(): number {
    return this.#port;
  }

  /** Binds and begins; `onOver` tells when that leads nowhere. */
  open(): void {
    const socket = createSocket({
      type: this.#offer.address.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
    this.#socket = socket;
    this.#state = 'open';
    this.times.startedAtMs = performance.now();
    socket.on('message', (datagram) => this.#receive(datagram));
    // A closed port at the other end comes back as an error of the next send; the checks run out by themselves.
    socket.on('error', () => {});
    socket.connect(this.#offer.port, this.#offer.address, () => {
      this.#port = socket.address().port;
      this.#check();
      this.#checks = setInterval(() => this.#check(), CHECK_MS);
    });
  }

  /** Says nothing more but still counts what comes: after a cut nothing may. */
  quieten(): void {
    if (this.#state !== 'open') return;
    this.#state = 'quiet';
    this.#stopTimers();
  }

  /** Takes leave and closes the socket. Idempotent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#dtls.close();
    this.#state = 'closed';
    this.#stopTimers();
    const socket = this.#socket;
    this.#socket = null;
    // The alert is still on its way through the event loop.
    if (socket) setImmediate(() => socket.close());
  }

  #stopTimers(): void {
    if (this.#checks) clearInterval(this.#checks);
    if (this.#reports) clearInterval(this.#reports);
  }

  #end(why: string): void {
    if (this.#state !== 'open') return;
    this.quieten();
    this.#options.onOver(why);
  }

  #send(datagram: Buffer): void {
    this.#socket?.send(datagram);
  }

  #check(): void {
    const isConnected = this.times.dtlsAtMs > 0;
    if (!isConnected && performance.now() - this.times.startedAtMs > CONNECT_WITHIN_MS) {
      this.#end(this.times.iceAtMs > 0 ? 'DTLS was not connected in time' : 'ICE was not connected in time');
      return;
    }
    if (this.times.iceAtMs > 0 && !isConnected) return;
    const transaction = randomBytes(12);
    const username = `${this.#offer.fragment}:${this.localFragment}`;
    this.#send(
      buildBindingRequest({ username, password: this.#offer.password, tieBreaker: this.#tieBreaker, transaction }),
    );
  }

  #receive(datagram: Buffer): void {
    if (this.#options.drops()) return;
    const first = datagram[0] ?? 255;
    if (first >= 128 && first < 192) {
      const type = datagram[1]! & 0x7f;
      if (type >= 64 && type < 96) this.#hearRtcp(datagram);
      else this.#hearRtp(datagram);
    } else if (first >= 20 && first < 64) this.#dtls.receive(datagram);
    else if (first < 4) this.#hearStun(datagram);
  }

  #hearStun(datagram: Buffer): void {
    if (this.times.iceAtMs > 0 || readBindingAnswer(datagram, this.#offer.password) !== 'success') return;
    this.times.iceAtMs = performance.now();
    this.#dtls.start();
  }

  #agree({ profile, local, remote }: SrtpAgreement): void {
    this.times.dtlsAtMs = performance.now();
    this.#tx = new SrtpContext(profile, local);
    this.#rx = new SrtpContext(profile, remote);
    if (this.#checks) clearInterval(this.#checks);
    this.#checks = setInterval(() => this.#check(), CONSENT_MS);
    this.#reports = setInterval(() => this.#tick(), FEEDBACK_MS);
  }

  #hearRtcp(datagram: Buffer): void {
    if ((datagram[1]! & 0xff) !== 200) return;
    const opened = this.#rx?.openRtcp(datagram);
    const middle = opened ? readSenderReport(opened) : null;
    if (middle !== null) this.#senderReport = { middle, atMs: performance.now() };
  }

  #hearRtp(datagram: Buffer): void {
    if (!readRtpHeader(datagram, this.#offer.extensions, header)) return;
    const nowMs = performance.now();
    this.lastRtpAtMs = nowMs;
    if (header.transportSequence >= 0) this.#feedback.note(header.transportSequence, nowMs);
    if (header.ssrc === this.#offer.ssrc) this.#hearVideo(datagram, nowMs);
    else if (header.ssrc === this.#offer.repairSsrc) this.#hearRepair(datagram);
    else if (header.ssrc !== PROBATION_SSRC) this.otherPackets += 1;
  }

  #hearVideo(datagram: Buffer, nowMs: number): void {
    const { reception } = this;
    const [isFirstPacket, isFirstFrame] = [reception.firstPacketAtMs === 0, reception.firstFrameAtMs === 0];
    reception.take(header, datagram.length, nowMs, performance.timeOrigin);
    if (isFirstPacket && reception.firstPacketAtMs > 0) this.#options.onFirstPacket();
    if (isFirstFrame && reception.firstFrameAtMs > 0) this.#options.onFirstFrame();
    if (reception.missing.size > 0) this.#askAgain(nowMs);
  }

  /** A retransmission's payload begins with the number of the packet it repairs (RFC 4588, 4). */
  #hearRepair(datagram: Buffer): void {
    const { sequence, headerBytes } = header;
    if (this.#repair.sequence >= 0 && this.#repair.sequence - sequence > 0x8000) this.#repair.rollover += 1;
    this.#repair.sequence = sequence;
    const payload = this.#rx?.openRtp(datagram, headerBytes, this.#repair.rollover);
    if (!payload || payload.length < 2) return;
    this.repairs += 1;
    this.reception.mend(payload.readUInt16BE(0));
  }

  #askAgain(nowMs: number): void {
    const { ask, lost } = this.reception.missing.due(nowMs);
    if (ask.length > 0) {
      this.nacksSent += 1;
      this.#sendRtcp(buildNack(this.#ssrc, this.#offer.ssrc, ask));
    }
    if (!lost || nowMs - this.#pliAtMs < PLI_MS) return;
    this.#pliAtMs = nowMs;
    this.plisSent += 1;
    this.#sendRtcp(buildPli(this.#ssrc, this.#offer.ssrc));
  }

  #tick(): void {
    const nowMs = performance.now();
    if (this.reception.missing.size > 0) this.#askAgain(nowMs);
    const feedback = this.#feedback.take(this.#ssrc, this.#offer.ssrc);
    if (feedback) this.#sendRtcp(feedback);
    this.#ticks += 1;
    if (this.#ticks % REPORT_EVERY === 0 && this.reception.packets > 0) this.#report(nowMs);
  }

  #report(nowMs: number): void {
    const { reception } = this;
    this.#sendRtcp(
      buildReceiverReport({
        sender: this.#ssrc,
        media: this.#offer.ssrc,
        fractionLost: reception.takeFractionLost(),
        lost: reception.lost,
        highestSequence: reception.highestSequence,
        jitterTicks: reception.jitterTicks,
        lastSenderReport: this.#senderReport.middle,
        sinceSenderReportMs: nowMs - this.#senderReport.atMs,
      }),
    );
  }

  #sendRtcp(packet: Buffer): void {
    if (this.#tx && this.#state === 'open') this.#send(this.#tx.sealRtcp(packet));
  }
}
