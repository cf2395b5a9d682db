/*
 * The public face of @sallyport/client/publisher: what a page needs to send a camera, and nothing of how. Stands alone;
 * a page that only watches does not load it.
 */
export type { TokenAsk } from '../renewal.ts';
export { createViewerKey, openViewerKey, type PublicJwk, type ViewerKey } from '../viewer-key.ts';
export type { CameraId } from '../wire-words.ts';
export { listDevices, type PublishSource } from './devices.ts';
export { PublishFault, PublishingRefused } from './publish-refusal.ts';
export { publishReasonText } from './publish-text.ts';
export { Publisher, PublisherEvent, type PublisherOptions } from './publisher.ts';
export { mayStart, type PublisherState, type PublishReason, type Watched } from './publisher-state.ts';
