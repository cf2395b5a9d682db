/*
 * What the elements tell the page. Both events bubble and leave the shadow tree, so that one listener on a wall, or on
 * the document, hears every camera; `cameraId` says which.
 */
import type { CameraId, DarkReason, FeedState } from '../src/index.ts';

const way: EventInit = { bubbles: true, composed: true };

/** `sallyport-state`: a camera's state changed. */
export class SallyportStateEvent extends Event {
  readonly cameraId: CameraId;
  readonly state: FeedState;
  constructor(cameraId: CameraId, state: FeedState) {
    super('sallyport-state', way);
    this.cameraId = cameraId;
    this.state = state;
  }
}

/**
 * `sallyport-cut`: a view whose gate was open is over, and its picture is already gone. Comes a second time when the
 * server's word follows what the page saw first; `final` means that it does not come back by itself.
 */
export class SallyportCutEvent extends Event {
  readonly cameraId: CameraId;
  readonly reason: DarkReason;
  readonly next: 'final' | 'retrying';
  constructor(cameraId: CameraId, { reason, next }: FeedState & { name: 'dark' }) {
    super('sallyport-cut', way);
    this.cameraId = cameraId;
    this.reason = reason;
    this.next = next;
  }
}

declare global {
  interface HTMLElementEventMap {
    'sallyport-state': SallyportStateEvent;
    'sallyport-cut': SallyportCutEvent;
  }
}
