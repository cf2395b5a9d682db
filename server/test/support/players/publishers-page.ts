/*
 * The page of the table's publishers: a device whose camera shows the clock that the simulated cameras draw, and the SDK's
 * Publisher on it. Plain WHIP is driven on the same device from the test, by page-publisher.ts.
 */
import { Publisher } from '../../../../client-sdk/src/publisher/index.ts';
import type { CameraId } from '../../../../client-sdk/src/wire-words.ts';

declare global {
  interface Window {
    device: Device;
    givePublishToken(cameraId: string, jkt: string): Promise<string>;
  }
}

const CLOCK_BITS = 40;
const CLOCK_ROWS_PX = 16;
const FPS = 15;

class Device {
  readonly #publishers = new Map<string, Publisher>();
  readonly #canvas = document.createElement('canvas');

  constructor() {
    document.body.append(this.#canvas);
    setInterval(() => this.#draw(), 1_000 / FPS);
    navigator.mediaDevices.getUserMedia = async () => this.#canvas.captureStream(FPS);
  }

  /** What the camera sends from now on; the width a multiple of 40. */
  resize(widthPx: number, heightPx: number): void {
    Object.assign(this.#canvas, { width: widthPx, height: heightPx });
    this.#draw();
  }

  /** Publishes with the SDK; resolves when the server has taken it. */
  async publish(url: string, cameraId: CameraId): Promise<void> {
    const getPublishToken = (ask: { cameraId: CameraId; jkt: string }) =>
      window.givePublishToken(ask.cameraId, ask.jkt);
    const publisher = new Publisher({ url, cameraId, getPublishToken });
    this.#publishers.set(cameraId, publisher);
    await new Promise<void>((resolve, reject) => {
      publisher.addEventListener('state', () => {
        if (publisher.state.name === 'published') resolve();
        if (publisher.state.name === 'off') reject(new Error(JSON.stringify(publisher.state)));
      });
      publisher.start();
    });
  }

  stop(cameraId: CameraId): void {
    this.#publishers.get(cameraId)?.stop();
  }

  #draw(): void {
    const context = this.#canvas.getContext('2d');
    if (!context) throw new Error('no canvas to draw on');
    const { width, height } = this.#canvas;
    context.fillStyle = `hsl(${Math.floor(performance.now() / 20) % 360} 60% 50%)`;
    context.fillRect(0, CLOCK_ROWS_PX, width, height);
    const bits = (Date.now() % 2 ** CLOCK_BITS).toString(2).padStart(CLOCK_BITS, '0');
    const blockPx = width / CLOCK_BITS;
    for (const [at, bit] of [...bits].entries()) {
      context.fillStyle = bit === '1' ? 'white' : 'black';
      context.fillRect(at * blockPx, 0, blockPx, CLOCK_ROWS_PX);
    }
  }
}

window.device = new Device();
