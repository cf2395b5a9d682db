/*
 * A publisher without a media server: sends when the test says so, and only while a tap is open.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import type { PublisherConnection, PublisherTap, TapOutlet } from '../../src/app/ports/publisher.ts';
import type { IceCredentials } from '../../src/app/ports/valve.ts';

/** The media worker answers in a later turn of the loop. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

class FakeTap implements PublisherTap {
  readonly payloadType = 102;
  readonly soundPayloadType: number | null;
  asked = 0;
  state: 'open' | 'closed' = 'open';

  constructor(soundPayloadType: number | null) {
    this.soundPayloadType = soundPayloadType;
  }

  requestKeyFrame(): void {
    this.asked += 1;
  }

  async close(): Promise<void> {
    this.state = 'closed';
  }
}

/** A publisher that sends when the test says so. */
export class FakePublisher implements PublisherConnection {
  readonly cameraId: CameraId;
  readonly answer = 'v=0';
  sound: 'OPUS' | null = null;
  readonly taps: FakeTap[] = [];
  state: 'open' | 'closed' = 'open';
  connected: () => void = () => {};
  lost: (why: 'connection-lost' | 'worker-died') => void = () => {};
  #outlet: TapOutlet = { picture: () => {}, sound: null };

  constructor(cameraId: CameraId) {
    this.cameraId = cameraId;
  }

  async openTap(outlet: TapOutlet): Promise<FakeTap> {
    await nextTurn();
    if (this.state === 'closed') throw new Error('the publisher is gone');
    const tap = new FakeTap(this.sound === null || outlet.sound === null ? null : 111);
    this.taps.push(tap);
    this.#outlet = outlet;
    return tap;
  }

  /** What the worker would hand on: nothing without an open tap. */
  send(packet: Uint8Array, track: 'picture' | 'sound' = 'picture'): void {
    if (this.state === 'open' && this.taps.at(-1)?.state === 'open') this.#outlet[track]?.(packet);
  }

  async restartIce(): Promise<IceCredentials | null> {
    return this.state === 'closed' ? null : { ufrag: 'newufrag', password: 'new-password-of-22-chars' };
  }

  onConnected(listener: () => void): void {
    this.connected = listener;
  }

  onLost(listener: (why: 'connection-lost' | 'worker-died') => void): void {
    this.lost = listener;
  }

  async close(): Promise<void> {
    this.state = 'closed';
  }
}
