/*
 * The page of the publisher element's test: the element as a vendor has it, and a peer connection in place of the
 * server's transport.
 */
import type { SallyportPublishEvent } from '../../elements/publisher.ts';
import '../../elements/publisher.ts';

export class PublisherStage {
  readonly heard: string[] = [];
  readonly sinks: RTCPeerConnection[] = [];

  constructor() {
    document.addEventListener('sallyport-publish', (event) => {
      const { state } = event as SallyportPublishEvent;
      this.heard.push(state.name === 'published' ? `published ${state.watched}` : state.name);
    });
  }

  put(endpoint: string, camera: string): void {
    document.querySelector('video')?.remove();
    const one = document.createElement('sallyport-publisher');
    one.setAttribute('endpoint', endpoint);
    one.setAttribute('camera', camera);
    one.setAttribute('label', 'Shop door');
    document.body.prepend(one);
  }

  allow(): void {
    const one = document.querySelector('sallyport-publisher');
    if (one !== null) one.getPublishToken = async () => 'token';
  }

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
}

declare global {
  interface Window {
    booth: PublisherStage;
  }
}

window.booth = new PublisherStage();
