/*
 * A player without a browser: werift's own ICE, DTLS, SRTP and RTP in Node, by WHEP with a bearer token. What it received
 * is judged by a decoder that nobody here wrote either: ffmpeg's.
 */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { H264RtpPayload, RTCPeerConnection, type RtpPacket, useH264, useOPUS, usePCMU } from 'werift';
import { ask } from '../whep-player.ts';

export type DecodedSize = { readonly widthPx: number; readonly heightPx: number; readonly frames: number };

const SOUND_PACKETS = 5;
const loopbackOnly = {
  iceServers: [],
  bundlePolicy: 'max-bundle' as const,
  iceAdditionalHostAddresses: ['127.0.0.1'],
  iceUseIpv6: false,
};

const NAL_SPS = 7;

/**
 * What a player received, in the order of its sequence: a late viewer gets the group of pictures that is running again
 * while it goes on, and packets change places on any network. A hole, as a busy machine makes it, is made good by the
 * next key picture. There are fewer than 2^15 packets in a test.
 */
class Received {
  readonly #packets = new Map<number, RtpPacket>();
  readonly #waiters = new Set<() => void>();
  #first: number | null = null;

  take(packet: RtpPacket): void {
    const { sequenceNumber } = packet.header;
    this.#first ??= sequenceNumber;
    const ahead = ((sequenceNumber - this.#first) << 16) >> 16;
    this.#packets.set(ahead, packet);
    for (const look of [...this.#waiters]) look();
  }

  /** A byte stream of H.264 without a hole, once one has so many whole pictures that came after it was asked for. */
  async after(pictures: number): Promise<Buffer> {
    const asked = Math.max(-(2 ** 15), ...this.#packets.keys());
    const find = () => this.#runs().find((run) => countPictures(run.filter(([at]) => at > asked)) >= pictures);
    while (find() === undefined) await this.#untilNext();
    const run = (find() ?? []).map(([, packet]) => packet);
    return toByteStream(run.slice(0, run.findLastIndex(({ header }) => header.marker) + 1));
  }

  /** Packets without a hole between them, each run from a key picture on. */
  #runs(): readonly (readonly (readonly [number, RtpPacket])[])[] {
    const starts = [...this.#packets].filter(([, packet]) => startsKeyPicture(packet)).map(([at]) => at);
    return starts.map((start) => {
      const run: [number, RtpPacket][] = [];
      for (let at = start; ; at += 1) {
        const packet = this.#packets.get(at);
        if (!packet) return run;
        run.push([at, packet]);
      }
    });
  }

  #untilNext(): Promise<void> {
    return new Promise((resolve) => {
      const next = () => {
        this.#waiters.delete(next);
        resolve();
      };
      this.#waiters.add(next);
    });
  }
}

function startsKeyPicture({ payload }: RtpPacket): boolean {
  const { nalUnitType, aggregatedNalUnitTypes } = H264RtpPayload.deSerialize(payload);
  return nalUnitType === NAL_SPS || aggregatedNalUnitTypes.includes(NAL_SPS);
}

const countPictures = (run: readonly (readonly [number, RtpPacket])[]): number =>
  run.filter(([, { header }]) => header.marker).length;

function toByteStream(run: readonly RtpPacket[]): Buffer {
  const parts: Buffer[] = [];
  let fragment: Buffer | undefined;
  for (const { payload } of run) {
    const read = H264RtpPayload.deSerialize(payload, fragment);
    fragment = read.fragment;
    if (read.payload) parts.push(read.payload);
  }
  return Buffer.concat(parts);
}

async function decode(stream: Buffer): Promise<DecodedSize> {
  const wanted = '-count_frames -show_entries stream=width,height,nb_read_frames -of json';
  const args = `-v error -f h264 ${wanted} -i -`.split(' ');
  const probe = spawn('ffprobe', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let told = '';
  let complaint = '';
  probe.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  probe.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  probe.stdin.end(stream);
  await once(probe, 'close');
  const row = JSON.parse(told).streams?.[0];
  if (complaint !== '' || row === undefined) throw new Error(`ffprobe could not decode: ${complaint}`);
  return { widthPx: row.width, heightPx: row.height, frames: Number(row.nb_read_frames) };
}

export type WeriftPlayer = {
  /** Waits for so many more pictures and decodes everything received since the start. */
  look(frames: number): Promise<DecodedSize>;
  /** Resolves when packets of sound have come. */
  hear(): Promise<void>;
  stop(): Promise<void>;
};

/** Begins to play; rejects when WHEP does not answer 201. */
export async function playByWerift(whepUrl: string, bearer: string): Promise<WeriftPlayer> {
  const codecs = { audio: [useOPUS(), usePCMU()], video: [useH264()] };
  const connection = new RTCPeerConnection({ codecs, ...loopbackOnly });
  const received = new Received();
  const sound = new EventEmitter();
  connection.onTrack.subscribe((track) =>
    track.onReceiveRtp.subscribe((packet) => {
      if (track.kind === 'video') received.take(packet);
      else sound.emit('packet');
    }),
  );
  for (const kind of ['video', 'audio'] as const) connection.addTransceiver(kind, { direction: 'recvonly' });
  await connection.setLocalDescription(await connection.createOffer());
  const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${bearer}` };
  const reply = await ask(whepUrl, 'POST', { headers, body: connection.localDescription?.sdp ?? '' });
  if (reply.status !== 201) throw new Error(`WHEP answered ${reply.status}: ${reply.text}`);
  await connection.setRemoteDescription({ type: 'answer', sdp: reply.text });
  return {
    hear: async () => {
      for (let packets = 0; packets < SOUND_PACKETS; packets += 1) await once(sound, 'packet');
    },
    look: async (frames) => decode(await received.after(frames)),
    stop: async () => {
      await ask(new URL(reply.headers.get('location') ?? '', whepUrl).href, 'DELETE');
      await connection.close();
    },
  };
}
