/*
 * One RTCPeerConnection for one feed: takes the server's offer, makes the answer, hands out the receiver. The server
 * is ICE-lite and has its candidates in the offer, so nothing is gathered or trickled. Called by a feed for each join.
 */

export type FeedConnection = {
  readonly pc: RTCPeerConnection;
  readonly receiver: RTCRtpReceiver;
  readonly answerSdp: string;
};

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
    const video = pc.getTransceivers().find((transceiver) => transceiver.receiver.track.kind === 'video');
    if (video === undefined) throw new TypeError('the offer holds no video');
    await pc.setLocalDescription();
    const answerSdp = pc.localDescription?.sdp;
    if (answerSdp === undefined) throw new TypeError('the browser made no answer');
    return { pc, receiver: video.receiver, answerSdp };
  } catch (cause) {
    pc.close();
    throw cause;
  }
}
