/*
 * The page of the publisher's tests: the real SDK on one side, and on the other a peer connection in place of the
 * server's transport. The test plays the server's HTTP and carries the SDP across.
 */
import {
  type CameraId,
  Publisher,
  type PublisherEvent,
  type PublisherOptions,
  type PublisherState,
  PublishingRefused,
} from '../../src/publisher/index.ts';

export class PublisherRig {
  readonly states: PublisherState[] = [];
  readonly asked: { readonly cameraId: string; readonly jkt: string }[] = [];
  tokens: 'given' | 'failing' | 'refused' = 'given';
  publisher: Publisher | null = null;
  readonly sinks: RTCPeerConnection[] = [];

  publish(url: string, cameraId: CameraId, options: Pick<PublisherOptions, 'audio' | 'simulcast'> = {}): void {
    const preview = document.querySelector('video');
    this.publisher = new Publisher({ url, cameraId, getPublishToken: (ask) => this.#token(ask), preview, ...options });
    this.publisher.addEventListener('state', (event) => this.states.push((event as PublisherEvent).state));
    this.publisher.start();
  }

  /** Takes an offer as the server's transport would, all candidates in the answer. */
  async take(offer: string): Promise<string> {
    const pc = new RTCPeerConnection();
    this.sinks.push(pc);
    await pc.setRemoteDescription({ type: 'offer', sdp: offer });
    await pc.setLocalDescription();
    while (pc.iceGatheringState !== 'complete') {
      await new Promise((resolve) => pc.addEventListener('icegatheringstatechange', resolve, { once: true }));
    }
    return pc.localDescription?.sdp ?? '';
  }

  /** Frames of the picture that have arrived at a sink. */
  async arrived(at: number): Promise<number> {
    const report = await this.sinks[at]?.getStats();
    const rows = [...(report?.values() ?? [])].filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    return rows[0]?.framesDecoded ?? 0;
  }

  /** Resolves when so many more frames have arrived. */
  async arrives(at: number, frames: number): Promise<void> {
    const from = await this.arrived(at);
    while ((await this.arrived(at)) < from + frames) await new Promise((resolve) => setTimeout(resolve, 30));
  }

  /** Resolves when nothing has arrived for a while. */
  async rests(at: number): Promise<void> {
    for (let before = -1; ; ) {
      const now = await this.arrived(at);
      if (now === before) return;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
  }

  tracks(): readonly string[] {
    return (
      this.publisher?.stream?.getTracks().map(({ kind, readyState, enabled }) => `${kind} ${readyState} ${enabled}`) ??
      []
    );
  }

  async #token(ask: { readonly cameraId: string; readonly jkt: string }): Promise<string> {
    this.asked.push(ask);
    if (this.tokens === 'refused') throw new PublishingRefused('signed out');
    if (this.tokens === 'failing') throw new Error('503');
    return `token-${this.asked.length}`;
  }
}

declare global {
  interface Window {
    desk: PublisherRig;
  }
}

window.desk = new PublisherRig();
