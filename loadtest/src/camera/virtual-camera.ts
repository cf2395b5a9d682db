/*
 * One virtual camera: a clock that says which picture is due, and the pulls that get it. Every pull has its own sequence,
 * time and SSRC, as of a real camera. Sending to a pull costs one write a picture.
 */
import { randomInt } from 'node:crypto';
import type { EncodedLoop } from './encoded-loop.ts';

export const PAYLOAD_TYPE = 96;
const RTP_HEADER_BYTES = 12;
/** `$`, channel and length in front of every packet (RFC 2326, 10.12). */
const FRAMING_BYTES = 4;
const CLOCK_RATE = 90_000;
/** A pull that lags so far behind loses pictures, as of a camera whose send buffer is full. */
const UNSENT_BYTES_MAX = 4_000_000;
const REPORT_FRAMES = 75;
const NTP_OFFSET_S = 2_208_988_800;

export type CameraBehaviour = {
  readonly fps: number;
  /** Share of packets that never leave, 0 to 1. */
  readonly loss: number;
  /** Where a first pull begins: at a key picture, as most cameras see to, or wherever the encoder is. */
  readonly start: 'key-picture' | 'mid-group';
};

export interface PullSocket {
  readonly writableLength: number;
  write(bytes: Buffer): unknown;
}

export class Pull {
  readonly #socket: PullSocket;
  readonly #channel: number;
  readonly #ssrc = randomInt(1, 0xffff_ffff);
  // Never 0: media servers count a wrap before the first packet.
  #sequence = randomInt(1, 0x4000);
  readonly #timestampBase = randomInt(0, 0xffff_ffff);
  #packets = 0;
  #bytes = 0;

  constructor(socket: PullSocket, channel: number) {
    this.#socket = socket;
    this.#channel = channel;
  }

  get ssrc(): number {
    return this.#ssrc;
  }

  /** Sends a picture; `ticks` is its time on the camera's own line. `drops` says which packets stay behind. */
  send(payloads: readonly Buffer[], ticks: number, drops: () => boolean): void {
    if (this.#socket.writableLength > UNSENT_BYTES_MAX) return;
    const kept: Buffer[] = [];
    payloads.forEach((payload, at) => {
      const sequence = this.#sequence;
      this.#sequence = (sequence + 1) & 0xffff;
      if (drops()) return;
      const packet = Buffer.allocUnsafe(FRAMING_BYTES + RTP_HEADER_BYTES + payload.length);
      this.#frame(packet, this.#channel);
      packet[4] = 0x80;
      packet[5] = PAYLOAD_TYPE | (at === payloads.length - 1 ? 0x80 : 0);
      packet.writeUInt16BE(sequence, 6);
      packet.writeUInt32BE((this.#timestampBase + ticks) >>> 0, 8);
      packet.writeUInt32BE(this.#ssrc, 12);
      payload.copy(packet, FRAMING_BYTES + RTP_HEADER_BYTES);
      kept.push(packet);
      this.#packets += 1;
      this.#bytes += payload.length;
    });
    if (kept.length > 0) this.#socket.write(kept.length === 1 ? kept[0]! : Buffer.concat(kept));
  }

  /** A sender report (RFC 3550, 6.4.1) that ties the camera's time line to the wall clock. */
  report(ticks: number, wallMs: number): void {
    const packet = Buffer.alloc(FRAMING_BYTES + 28);
    this.#frame(packet, this.#channel + 1);
    packet.writeUInt32BE(0x80c8_0006, 4);
    packet.writeUInt32BE(this.#ssrc, 8);
    const seconds = Math.floor(wallMs / 1_000);
    packet.writeUInt32BE((seconds + NTP_OFFSET_S) >>> 0, 12);
    packet.writeUInt32BE(Math.floor((wallMs / 1_000 - seconds) * 2 ** 32) >>> 0, 16);
    packet.writeUInt32BE((this.#timestampBase + ticks) >>> 0, 20);
    packet.writeUInt32BE(this.#packets >>> 0, 24);
    packet.writeUInt32BE(this.#bytes >>> 0, 28);
    this.#socket.write(packet);
  }

  #frame(packet: Buffer, channel: number): void {
    packet[0] = 0x24;
    packet[1] = channel;
    packet.writeUInt16BE(packet.length - FRAMING_BYTES, 2);
  }
}

export class VirtualCamera {
  readonly loop: EncodedLoop;
  /** When each picture of the loop was last sent, on the wall clock; what is burnt in is its index. */
  readonly sentAtMs: number[];
  readonly #behaviour: CameraBehaviour;
  readonly #pulls = new Set<Pull>();
  readonly #chance: () => number;
  #frame = 0;
  /** Counts pictures without end; gives the time line. */
  #ticked = 0;
  #dueAtMs = 0;
  #bootsUntilMs = 0;
  #packetsLost = 0;

  /** `chance` gives 0 to 1, for the loss. */
  constructor(loop: EncodedLoop, behaviour: CameraBehaviour, chance: () => number) {
    this.loop = loop;
    this.#behaviour = behaviour;
    this.#chance = chance;
    this.sentAtMs = new Array<number>(loop.frames.length).fill(0);
  }

  get pulls(): number {
    return this.#pulls.size;
  }

  /** Packets that were held back on purpose. */
  get packetsLost(): number {
    return this.#packetsLost;
  }

  /** True while it is booting: it answers nobody. */
  isDown(nowMs: number): boolean {
    return nowMs < this.#bootsUntilMs;
  }

  /** As a power cut: no pulls from now on, and nothing answers until it has booted. */
  reboot(nowMs: number, bootMs: number): void {
    this.#pulls.clear();
    this.#bootsUntilMs = nowMs + bootMs;
  }

  begin(pull: Pull, nowMs: number): void {
    if (this.#pulls.size === 0) {
      this.#dueAtMs = nowMs;
      if (this.#behaviour.start === 'key-picture') this.#frame = this.#nextKey();
    }
    this.#pulls.add(pull);
  }

  end(pull: Pull): void {
    this.#pulls.delete(pull);
  }

  /** Sends what is due; answers when the next picture is, or null while nobody pulls. */
  tick(nowMs: number, wallMs: number): number | null {
    if (this.#pulls.size === 0) return null;
    const { fps, loss } = this.#behaviour;
    const drops = (): boolean => {
      const isDropped = loss > 0 && this.#chance() < loss;
      if (isDropped) this.#packetsLost += 1;
      return isDropped;
    };
    while (this.#dueAtMs <= nowMs) {
      const ticks = Math.round((this.#ticked * CLOCK_RATE) / fps);
      const { payloads } = this.loop.frames[this.#frame]!;
      for (const pull of this.#pulls) {
        if (this.#ticked % REPORT_FRAMES === 0) pull.report(ticks, wallMs);
        pull.send(payloads, ticks, drops);
      }
      this.sentAtMs[this.#frame] = wallMs;
      this.#frame = (this.#frame + 1) % this.loop.frames.length;
      this.#ticked += 1;
      this.#dueAtMs += 1_000 / fps;
    }
    return this.#dueAtMs;
  }

  #nextKey(): number {
    const { frames } = this.loop;
    for (let at = 0; at < frames.length; at += 1) {
      const index = (this.#frame + at) % frames.length;
      if (frames[index]?.isKey) return index;
    }
    return 0;
  }
}
