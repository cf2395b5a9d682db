/*
 * A publishing page in real Chromium with its fake camera, driven from the test: makes the offer, takes the answer, counts
 * what it sends. Written against the browser alone, without the SDK.
 */
import type { Page } from 'playwright-core';

/** A fake camera that asks nobody. */
export const fakeCameraFlags = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

export type Sending = {
  readonly packetsSent: number;
  readonly framesEncoded: number;
  readonly keyFramesEncoded: number;
  /** The layers that are being sent, by their width. */
  readonly widths: readonly number[];
  readonly dtls: string;
};

export type PublishWish = { readonly audio?: boolean; readonly simulcast?: boolean };

/** Opens the camera and offers what it sends; `peer` names the connection. Only H.264 is left in the offer. */
export const offerCamera = (page: Page, peer: string, { audio = false, simulcast = false }: PublishWish = {}) =>
  page.evaluate(
    async ([name, withAudio, withLayers]) => {
      globalThis.peers ??= new Map();
      const size = { width: 1280, height: 720, frameRate: 20 };
      const stream = await navigator.mediaDevices.getUserMedia({ video: size, audio: withAudio });
      const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
      globalThis.peers.set(name, connection);
      for (const track of stream.getAudioTracks()) connection.addTransceiver(track, { direction: 'sendonly' });
      for (const track of stream.getVideoTracks()) {
        const layers = [
          { rid: 'h', scaleResolutionDownBy: 1 },
          { rid: 'm', scaleResolutionDownBy: 2 },
          { rid: 'l', scaleResolutionDownBy: 4 },
        ];
        connection.addTransceiver(track, {
          direction: 'sendonly',
          ...(withLayers ? { sendEncodings: layers } : {}),
        });
      }
      await connection.setLocalDescription();
      return connection.localDescription?.sdp ?? '';
    },
    [peer, audio, simulcast] as const,
  );

export const takeAnswer = (page: Page, peer: string, sdp: string): Promise<void> =>
  page.evaluate(
    async ([name, answer]) => globalThis.peers.get(name)?.setRemoteDescription({ type: 'answer', sdp: answer }),
    [peer, sdp] as const,
  );

export const countSent = (page: Page, peer: string): Promise<Sending> =>
  page.evaluate(async (name) => {
    const connection = globalThis.peers.get(name);
    const sending = { packetsSent: 0, framesEncoded: 0, keyFramesEncoded: 0, widths: [] as number[], dtls: 'none' };
    if (!connection) return sending;
    sending.dtls = connection.getSenders()[0]?.transport?.state ?? 'none';
    for (const row of (await connection.getStats()).values()) {
      if (row.type !== 'outbound-rtp' || row.kind !== 'video') continue;
      sending.packetsSent += row.packetsSent;
      sending.framesEncoded += row.framesEncoded;
      sending.keyFramesEncoded += row.keyFramesEncoded;
      if (row.framesPerSecond > 0) sending.widths.push(row.frameWidth);
    }
    return sending;
  }, peer);

/** Waits until the page's transport is in that state; rejects after 30 s. */
export async function untilDtls(page: Page, peer: string, state: string): Promise<void> {
  await page.waitForFunction(
    ([name, wanted]) => globalThis.peers.get(name)?.getSenders()[0]?.transport?.state === wanted,
    [peer, state] as const,
  );
}

/** The page lets go without a word, as one that crashed. */
export const closePeer = (page: Page, peer: string): Promise<void> =>
  page.evaluate((name) => globalThis.peers.get(name)?.close(), peer);
