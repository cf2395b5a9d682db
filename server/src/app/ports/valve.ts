/*
 * The valve: the only way from a camera's feed to a viewer. Fulfilled by media/; used by the gate keeper alone.
 */
import type { CameraId, SessionId } from '@sallyport/protocol/ids';
import type { AudioCodec, FeedSink } from './feed-sink.ts';
import type { StartReceipt } from './store.ts';

/** A camera's feed inside the media server: where its packets go in, and where valves take them out. */
export interface Feed {
  readonly cameraId: CameraId;
  readonly sink: FeedSink;
  /** See OpenAudioSink. */
  openAudio(codec: AudioCodec): Promise<FeedSink | null>;
  /** Takes the sound out again; valves that carry it go on with the picture alone. Never rejects; idempotent. */
  closeAudio(): Promise<void>;
  /** The router or worker behind it is gone; the feed is of no more use. Called once. */
  onDied(listener: () => void): void;
  /** Closes producer and transport; valves of this feed MUST have been closed before. Never rejects; idempotent. */
  close(): Promise<void>;
}

export interface FeedMaker {
  /** `profileLevelId` of H.264 as six hex digits; viewers are always offered 42e01f. */
  openFeed(cameraId: CameraId): Promise<Feed>;
}

export type ValveClosed = {
  /** Wall clock at which the media worker had acknowledged that no packet passes any more. */
  readonly darkAtMs: number;
  /** True when at least one packet had been let through. */
  readonly flowed: boolean;
};

export interface Valve {
  readonly sessionId: SessionId;
  /** The SDP offer for the viewer; of no use when the valve has answered the player's. */
  readonly offer: string;
  /** The answer to the player's own offer; null when the player has to answer ours. */
  readonly playerAnswer: string | null;
  /**
   * Takes the viewer's answer; packets pass from the moment DTLS is connected. A refused answer says what is wrong with
   * it; the valve stays dry and MUST be closed. At most one answer is taken.
   */
  answer(sdp: string): Promise<'connecting' | { readonly refused: string }>;
  /** Makes the ICE session anew (RFC 8445, 2.4) on the same transport; null when it cannot. Does not reject. */
  restartIce(): Promise<IceCredentials | null>;
  /**
   * Stops the picture: MUST NOT reject. Resolves when no packet can leave any more, escalating from consumer to
   * transport to router to worker when something does not answer. Idempotent; every call gets the same outcome.
   */
  close(): Promise<ValveClosed>;
  /** The viewer's transport is gone, or the worker died. Called at most once, never after close(). */
  onLost(listener: (why: 'connection-lost' | 'worker-died') => void): void;
  /** The viewer's transport connected and packets may pass. Called at most once. */
  onFlowing(listener: () => void): void;
}

export type IceCredentials = { readonly ufrag: string; readonly password: string };

export type OfferCheck =
  | { readonly ok: true }
  /** `malformed` is no offer at all; `unusable` is one that cannot be served. */
  | { readonly ok: false; readonly fault: 'malformed' | 'unusable'; readonly refused: string };

export interface OfferChecker {
  /** Whether a player's own offer could be answered; opens nothing and never throws. */
  checkOffer(sdp: string): OfferCheck;
}

export interface ValveMaker {
  /**
   * Opens a valve, still dry until answered. MUST refuse without a receipt made by the store, and carry sound only where
   * that says so. A player's own offer is answered where its payload types can be served; else the valve offers
   * (`playerAnswer` is null).
   */
  openValve(feed: Feed, receipt: StartReceipt, playerOffer?: string | null): Promise<Valve>;
}
