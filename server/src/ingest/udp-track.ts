/*
 * One track of a camera over UDP: a pair of ports, packets from the camera's own address alone and in their order,
 * receiver reports for the camera to go on sending. Opened by the client for one SETUP, and closed with it.
 * Anybody on the network can send to a port: what is not from an address the URL guard has passed is dropped unread.
 */
import type { RemoteInfo, Socket } from 'node:dgram';
import type { Clock, MonotonicMs, Timer } from '../app/ports/clock.ts';
import type { Randomness } from '../app/ports/randomness.ts';
import { canonicalAddress } from './camera-networks.ts';
import { IngestFault } from './ingest-fault.ts';
import { limits } from './limits.ts';
import { buildKeyFrameRequest, buildReport, Reception } from './reception-report.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import { parseRtpPacket, type RtpPacket } from './rtp-packet.ts';
import type { TransportHeader } from './rtsp-message.ts';
import { bindSocketPair, type PortRange, type SocketPair } from './udp-sockets.ts';

/** Where the packets of one track go. Neither may throw. */
export type TrackOutlet = {
  readonly onRtp: (packet: Uint8Array) => void;
  readonly onRtcp: (packet: Uint8Array) => void;
};
export type TrackKind = { readonly kind: 'picture' | 'sound'; readonly clockRateHz: number };
/** Whether the URL guard lets packets go to this address and port. */
export type MayReach = (address: string, port: number) => Promise<boolean>;
export type UdpPeer = {
  /** The camera's address, as the RTSP connection has it. */
  readonly address: string;
  /** Our own end of that connection. */
  readonly localAddress: string;
};
export type UdpSurroundings = {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly udpPorts: PortRange;
};
/** Who speaks: a second camera, or one that began anew, is believed only when this one has fallen silent. */
type Voice = {
  readonly ssrc: number;
  readonly address: string;
  readonly port: number;
  readonly reception: Reception;
  heardAtMs: MonotonicMs;
};
type Destination = { readonly address: string; readonly rtpPort: number; readonly rtcpPort: number };

/** An empty packet of no payload type a camera knows: it only opens the way through a NAT, or a firewall of ours. */
const OPENING = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** RTCP that came to the RTP port (RFC 5761, 4). */
const isRtcp = (packet: RtpPacket): boolean => packet.payloadType >= 64 && packet.payloadType <= 95;

export class UdpTrack {
  readonly #sockets: SocketPair;
  readonly #clock: Clock;
  readonly #clockRateHz: number;
  readonly #onRtcp: (packet: Uint8Array) => void;
  readonly #ssrc: number;
  readonly #cname: string;
  readonly #order: ReorderBuffer;
  readonly #trusted = new Set<string>();
  #voice: Voice | null = null;
  #destination: Destination | null = null;
  #reports: Timer | null = null;
  #askedAtMs: number | null = null;
  #bytesIn = 0;
  #life: 'open' | 'closed' = 'open';

  private constructor(
    sockets: SocketPair,
    { kind, clockRateHz }: TrackKind,
    { clock, randomness }: UdpSurroundings,
    { onRtp, onRtcp }: TrackOutlet,
  ) {
    this.#sockets = sockets;
    this.#clock = clock;
    this.#clockRateHz = clockRateHz;
    this.#onRtcp = onRtcp;
    this.#ssrc = Buffer.from(randomness.bytes(4)).readUInt32BE();
    // RFC 7022, 4.2: a name for this one session, that tells nothing about who we are.
    this.#cname = Buffer.from(randomness.bytes(12)).toString('base64');
    this.#order = new ReorderBuffer(clock, { packet: onRtp, hole: () => kind === 'picture' && this.#askForKeyFrame() });
    sockets.rtp.on('message', (packet, from) => this.#takeRtp(packet, from));
    sockets.rtcp.on('message', (packet, from) => this.#takeRtcp(packet, from));
    // A packet of ours that was refused: whether the camera is still there shows in what it sends.
    for (const socket of [sockets.rtp, sockets.rtcp]) socket.on('error', () => {});
  }

  /**
   * Binds a pair of ports for a track. Its packets come in order, and none before `accept`.
   * Throws `no-udp-port`.
   */
  static async open(
    peer: UdpPeer,
    track: TrackKind,
    surroundings: UdpSurroundings,
    outlet: TrackOutlet,
  ): Promise<UdpTrack> {
    const { udpPorts, randomness } = surroundings;
    const sockets = await bindSocketPair(peer.localAddress, udpPorts, randomness);
    if (sockets === null) {
      const ports = `${udpPorts.from}-${udpPorts.to}`;
      throw new IngestFault('no-udp-port', `No pair of UDP ports is free in ${ports} (SALLYPORT_CAMERA_UDP_PORTS).`);
    }
    return new UdpTrack(sockets, track, surroundings, outlet);
  }

  /** The Transport header to ask with. */
  offer(profile: string): string {
    const { port } = this.#sockets.rtp.address();
    return `${profile};unicast;client_port=${port}-${port + 1}`;
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  /**
   * Takes the camera's answer to the offer: from here on its packets are taken, and its ports are written to. Packets
   * may come from the address of the connection, or from the one the answer names where the guard passes that too.
   * Throws `not-allowed` when the ports it names may not be reached.
   */
  async accept({ source, serverPorts }: TransportHeader, peer: UdpPeer, mayReach: MayReach): Promise<void> {
    const own = canonicalAddress(peer.address) ?? peer.address;
    const named = source === null ? null : canonicalAddress(source);
    // A camera that names no ports is written to at those it sends from.
    const reach = (address: string) => reachesAll(mayReach, address, serverPorts ?? [0]);
    const isNamedUsable = named !== null && named !== own && (await reach(named));
    if (!(await reach(own)) && !isNamedUsable)
      throw new IngestFault('not-allowed', 'The camera wants its reports at a port that may not be reached.');
    this.#trusted.add(own);
    if (isNamedUsable) this.#trusted.add(named);
    if (serverPorts !== null) {
      const [rtpPort, rtcpPort] = serverPorts;
      this.#destination = { address: isNamedUsable ? named : own, rtpPort, rtcpPort };
      this.#send(this.#sockets.rtp, OPENING, this.#destination.address, rtpPort);
      this.#report();
    }
    this.#plan();
  }

  /** Nothing comes after the call. Idempotent. */
  close(): void {
    if (this.#life === 'closed') return;
    this.#life = 'closed';
    this.#reports?.cancel();
    this.#order.stop();
    for (const socket of [this.#sockets.rtp, this.#sockets.rtcp]) socket.close();
  }

  #takeRtp(bytes: Uint8Array, from: RemoteInfo): void {
    const address = this.#trustedAddress(from);
    const packet = address === null ? null : parseRtpPacket(bytes);
    if (address === null || packet === null || isRtcp(packet)) return;
    const voice = this.#recognise(packet, address, from.port);
    if (voice === null) return;
    this.#bytesIn += bytes.length;
    voice.heardAtMs = this.#clock.monotonicMs();
    voice.reception.see(packet, voice.heardAtMs);
    this.#order.push(bytes, packet.sequence);
  }

  #takeRtcp(bytes: Uint8Array, from: RemoteInfo): void {
    if (this.#trustedAddress(from) === null) return;
    this.#bytesIn += bytes.length;
    this.#voice?.reception.hear(bytes, this.#clock.monotonicMs());
    this.#onRtcp(bytes);
  }

  /** The sender's address when its packets are taken. */
  #trustedAddress(from: RemoteInfo): string | null {
    const address = this.#life === 'open' ? canonicalAddress(from.address) : null;
    return address !== null && this.#trusted.has(address) ? address : null;
  }

  #recognise(packet: RtpPacket, address: string, port: number): Voice | null {
    const voice = this.#voice;
    const isSame = voice !== null && voice.ssrc === packet.ssrc && voice.address === address && voice.port === port;
    if (isSame) return voice;
    const nowMs = this.#clock.monotonicMs();
    if (voice !== null && nowMs - voice.heardAtMs < limits.voiceSilentMs) return null;
    this.#order.flush();
    const reception = new Reception(packet.ssrc, packet.sequence, this.#clockRateHz);
    this.#voice = { ssrc: packet.ssrc, address, port, reception, heardAtMs: nowMs };
    this.#destination ??= { address, rtpPort: port, rtcpPort: port + 1 };
    return this.#voice;
  }

  #report(): void {
    const block = this.#voice?.reception.block(this.#clock.monotonicMs()) ?? null;
    this.#sendRtcp(buildReport(this.#ssrc, this.#cname, block));
  }

  #plan(): void {
    this.#reports = this.#clock.after(limits.reportEveryMs, () => {
      this.#report();
      this.#plan();
    });
  }

  /** What follows a hole refers to pictures nobody has: a camera that listens mends that with its next picture. */
  #askForKeyFrame(): void {
    const voice = this.#voice;
    const nowMs = this.#clock.monotonicMs();
    if (voice === null || (this.#askedAtMs !== null && nowMs - this.#askedAtMs < limits.keyFrameAskEveryMs)) return;
    this.#askedAtMs = nowMs;
    const report = buildReport(this.#ssrc, this.#cname, voice.reception.block(nowMs));
    this.#sendRtcp(Buffer.concat([report, buildKeyFrameRequest(this.#ssrc, voice.ssrc)]));
  }

  #sendRtcp(packet: Buffer): void {
    const to = this.#destination;
    if (to !== null) this.#send(this.#sockets.rtcp, packet, to.address, to.rtcpPort);
  }

  #send(socket: Socket, packet: Buffer, address: string, port: number): void {
    // The callback takes the failure, which the socket would otherwise throw; the camera is missed elsewhere.
    if (this.#life === 'open') socket.send(packet, port, address, () => {});
  }
}

async function reachesAll(mayReach: MayReach, address: string, ports: readonly number[]): Promise<boolean> {
  for (const port of ports) if (!(await mayReach(address, port))) return false;
  return true;
}
