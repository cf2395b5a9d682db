/*
 * The page of the viewer's tests: the real SDK on one side, red sources in place of the server's transports on the
 * other. The test plays the server's control connection and carries the SDP across.
 */
import { type CameraId, type Feed, type FeedState, Viewer, ViewingRefused } from '../../src/index.ts';
import { RedSource } from './red-source.ts';

/** Every peer connection of the page, since the SDK keeps its own to itself. */
const made: RTCPeerConnection[] = [];
const Native = RTCPeerConnection;
window.RTCPeerConnection = class extends Native {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    made.push(this);
  }
};

const ufragOf = (pc: RTCPeerConnection | undefined): string | undefined =>
  /^a=ice-ufrag:(.*)$/m.exec(pc?.localDescription?.sdp ?? '')?.[1];

export class ViewerRig {
  readonly states: FeedState[] = [];
  readonly asked: { readonly cameraId: string; readonly jkt: string }[] = [];
  readonly sources: RedSource[] = [];
  readonly controls: string[] = [];
  tokens: 'given' | 'failing' | 'refused' = 'given';
  viewer: Viewer | null = null;
  feed: Feed | null = null;
  #ufragBefore: string | undefined;

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

  /** Restarts a source's ICE and answers its credentials, as the server's transport would. */
  async restart(at: number): Promise<{ readonly ufrag: string; readonly pwd: string }> {
    this.#ufragBefore = ufragOf(this.#viewing);
    const source = this.sources[at];
    if (source === undefined) throw new Error('no such source');
    return source.restart();
  }

  /** Resolves when the page has made its half of a restart and both are connected by it. */
  async restarted(at: number): Promise<void> {
    const pc = this.#viewing;
    while (ufragOf(pc) === this.#ufragBefore || pc?.signalingState !== 'stable') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // An ICE-lite server needs no answer; this full agent does.
    await this.sources[at]?.accept(pc.localDescription?.sdp ?? '');
    while (this.sources[at]?.pc.iceConnectionState !== 'connected') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  get #viewing(): RTCPeerConnection | undefined {
    return made.filter((pc) => this.sources.every((source) => source.pc !== pc)).at(-1);
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
