/*
 * The page of the picture guard's tests: one red source, one guarded picture, and what the guard said.
 */
import { openFeedConnection } from '../../src/feed-connection.ts';
import { type GuardTimes, PictureGuard } from '../../src/picture-guard.ts';
import { RedSource } from './red-source.ts';

export class GuardRig {
  readonly said: string[] = [];
  source = new RedSource();
  guard: PictureGuard | null = null;
  track: MediaStreamTrack | null = null;
  sound: MediaStreamTrack | null = null;
  pc: RTCPeerConnection | null = null;
  #wake: () => void = () => {};

  get video(): HTMLVideoElement {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no video element');
    return video;
  }

  /** Joins and resolves once the first frame was presented. */
  async show(times: Partial<GuardTimes>, what?: 'picture-and-sound'): Promise<void> {
    const answerSdp = await this.join(times, what);
    const presented = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await this.source.accept(answerSdp);
    await presented;
  }

  /** Joins, but the source never hears the answer. */
  async join(times: Partial<GuardTimes>, what?: 'picture-and-sound'): Promise<string> {
    this.source = new RedSource();
    const { pc, receiver, sound, answerSdp } = await openFeedConnection(await this.source.offer(what), []);
    this.pc = pc;
    this.track = receiver.track;
    this.sound = sound;
    const onPresented = () => {
      this.said.push('presented');
      this.#wake();
    };
    const onDark = (why: string) => this.said.push(why);
    // Said again every few seconds; once is enough here.
    const onHeld = (why: string) => {
      if (this.said.at(-1) !== `held ${why}`) this.said.push(`held ${why}`);
    };
    const onShown = () => this.said.push('shown');
    const told = { onPresented, onDark, onHeld, onShown };
    this.guard = new PictureGuard({ video: this.video, pc, receiver, sound, times, ...told });
    return answerSdp;
  }

  /** Resolves after so many further frames on the screen. */
  async frames(count: number): Promise<void> {
    for (let seen = 0; seen < count; seen += 1) {
      await new Promise((resolve) => this.video.requestVideoFrameCallback(resolve));
    }
  }

  /** Resolves after so many further frames were decoded, on the screen or not. */
  async decodes(count: number): Promise<void> {
    const decoded = async () => {
      const report = await this.pc?.getReceivers()[0]?.getStats();
      return [...(report?.values() ?? [])].find(({ type }) => type === 'inbound-rtp')?.framesDecoded ?? 0;
    };
    const from = await decoded();
    while ((await decoded()) < from + count) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** What a browser could still show by itself. */
  look(): { readonly hasSource: boolean; readonly visibility: string; readonly track: string; readonly pc: string } {
    return {
      hasSource: this.video.srcObject !== null,
      visibility: getComputedStyle(this.video).visibility,
      track: this.track?.readyState ?? 'none',
      pc: this.pc?.connectionState ?? 'none',
    };
  }
}

declare global {
  interface Window {
    rig: GuardRig;
  }
}

window.rig = new GuardRig();
