/*
 * The page of the elements' tests: the elements as a vendor has them, red sources in place of the server's transports,
 * and what the page heard.
 */
import type { SallyportCutEvent, SallyportStateEvent } from '../../elements/index.ts';
import '../../elements/index.ts';
import { RedSource } from './red-source.ts';

export class ElementsRig {
  readonly heard: string[] = [];
  readonly sources: RedSource[] = [];
  asked = 0;
  readonly getToken = async (): Promise<string> => {
    this.asked += 1;
    return `token-${this.asked}`;
  };

  constructor() {
    // One listener for all: the events leave the shadow trees.
    document.addEventListener('sallyport-state', (event) => {
      const { cameraId, state } = event as SallyportStateEvent;
      this.heard.push(`${cameraId.at(-1)} ${state.name}`);
    });
    document.addEventListener('sallyport-cut', (event) => {
      const { cameraId, reason, next } = event as SallyportCutEvent;
      this.heard.push(`${cameraId.at(-1)} cut ${reason} ${next}`);
    });
  }

  async offer(what?: 'picture-and-sound'): Promise<string> {
    const source = new RedSource();
    this.sources.push(source);
    return source.offer(what);
  }

  async accept(at: number, sdp: string): Promise<void> {
    await this.sources[at]?.accept(sdp);
  }

  /** Puts an element on the page as its parser would, before it is defined: its properties are plain ones then. */
  putEarly(markup: string): void {
    const parsed = new DOMParser().parseFromString(markup, 'text/html').body.firstElementChild;
    if (parsed === null) throw new Error('no element');
    Object.assign(parsed, { getToken: this.getToken, names: { [`cam_${'a'.repeat(26)}`]: 'Shop door' } });
    document.querySelector('video')?.remove();
    document.body.prepend(parsed);
  }
}

declare global {
  interface Window {
    stage: ElementsRig;
  }
}

window.stage = new ElementsRig();
