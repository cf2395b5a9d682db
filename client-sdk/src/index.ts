/*
 * The public face of @sallyport/client: what a page needs to watch cameras, and nothing of how.
 */
export { Feed } from './feed.ts';
export { FeedStateEvent } from './feed-state-event.ts';
export { type GuardTimes, guardTimesDefault } from './picture-guard.ts';
export { reasonText } from './reason-text.ts';
export { ViewingRefused } from './refusal.ts';
export type { TokenAsk } from './renewal.ts';
export { ControlEvent, Viewer, type ViewerOptions, type WatchOptions } from './viewer.ts';
export { createViewerKey, openViewerKey, type PublicJwk, type ViewerKey } from './viewer-key.ts';
export type { DarkNext, DarkReason, FeedState } from './viewer-state.ts';
export type { CameraId, SessionId } from './wire-words.ts';
