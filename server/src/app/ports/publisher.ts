/*
 * Who feeds a published camera, as the use cases and the sources see it: one connection inside the media server, and the
 * tap through which its packets leave it while somebody watches. Connections are fulfilled by media/, who lives by app/.
 */
import type { CameraId } from '@sallyport/protocol/ids';
import type { PublisherEndReason } from '@sallyport/protocol/reasons';
import type { IceCredentials, OfferCheck } from './valve.ts';

/** Where a tap leads. Neither MUST throw. */
export type TapOutlet = {
  readonly picture: (packet: Uint8Array) => void;
  /** Null where nobody may hear: the sound stays shut in the worker. */
  readonly sound: ((packet: Uint8Array) => void) | null;
};

/** An open way from a publisher's connection to the source that passes its packets on. */
export interface PublisherTap {
  /** Of the RTP packets that come out. */
  readonly payloadType: number;
  /** Null when no sound comes out. */
  readonly soundPayloadType: number | null;
  /** Asks the publisher for a key frame; at most one request in 350 ms leaves. MUST NOT throw. */
  requestKeyFrame(): void;
  /**
   * Shuts: nothing comes out after the call, and when it resolves the worker throws away what arrives, or the whole
   * connection is gone. MUST NOT reject; idempotent.
   */
  close(): Promise<void>;
}

export interface PublisherConnection {
  readonly cameraId: CameraId;
  /** The SDP answer for the publisher. */
  readonly answer: string;
  /** What its sound is in; null when it sends none. */
  readonly sound: 'OPUS' | null;
  /**
   * Lets packets out, in the order they arrived, until the tap is closed; before and after the worker throws them away.
   * At most one tap is open at a time. Rejects when the connection is gone.
   */
  openTap(outlet: TapOutlet): Promise<PublisherTap>;
  /** Makes the ICE session anew on the same transport; null when it cannot. Does not reject. */
  restartIce(): Promise<IceCredentials | null>;
  /** The transport connected and packets may arrive. Called at most once. */
  onConnected(listener: () => void): void;
  /** The transport is gone, or the worker died. Called at most once, never after close(). */
  onLost(listener: (why: 'connection-lost' | 'worker-died') => void): void;
  /** Ends it; the publisher hears of it by DTLS. MUST NOT reject; idempotent. */
  close(): Promise<void>;
}

export interface PublisherMaker {
  /** Whether a publisher's offer could be taken; opens nothing and never throws. */
  checkPublisherOffer(sdp: string): OfferCheck;
  /** Opens a connection that takes nothing yet. Rejects when it cannot, and leaves nothing behind then. */
  openPublisher(cameraId: CameraId, offer: string): Promise<PublisherConnection>;
}

/** Who feeds which camera now, for the sources of published cameras. */
export interface LivePublishers {
  find(cameraId: CameraId): PublisherConnection | null;
  /** Calls `listener` after each change of what `find` answers. Answers the way to stop listening. */
  onChange(cameraId: CameraId, listener: () => void): () => void;
  /** Says that somebody watches this camera, until what it answers is called; the publisher is told both. */
  want(cameraId: CameraId): () => void;
  /** Ends the camera's connection, if there is one. MUST NOT reject. */
  cut(cameraId: CameraId, reason: PublisherEndReason): Promise<void>;
}
