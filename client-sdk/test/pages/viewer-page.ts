/*
 * The page of the viewer's tests: the real SDK on one side, red sources in place of the server's transports on the
 * other. The test plays the server's control connection and carries the SDP across.
 */
import { type CameraId, type Feed, type FeedState, Viewer, ViewingRefused } from '../../src/index.ts';
import { RedSource } from './red-source.ts';

export class ViewerRig {
  readonly states: FeedState[] = [];
  readonly asked: { readonly cameraId: string; readonly jkt: string }[] = [];
  readonly sources: RedSource[] = [];
  readonly controls: string[] = [];
  tokens: 'given' | 'failing' | 'refused' = 'given';
  viewer: Viewer | null = null;
  feed: Feed | null = null;

  watch(url: string, cameraId: CameraId): void {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no video element');
    this.viewer = new Viewer({ url, getToken: (ask) => this.#token(ask), guardTimes: { controlGraceMs: 200 } });
    this.viewer.addEventListener('control', (event) => {
      if ('control' in event) this.controls.push(String(event.control));
    });
    this.feed = this.viewer.watch(cameraId, video, { onState: (state) => this.states.push(state) });
  }

  async offer(): Promise<string> {
    const source = new RedSource();
    this.sources.push(source);
    return source.offer();
  }

  async accept(at: number, sdp: string): Promise<void> {
    await this.sources[at]?.accept(sdp);
  }

  async #token(ask: { readonly cameraId: string; readonly jkt: string }): Promise<string> {
    this.asked.push(ask);
    if (this.tokens === 'refused') throw new ViewingRefused('signed out');
    if (this.tokens === 'failing') throw new Error('503');
    return `token-${this.asked.length}`;
  }
}

declare global {
  interface Window {
    wall: ViewerRig;
  }
}

window.wall = new ViewerRig();
