/*
 * One RTCPeerConnection for one feed: takes the server's offer, makes the answer, hands out the receiver
 * of the picture, and the sound. The server
 * is ICE-lite and has its candidates in the offer, so nothing is gathered or trickled. Called by a feed for each join.
 */

import { PageRefusal } from './refusal.ts';

export type FeedConnection = {
  readonly pc: RTCPeerConnection;
  readonly receiver: RTCRtpReceiver;
  /** Null when the feed has no sound for this viewer. */
  readonly sound: MediaStreamTrack | null;
  readonly answerSdp: string;
};

/**
 * Throws PageRefusal where this browser can show no camera at all, so that it says so before it asks for permission:
 * Firefox without its OpenH264 plugin has no decoder, and would wait for a picture for ever.
 */
export function requireDecoder(): void {
  if (globalThis.RTCPeerConnection === undefined) throw new PageRefusal('unsupported');
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  if (!codecs.some(({ mimeType }) => /^video\/h264$/i.test(mimeType))) throw new PageRefusal('no-decoder');
}

/**
 * Opens a connection for an offer and builds the answer. Throws when the browser refuses the offer, or when there is
 * no video in it; then nothing stays open.
 */
export async function openFeedConnection(
  offerSdp: string,
  iceServers: readonly { readonly urls: string[] }[],
): Promise<FeedConnection> {
  const pc = new RTCPeerConnection({ iceServers: [...iceServers], bundlePolicy: 'max-bundle' });
  try {
    await pc.setRemoteDescription({ type: 'offer', sdp: offerSdp });
    const find = (kind: string) => pc.getReceivers().find(({ track }) => track.kind === kind);
    const receiver = find('video');
    if (receiver === undefined) throw new TypeError('the offer holds no video');
    await pc.setLocalDescription();
    const answerSdp = pc.localDescription?.sdp;
    if (answerSdp === undefined) throw new TypeError('the browser made no answer');
    return { pc, receiver, sound: find('audio')?.track ?? null, answerSdp };
  } catch (cause) {
    pc.close();
    throw cause;
  }
}
