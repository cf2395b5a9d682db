/*
 * A new path for a running feed: has the gate decided again, puts the server's new ICE credentials under the same peer
 * connection, and vouches for the picture. Called by a feed when the network changed or frames stay away.
 */
import type { Ice } from './parse-server-message.ts';
import type { PictureGuard } from './picture-guard.ts';
import { SignalRefusal } from './refusal.ts';
import type { SignalChannel } from './signal-channel.ts';

/**
 * Makes the path anew within the same connection: the offer it has, under other credentials (RFC 8839). The browser
 * gathers again, from whatever network it is in now; DTLS and the picture's keys stay.
 */
async function restartPath(pc: RTCPeerConnection, { ufrag, pwd }: Ice): Promise<void> {
  const sdp = (pc.remoteDescription?.sdp ?? '')
    .replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${ufrag}`)
    .replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${pwd}`)
    .replace(/^(o=\S+ \d+) (\d+)/m, (_, origin: string, version: string) => `${origin} ${BigInt(version) + 1n}`);
  await pc.setRemoteDescription({ type: 'offer', sdp });
  await pc.setLocalDescription();
}

export class PathRestart {
  readonly #channel: SignalChannel;
  readonly #sessionId: Ice['sessionId'];
  readonly #pc: RTCPeerConnection;
  readonly #guard: PictureGuard;
  #isRunning = false;

  constructor(channel: SignalChannel, sessionId: Ice['sessionId'], pc: RTCPeerConnection, guard: PictureGuard) {
    this.#channel = channel;
    this.#sessionId = sessionId;
    this.#pc = pc;
    this.#guard = guard;
  }

  /**
   * Runs once at a time and never rejects. `gone` means that the session is over; after any other failure a picture
   * that runs on needs nothing, and one that is held ends by itself.
   */
  async run(): Promise<'done' | 'failed' | 'gone'> {
    if (this.#isRunning) return 'failed';
    this.#isRunning = true;
    try {
      const ice = await this.#channel.restart(this.#sessionId);
      if (this.#guard.isDark) return 'failed';
      await restartPath(this.#pc, ice);
      this.#guard.vouch();
      return 'done';
    } catch (cause) {
      return cause instanceof SignalRefusal && cause.code === 'unknown-session' ? 'gone' : 'failed';
    } finally {
      this.#isRunning = false;
    }
  }
}
