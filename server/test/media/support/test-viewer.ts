/*
 * A viewer in a real browser that does nothing but answer an offer and count: a bare RTCPeerConnection, without the
 * client package, so that the server is tested against the browser and not against ourselves.
 */
import type { Page } from 'playwright-core';

export type ViewerState = {
  readonly framesDecoded: number;
  readonly packetsReceived: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dtls: string;
  /** RTP packets of sound, and the energy heard (as getStats counts it). */
  readonly audioPackets: number;
  readonly audioEnergy: number;
  /** The negotiated SRTP suite, as the browser names it; empty before. */
  readonly srtpCipher: string;
};

export type TestViewer = {
  /** Takes the offer in a new RTCPeerConnection; answers its SDP answer. */
  answer(offer: string, options?: { readonly decline?: 'audio' }): Promise<string>;
  state(): Promise<ViewerState>;
  /** Closes the connection as a viewer does who leaves. */
  leave(): Promise<void>;
};

declare global {
  var viewers: RTCPeerConnection[] | undefined;
}

/** Makes a viewer in `page`; several fit in one page. */
export async function makeViewer(page: Page): Promise<TestViewer> {
  const index = await page.evaluate(() => {
    globalThis.viewers ??= [];
    globalThis.viewers.push(new RTCPeerConnection({ bundlePolicy: 'max-bundle' }));
    return globalThis.viewers.length - 1;
  });
  return {
    answer: (offer, { decline = null }: { readonly decline?: 'audio' | null } = {}) =>
      page.evaluate(
        async ([sdp, at, declined]) => {
          const connection = globalThis.viewers?.[at];
          if (!connection) throw new Error('no such viewer');
          connection.ontrack = ({ track }) => {
            const video = document.createElement('video');
            // Only what plays aloud is counted as heard.
            video.muted = track.kind === 'video';
            video.srcObject = new MediaStream([track]);
            document.body.append(video);
            void video.play();
          };
          await connection.setRemoteDescription({ type: 'offer', sdp });
          for (const one of connection.getTransceivers()) {
            if (one.receiver.track.kind === declined) one.direction = 'inactive';
          }
          await connection.setLocalDescription();
          return connection.localDescription?.sdp ?? '';
        },
        [offer, index, decline] as const,
      ),
    state: () =>
      page.evaluate(async (at) => {
        const connection = globalThis.viewers?.[at];
        const receiver = connection?.getReceivers()[0];
        const all = [...((await connection?.getStats()) ?? new Map()).values()];
        const inbound = all.find((stat) => stat.type === 'inbound-rtp' && stat.kind === 'video') ?? {};
        const sound = all.find((stat) => stat.type === 'inbound-rtp' && stat.kind === 'audio') ?? {};
        const transport = all.find((stat) => stat.type === 'transport') ?? {};
        return {
          framesDecoded: inbound.framesDecoded ?? 0,
          packetsReceived: inbound.packetsReceived ?? 0,
          widthPx: inbound.frameWidth ?? 0,
          heightPx: inbound.frameHeight ?? 0,
          audioPackets: sound.packetsReceived ?? 0,
          audioEnergy: sound.totalAudioEnergy ?? 0,
          dtls: receiver?.transport?.state ?? 'none',
          srtpCipher: transport.srtpCipher ?? '',
        };
      }, index),
    leave: () => page.evaluate((at) => globalThis.viewers?.[at]?.close(), index),
  };
}
