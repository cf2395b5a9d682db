/*
 * UDP sockets bound to one address, alone or as the pair of an even port and the one above it that RTP and RTCP use
 * (RFC 3550, 11). Used by cameras' tracks over UDP and by the transcoder, which looks for a pair for ffmpeg.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Randomness } from '../app/ports/randomness.ts';
import { limits } from './limits.ts';

/** Both ends belong to it. */
export type PortRange = { readonly from: number; readonly to: number };
export type SocketPair = { readonly rtp: Socket; readonly rtcp: Socket };

/** Binds one socket; port 0 takes any. Rejects when the port is taken; nothing is left open then. */
export async function bindSocket(address: string, port: number): Promise<Socket> {
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, recvBufferSize: limits.udpReceiveBytes });
  socket.bind(port, address);
  try {
    await once(socket, 'listening');
  } catch (failure) {
    socket.close();
    throw failure;
  }
  return socket;
}

/** Binds a free pair of the range, beginning anywhere in it; null when there is none, or none among those tried. */
export async function bindSocketPair(
  address: string,
  { from, to }: PortRange,
  randomness: Randomness,
): Promise<SocketPair | null> {
  const first = from + (from % 2);
  const pairs = Math.max(0, Math.floor((to - first + 1) / 2));
  const start = Buffer.from(randomness.bytes(4)).readUInt32BE();
  for (let tries = 0; tries < Math.min(pairs, limits.portTriesMax); tries += 1) {
    const port = first + 2 * ((start + tries) % pairs);
    const rtp = await bindSocket(address, port).catch(() => null);
    if (rtp === null) continue;
    const rtcp = await bindSocket(address, port + 1).catch(() => null);
    if (rtcp !== null) return { rtp, rtcp };
    rtp.close();
  }
  return null;
}
