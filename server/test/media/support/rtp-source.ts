/*
 * RTP from a real ffmpeg, put into a feed's sink under the sink's SSRC and payload type: a moving picture, 320x180 at
 * 15 fps with three key frames a second, or a tone.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { FeedSink } from '../../../src/app/ports/feed-sink.ts';

export type RtpSource = {
  packets(): number;
  stop(): Promise<void>;
};

export type H264Source = RtpSource & { readonly widthPx: number; readonly heightPx: number };

const RTCP_TYPES = new Set([200, 201, 202, 203, 204]);

/** Starts the picture; resolves when the first packet has gone into the sink. */
export async function startH264Source(sink: FeedSink): Promise<H264Source> {
  const encode = '-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -g 5 -pix_fmt yuv420p';
  const source = await start(sink, `-re -f lavfi -i testsrc2=size=320x180:rate=15 ${encode} -b:v 300k`);
  return { ...source, widthPx: 320, heightPx: 180 };
}

/** Starts a tone of 440 Hz; as above. */
export function startToneSource(sink: FeedSink, codec: 'OPUS' | 'PCMU'): Promise<RtpSource> {
  const encode = codec === 'OPUS' ? '-ar 48000 -ac 2 -c:a libopus -b:a 32k' : '-ar 8000 -ac 1 -c:a pcm_mulaw';
  return start(sink, `-re -f lavfi -i sine=frequency=440 ${encode}`);
}

async function start(sink: FeedSink, words: string): Promise<RtpSource> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let packets = 0;
  socket.on('message', (packet) => {
    if (packet.length < 12 || RTCP_TYPES.has(packet[1] ?? 0)) return;
    packet[1] = ((packet[1] ?? 0) & 0x80) | sink.payloadType;
    packet.writeUInt32BE(sink.ssrc, 8);
    packets += 1;
    sink.send(packet);
  });
  const target = `rtp://127.0.0.1:${socket.address().port}?pkt_size=1200`;
  const command = `-nostdin -loglevel error ${words} -f rtp ${target}`;
  const ffmpeg = spawn('ffmpeg', command.split(' '), { stdio: 'ignore' });
  await Promise.race([
    once(socket, 'message'),
    once(ffmpeg, 'exit').then(() => Promise.reject(new Error('ffmpeg ended before its first packet'))),
  ]);
  return {
    packets: () => packets,
    stop: async () => {
      if (ffmpeg.exitCode === null && ffmpeg.signalCode === null) {
        const ended = once(ffmpeg, 'exit');
        ffmpeg.kill('SIGKILL');
        await ended;
      }
      socket.close();
    },
  };
}
